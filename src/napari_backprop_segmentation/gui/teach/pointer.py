"""What a click would take: the object under the mouse, and the larger and smaller ones around that pixel."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.teaching.pointed import Place

if TYPE_CHECKING:
    from napari_backprop_segmentation.pipeline.finder import Finder

STEP = 1.1  # times: what differs by less looks the same


@dataclass(frozen=True, eq=False)
class Pointer:
    """A pixel and one of the nodes around it.

    Attributes
    ----------
    place : tuple of int
    nodes : (n,) int64
        Around the pixel, from the smallest; none on the background.
    sizes : (n,) int64
        Pixels of each.
    index : int
        Which of them a click would take.
    chosen : bool
        Whether the user has chosen it; else it is the likeliest.
    """

    place: Place
    nodes: NDArray[np.int64]
    sizes: NDArray[np.int64]
    index: int = 0
    chosen: bool = False

    @property
    def node(self) -> int | None:
        """What a click would take."""
        return int(self.nodes[self.index]) if len(self.nodes) else None

    @property
    def size(self) -> int | None:
        """Pixels of it, where the user has chosen it."""
        return int(self.sizes[self.index]) if self.chosen and len(self.sizes) else None

    def larger(self) -> "Pointer":
        """Return this with the next larger object, if there is one."""
        if not len(self.nodes):
            return self
        return self._to(np.flatnonzero(self.sizes > STEP * self.sizes[self.index]))

    def smaller(self) -> "Pointer":
        """Return this with the next smaller object, if there is one."""
        if not len(self.nodes):
            return self
        lower = np.flatnonzero(self.sizes * STEP < self.sizes[self.index])
        return self._to(np.flatnonzero(self.sizes == self.sizes[lower[-1]]) if len(lower) else lower)

    def _to(self, found: NDArray[np.intp]) -> "Pointer":
        return replace(self, index=int(found[0]), chosen=True) if len(found) else self


def point_at(finder: "Finder", place: Place, before: Pointer | None = None) -> Pointer:
    """Return what is at a pixel: still the node that the user has chosen before, if it holds the pixel as well."""
    nodes = finder.around(place)
    sizes = finder.sizes(nodes)
    if not len(nodes):
        return Pointer(place, nodes, sizes)
    if before is not None and before.chosen and before.node in nodes:
        same = int(np.flatnonzero(nodes == before.node)[0])
        if sizes.tolist().index(sizes[same]) == same:  # else a record of its size would mean another one
            return Pointer(place, nodes, sizes, same, True)
    return Pointer(place, nodes, sizes, int(np.flatnonzero(nodes == finder.node(place))[0]))

"""Where the regions of an image part: pixel faces between them, in memory or window by window."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, parting
from napari_backprop_segmentation.hierarchy.tree import PAINTED_SIDE
from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.label_file import LabelFile


@dataclass(frozen=True)
class BorderFaces:
    """The pixel faces along one axis at which regions part.

    Attributes
    ----------
    pixels : (k,) int64
        Those before the faces, as an index into the flat image; no pixel occurs twice.
    step : int
        From there to the pixel behind the face.
    pairs : (k,) int32
        The row of both regions in `RegionGraph.edges`.
    """

    pixels: NDArray[np.int64]
    step: int
    pairs: NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class RegionBorders:
    """The borders between the regions of an image.

    Attributes
    ----------
    index, edges
        See `RegionGraph`.
    n : int
        How many regions there are.
    """

    index: Any
    edges: NDArray[np.int32]
    n: int

    @classmethod
    def of(cls, graph: RegionGraph) -> "RegionBorders":
        """Return those of the regions of a graph."""
        return cls(graph.index, graph.edges, len(graph.areas))

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """How many pixel faces each pair of touching regions (m,) shares."""
        found = np.zeros(len(self.edges), np.int64)
        for pairs in self._pairs():
            found += np.bincount(pairs, minlength=len(found))
        return found

    def shown(self, shares: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return values of pairs of touching regions (m,) as an image.

        Parameters
        ----------
        shares : (m,) float32
            From 0.

        Returns
        -------
        (*spatial) float32
            On either side of a border the value of the pair, of several borders the highest; 0 inside regions. Mapped
            from a temporary file where the image does not fit the memory.
        """
        shape = self.index.shape
        if isinstance(self.index, np.ndarray):
            return _painted(self.faces, shape, shares)
        file = LabelFile(shape, dtype=np.float32)
        for window in blocks(shape, PAINTED_SIDE):
            grown, inner = with_halo(window, 1, shape)
            seen = self.index[grown]
            file[window] = _painted(self._faces_in(seen), seen.shape, shares)[inner]
        return file.owned_array()

    @cached_property
    def faces(self) -> list[BorderFaces]:
        """For each axis of an image in memory where regions part."""
        return self._faces_in(self.index)

    def _faces_in(self, index: NDArray[np.int32]) -> list[BorderFaces]:
        found = []
        for axis in range(index.ndim):
            touching, apart = parting(index, axis)
            pixels = np.ravel_multi_index(np.nonzero(apart), index.shape)
            found.append(BorderFaces(pixels, math.prod(index.shape[axis + 1 :]), self._rows(touching)))
        return found

    def _pairs(self) -> Iterator[NDArray[np.int32]]:
        """Yield the rows of all faces, each face once."""
        if isinstance(self.index, np.ndarray):
            yield from (each.pairs for each in self.faces)
            return
        shape = self.index.shape
        for window in blocks(shape, PAINTED_SIDE):
            for axis in range(len(shape)):
                yield self._rows(parting(self.index[_with_next(window, axis, shape)], axis)[0])

    def _rows(self, touching: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the row of each pair (2, k) of touching regions."""
        return np.searchsorted(self._codes, _codes(np.sort(touching, axis=0), self.n)).astype(np.int32)

    @cached_property
    def _codes(self) -> NDArray[np.int64]:
        return _codes(self.edges.T, self.n)  # in order


def _painted(faces: list[BorderFaces], shape: tuple[int, ...], shares: NDArray[np.float32]) -> NDArray[np.float32]:
    found = np.zeros(shape, np.float32)
    flat = found.ravel()
    for each in faces:
        values = shares[each.pairs]
        for pixels in (each.pixels, each.pixels + each.step):
            flat[pixels] = np.maximum(flat[pixels], values)
    return found


def _with_next(window: Window, axis: int, shape: tuple[int, ...]) -> Window:
    """Return a window with the next pixels along an axis, where there are any."""
    return tuple(slice(w.start, min(w.stop + (a == axis), shape[a])) for a, w in enumerate(window))


def _codes(pairs: NDArray[np.int32], n: int) -> NDArray[np.int64]:
    """Return one number (m,) for each pair (2, m) of n regions, the lower first."""
    low, high = pairs.astype(np.int64)
    found: NDArray[np.int64] = low * n + high
    return found

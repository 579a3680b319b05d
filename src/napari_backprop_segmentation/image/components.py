"""What hangs together in an image that does not fit the memory: found in windows, joined where they meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_backprop_segmentation.image.blocks import Window, edges_of
from napari_backprop_segmentation.image.kept_blocks import Arrays

PLAIN = ("areas", "boxes", "outer", "first")
Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Components:
    """What hangs together in one window.

    Attributes
    ----------
    first : (n,) int64
        Place of the first pixel of each in the flat image.
    areas : (n,) int64
    boxes : (n, ndim, 2) int64
        From the first pixel along each axis to behind the last.
    outer : (n,) bool
        Which lie at the edge of the image.
    before, after : sequence of int32 arrays
        For each axis the numbers, from 1, at the first and at the last pixels along it.
    """

    first: NDArray[np.int64]
    areas: NDArray[np.int64]
    boxes: NDArray[np.int64]
    outer: NDArray[np.bool_]
    before: Sequence[Labels]
    after: Sequence[Labels]

    @classmethod
    def of(cls, labels: Labels, n: int, window: Window, shape: tuple[int, ...]) -> Self:
        """Describe components (*window) numbered from 1 to n."""
        flat = labels.ravel()
        place = np.empty(n + 1, np.int64)
        place[flat[::-1]] = np.arange(flat.size - 1, -1, -1)  # the one written last stays
        inside = np.unravel_index(place[1:], labels.shape) if n else (np.zeros(0, np.int64),) * labels.ndim
        starts = [w.start for w in window]
        found = [[(s.start, s.stop) for s in box] for box in ndimage.find_objects(labels, n)]
        boxes = np.array(found, np.int64).reshape(n, labels.ndim, 2) + np.array(starts)[:, None]
        ends = [np.take(labels, [0, -1], axis) for axis in range(labels.ndim)]
        outer = np.zeros(n + 1, bool)
        for axis, (pair, at_edge) in enumerate(zip(ends, edges_of(window, shape), strict=True)):
            for line, there in enumerate(at_edge):
                if there:
                    outer[pair.take(line, axis)] = True
        return cls(
            first=np.ravel_multi_index(tuple(i + s for i, s in zip(inside, starts, strict=True)), shape),
            areas=np.bincount(flat, minlength=n + 1)[1:],
            boxes=boxes,
            outer=outer[1:],
            before=[np.take(pair, 0, axis) for axis, pair in enumerate(ends)],
            after=[np.take(pair, 1, axis) for axis, pair in enumerate(ends)],
        )

    def arrays(self) -> Arrays:
        """Return all of it under names."""
        plain = {name: getattr(self, name) for name in PLAIN}
        faces = {"before": self.before, "after": self.after}
        return plain | {f"{name}{axis}": each for name, some in faces.items() for axis, each in enumerate(some)}

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """Return what `arrays` has named."""
        axes = range(arrays["boxes"].shape[1])
        plain = {name: arrays[name] for name in PLAIN}
        return cls(**plain, before=[arrays[f"before{a}"] for a in axes], after=[arrays[f"after{a}"] for a in axes])


def joined(
    found: Sequence[Components], windows: Sequence[Window], owners: NDArray[np.int64] | None = None
) -> NDArray[np.int64]:
    """Return which of the components of all windows hang together (n,), numbered from 0.

    Parameters
    ----------
    found : sequence of Components
    windows : sequence of tuple of slice
        Of a grid.
    owners : (n,) int64, optional
        Only those of one number do.
    """
    counts = np.array([len(each.areas) for each in found])
    behind = np.concatenate([[0], np.cumsum(counts)])
    at = {tuple(w.start for w in window): number for number, window in enumerate(windows)}
    pairs = [np.zeros((0, 2), np.int64)]
    for number, window in enumerate(windows):
        for axis in range(len(window)):
            start = tuple(w.stop if a == axis else w.start for a, w in enumerate(window))
            other = at.get(start)
            if other is None:
                continue
            one, two = found[number].after[axis].ravel(), found[other].before[axis].ravel()
            touch = (one > 0) & (two > 0)
            both = np.stack([one[touch] - 1 + behind[number], two[touch] - 1 + behind[other]], axis=1)
            pairs.append(np.unique(both, axis=0))
    edges, n = np.concatenate(pairs), int(behind[-1])
    if owners is not None:
        edges = edges[owners[edges[:, 0]] == owners[edges[:, 1]]]
    graph = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), (n, n))
    groups = connected_components(graph, directed=False)[1] if n else np.zeros(0, np.int64)
    return groups.astype(np.int64)


def enclosed(found: Sequence[Components], groups: NDArray[np.int64]) -> list[NDArray[np.bool_]]:
    """Return for each window which of its components (n + 1,), those of the ground, do not reach the edge."""
    reach = np.zeros(int(groups.max(initial=-1)) + 1, bool)
    reach[groups[np.concatenate([each.outer for each in found])]] = True
    cuts = np.cumsum([len(each.areas) for each in found])[:-1]
    return [np.concatenate([[False], own]) for own in np.split(~reach[groups], cuts)]

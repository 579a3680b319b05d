"""What hangs together in an image that does not fit the memory: found in blocks, joined where they meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.image.passes import passed
from napari_backprop_segmentation.objects.edges import edges_of

GROUND, PARTS = "ground", "parts"  # names of what is kept
MOST_PIXELS = 2**24  # around a part that is looked at in one piece: those of the largest image that is
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


def joined(found: Sequence[Components], windows: Sequence[Window]) -> NDArray[np.int64]:
    """Return which of the components of all windows hang together (n,), numbered from 0."""
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
    graph = coo_array((np.ones(len(edges), np.int8), (edges[:, 0], edges[:, 1])), (n, n))
    groups = connected_components(graph, directed=False)[1] if n else np.zeros(0, np.int64)
    return groups.astype(np.int64)


@dataclass(frozen=True, eq=False)
class PartTable:
    """All parts of an image, in the order of their first pixels.

    Attributes
    ----------
    pieces : (*spatial) int32, read by windows
        Which piece, from 1, each pixel lies in; 0 is the ground.
    part : (n_pieces + 1,) int32
        The part, from 1, of each piece.
    areas : (n,) int64
    boxes : (n, ndim, 2) int64
    outer : (n,) bool
        Which lie at the edge of the image.
    first : (n,) int64
        Place of the first pixel in the flat image.
    n_cut : int
        How many were so large that they were cut at the borders of blocks.
    """

    pieces: LabelFile
    part: NDArray[np.int32]
    areas: NDArray[np.int64]
    boxes: NDArray[np.int64]
    outer: NDArray[np.bool_]
    first: NDArray[np.int64]
    n_cut: int

    def __getitem__(self, window: Window) -> Labels:
        """Return the parts of a window."""
        return self.part[self.pieces[window]]


def blockwise_parts(
    light: Any, level: float, windows: Sequence[Window], work: Work, *, fill: bool, cut: bool
) -> PartTable:
    """Return what hangs together above a level.

    Parameters
    ----------
    light : (*spatial) float32, read by windows
    level : float
    windows : sequence of tuple of slice
        Of a grid.
    work : Work
    fill : bool
        Whether what a part encloses belongs to it.
    cut : bool
        Whether parts with more than `MOST_PIXELS` around them are cut at the borders of windows.
    """
    holes: Sequence[Any] = _holes(light, level, windows, work) if fill else [None] * len(windows)
    file = work.kept.labels(PARTS, light.shape)

    def item(number: int) -> tuple[Window, tuple[int, ...], Any, Any]:
        return windows[number], light.shape, light[windows[number]], holes[number]

    def take(number: int, behind: int, result: tuple[Labels, Components]) -> Arrays:
        labels, components = result
        file[windows[number]] = np.where(labels > 0, labels + behind, 0)
        return components.arrays()

    arrays = passed(work, PARTS, _parts_in, level, [partial(item, i) for i in range(len(windows))], take=take)
    found = [Components.from_arrays(each) for each in arrays]
    groups = joined(found, windows)
    areas, boxes, outer, first = (np.concatenate([getattr(each, name) for each in found]) for name in PLAIN)
    sizes = _boxes(groups, boxes)
    large = np.prod(sizes[..., 1] - sizes[..., 0], axis=1) > MOST_PIXELS if cut else np.zeros(len(sizes), bool)
    pieces = large[groups]  # which are parts of their own then
    groups = np.where(pieces, len(sizes) + np.arange(len(groups)), groups)
    ordered = np.lexsort((first, groups))
    starts = ordered[np.flatnonzero(np.diff(groups[ordered], prepend=-1))]  # the first piece of each part
    number = np.empty(int(groups.max(initial=-1)) + 1, np.int64)
    number[groups[starts[np.argsort(first[starts])]]] = np.arange(len(starts))
    part = number[groups]
    return PartTable(
        pieces=file,
        part=np.concatenate([[0], part + 1]).astype(np.int32),
        areas=np.bincount(part, areas, len(starts)).astype(np.int64),
        boxes=_boxes(part, boxes),
        outer=np.bincount(part, outer, len(starts)) > 0,
        first=np.sort(first[starts]),
        n_cut=int(large.sum()),
    )


def _boxes(groups: NDArray[np.int64], boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the boxes (m, ndim, 2) around groups, numbered from 0, of boxes (n, ndim, 2)."""
    found = np.empty((int(groups.max(initial=-1)) + 1, *boxes.shape[1:]), np.int64)
    found[..., 0], found[..., 1] = np.iinfo(np.int64).max, -1
    np.minimum.at(found[..., 0], groups, boxes[..., 0])
    np.maximum.at(found[..., 1], groups, boxes[..., 1])
    return found


def _holes(light: Any, level: float, windows: Sequence[Window], work: Work) -> list[NDArray[np.bool_]]:
    """Return for each window which components (n + 1,) of the ground in it something encloses."""

    def item(window: Window) -> tuple[Window, tuple[int, ...], Any]:
        return window, light.shape, light[window]

    def take(_: int, __: int, found: Components) -> Arrays:
        return found.arrays()

    arrays = passed(work, GROUND, _ground_in, level, [partial(item, window) for window in windows], take=take)
    found = [Components.from_arrays(each) for each in arrays]
    groups = joined(found, windows)
    open_ = np.zeros(int(groups.max(initial=-1)) + 1, bool)
    open_[groups[np.concatenate([each.outer for each in found])]] = True
    cuts = np.cumsum([len(each.areas) for each in found])[:-1]
    return [np.concatenate([[False], own]) for own in np.split(~open_[groups], cuts)]


def _ground_in(level: float, item: tuple[Window, tuple[int, ...], NDArray[np.float32]]) -> Components:
    window, shape, light = item
    labels, n = ndimage.label(~(light > level))
    return Components.of(labels, n, window, shape)


def _parts_in(level: float, item: tuple[Window, tuple[int, ...], Any, Any]) -> tuple[Labels, Components]:
    window, shape, light, holes = item
    mask = light > level
    if holes is not None:
        mask |= holes[ndimage.label(~mask)[0]]
    labels, n = ndimage.label(mask)
    return labels, Components.of(labels, n, window, shape)

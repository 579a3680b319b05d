"""What hangs together in an image that does not fit the memory: found in blocks, joined where they meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.components import PLAIN, Components, Labels, enclosed, joined
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.image.labels import Numbers, small_numbers
from napari_backprop_segmentation.image.passes import passed

GROUND, PARTS = "ground", "parts"  # names of what is kept
MOST_PIXELS = 2**24  # around a part that is looked at in one piece: those of the largest image that is


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
        return windows[number], light.shape, light[windows[number]] > level, holes[number]

    def take(number: int, behind: int, result: tuple[Numbers, Components]) -> Arrays:
        labels, components = result
        file[windows[number]] = np.where(labels > 0, labels.astype(np.int64) + behind, 0)
        return components.arrays()

    arrays = passed(work, PARTS, _parts_in, None, [partial(item, i) for i in range(len(windows))], take=take)
    found = [Components.from_arrays(each) for each in arrays]
    groups = joined(found, windows)
    n_cut = 0
    if cut:
        sizes = boxes_of(groups, np.concatenate([each.boxes for each in found]))
        large = np.prod(sizes[..., 1] - sizes[..., 0], axis=1) > MOST_PIXELS
        groups = np.where(large[groups], len(sizes) + np.arange(len(groups)), groups)  # parts of their own then
        n_cut = int(large.sum())
    return part_table(file, found, groups, n_cut=n_cut)


def part_table(
    pieces: LabelFile, found: Sequence[Components], groups: NDArray[np.int64], *, n_cut: int = 0, by_group: bool = False
) -> PartTable:
    """Return the parts that groups (n_pieces,) of pieces make up.

    Parameters
    ----------
    pieces, found
        See `PartTable`, `Components`.
    groups : (n_pieces,) int64
    n_cut : int
    by_group : bool
        Whether parts are numbered in the order of their groups, not of their first pixels.
    """
    areas, boxes, outer, first = (np.concatenate([getattr(each, name) for each in found]) for name in PLAIN)
    ordered = np.lexsort((first, groups))
    starts = ordered[np.flatnonzero(np.diff(groups[ordered], prepend=-1))]  # the first piece of each part
    if not by_group:
        starts = starts[np.argsort(first[starts])]
    number = np.empty(int(groups.max(initial=-1)) + 1, np.int64)
    number[groups[starts]] = np.arange(len(starts))
    part = number[groups]
    return PartTable(
        pieces=pieces,
        part=np.concatenate([[0], part + 1]).astype(np.int32),
        areas=np.bincount(part, areas, len(starts)).astype(np.int64),
        boxes=boxes_of(part, boxes),
        outer=np.bincount(part, outer, len(starts)) > 0,
        first=first[starts],
        n_cut=n_cut,
    )


def boxes_of(groups: NDArray[np.int64], boxes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the boxes (m, ndim, 2) around groups, numbered from 0, of boxes (n, ndim, 2)."""
    found = np.empty((int(groups.max(initial=-1)) + 1, *boxes.shape[1:]), np.int64)
    found[..., 0], found[..., 1] = np.iinfo(np.int64).max, -1
    np.minimum.at(found[..., 0], groups, boxes[..., 0])
    np.maximum.at(found[..., 1], groups, boxes[..., 1])
    return found


def _holes(light: Any, level: float, windows: Sequence[Window], work: Work) -> list[NDArray[np.bool_]]:
    """Return for each window which components (n + 1,) of the ground in it something encloses."""

    def item(window: Window) -> tuple[Window, tuple[int, ...], Any]:
        return window, light.shape, light[window] > level

    def take(_: int, __: int, found: Components) -> Arrays:
        return found.arrays()

    arrays = passed(work, GROUND, _ground_in, None, [partial(item, window) for window in windows], take=take)
    found = [Components.from_arrays(each) for each in arrays]
    return enclosed(found, joined(found, windows))


def _ground_in(_: None, item: tuple[Window, tuple[int, ...], NDArray[np.bool_]]) -> Components:
    window, shape, mask = item
    labels, n = ndimage.label(~mask)
    return Components.of(labels, n, window, shape)


def _parts_in(_: None, item: tuple[Window, tuple[int, ...], Any, Any]) -> tuple[Numbers, Components]:
    window, shape, mask, holes = item
    if holes is not None:
        mask = mask | holes[ndimage.label(~mask)[0]]
    labels, n = ndimage.label(mask)
    return small_numbers(labels), Components.of(labels, n, window, shape)

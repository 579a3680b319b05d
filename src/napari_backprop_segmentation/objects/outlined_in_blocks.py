"""Outlined objects of an image that does not fit the memory, painted: parted by lines, and with what they enclose."""

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as connected_components

from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.components import Components, joined
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.labels import present
from napari_backprop_segmentation.image.passes import PASS_SIDE, passed
from napari_backprop_segmentation.objects.blockwise import Painted, joined_objects
from napari_backprop_segmentation.objects.blockwise_parts import PartTable, part_table
from napari_backprop_segmentation.objects.outlined import CLEFT, WALL_HALO, walls
from napari_backprop_segmentation.objects.splitting import clefts_of
from napari_backprop_segmentation.params.sections import Objects

CELLS, WHOLE = "cells", "whole"  # names of what is kept
Labels = NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Regions:
    """Regions that may be objects.

    Attributes
    ----------
    index : (*spatial) int32, read by windows
        Leaves.
    best : (n_leaves,) int32
        The region of each leaf, from 1; 0 for none.
    lines : tuple, optional
        Of a Source, Ridges and the size of a pixel: where lines between regions belong to none.
    """

    index: Any
    best: Labels
    lines: Any = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the image (*spatial)."""
        return tuple(self.index.shape)

    @property
    def windows(self) -> list[Window]:
        """The windows of a pass."""
        return list(blocks(self.shape, PASS_SIDE[len(self.shape)]))

    def __getitem__(self, window: Window) -> Labels:
        """Return the regions of a window."""
        found: Labels = self.best[self.index[window]]
        return found


def outlined_painted(regions: Regions, rules: Objects, work: Work) -> Painted:
    """Return regions as objects, see `Outlined.objects`."""
    found = joined_objects(_cells(regions, rules, work), rules)
    if not rules.fill_holes or not found.count:
        return found
    plain, whole = (work.kept.labels(name, regions.shape) for name in (CELLS + " kept", WHOLE))
    found.paint(regions.windows, plain)
    found.paint(regions.windows, whole)
    boxes = _boxes(plain, regions.windows, found.count)
    for number, box in enumerate(boxes, start=1):
        holes = ndimage.binary_fill_holes(plain[box] == number) & (plain[box] == 0)
        _set(whole, box, holes, number)
    if regions.lines is None:
        return Painted(whole, np.arange(found.count + 1, dtype=found.table.dtype))
    spacing = regions.lines[2]
    for number, box in enumerate(boxes, start=1):
        here = whole[box]
        inside = here == number
        if inside.any():  # else an island of an object before
            _set(whole, box, clefts_of(inside, here, regions[box], CLEFT, spacing), number)
    there = np.zeros(found.count + 1, bool)
    for window in regions.windows:
        there[whole[window]] = True
    there[0] = False
    numbers = np.where(there, np.cumsum(there), 0)
    return Painted(whole, numbers.astype(found.table.dtype))


def _cells(regions: Regions, rules: Objects, work: Work) -> PartTable:
    """Return what regions are when lines are taken away."""
    windows, file = regions.windows, work.kept.labels(CELLS, regions.shape)
    by_region = rules.split_objects and regions.lines is None

    def item(window: Window) -> tuple[Window, tuple[int, ...], Labels]:
        here = regions[window]
        return window, regions.shape, here if rules.split_objects else (here > 0).astype(np.int32)

    def take(number: int, behind: int, found: tuple[Labels, Components, NDArray[np.int64]]) -> Arrays:
        labels, components, owners = found
        file[windows[number]] = np.where(labels > 0, labels + behind, 0)
        return {**components.arrays(), "owners": owners}

    common = (regions.lines, by_region)
    told = passed(work, CELLS, _cells_in, common, [partial(item, window) for window in windows], take=take)
    found, owners = [Components.from_arrays(each) for each in told], np.concatenate([each["owners"] for each in told])
    groups = np.unique(owners, return_inverse=True)[1] if by_region else joined(found, windows, owners)
    return part_table(file, found, groups, by_group=by_region)


def _cells_in(
    common: tuple[Any, bool], item: tuple[Window, tuple[int, ...], Labels]
) -> tuple[Labels, Components, NDArray[np.int64]]:
    (lines, by_region), (window, shape, values) = common, item
    if lines is not None:
        source, ridges, spacing = lines
        grown, inner = with_halo(window, WALL_HALO, shape)
        values = np.where(walls(ridges.light(source.read(grown)), ridges.sign, spacing)[inner], 0, values)
    if by_region:
        numbers, where = present(values)
        labels = (where + (numbers[0] != 0)).astype(np.int32)
    else:
        labels = connected_components(values, background=0, connectivity=1).astype(np.int32)
    n = int(labels.max())
    owners = np.zeros(n + 1, np.int64)
    owners[labels.ravel()] = values.ravel()
    return labels, Components.of(labels, n, window, shape), owners[1:]


def _boxes(labels: Any, windows: list[Window], n: int) -> list[Window]:
    """Return the window around each label, from 1 to n."""
    low = np.full((n + 1, labels.ndim), np.iinfo(np.int64).max)
    high = np.zeros((n + 1, labels.ndim), np.int64)
    for window in windows:
        numbers, where = present(labels[window])
        for number, box in zip(numbers, ndimage.find_objects(where + 1), strict=True):
            for axis, (own, side) in enumerate(zip(box, window, strict=True)):
                low[number, axis] = min(low[number, axis], own.start + side.start)
                high[number, axis] = max(high[number, axis], own.stop + side.start)
    return [
        tuple(slice(int(a), int(b)) for a, b in zip(*ends, strict=True)) for ends in zip(low[1:], high[1:], strict=True)
    ]


def _set(file: Any, box: Window, mask: NDArray[np.bool_], number: int) -> None:
    if mask.any():
        here = file[box]
        here[mask] = number
        file[box] = here

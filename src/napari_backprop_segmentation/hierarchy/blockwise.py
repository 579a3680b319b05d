"""The finest regions of an image that does not fit the memory, and which of them touch: block by block.

All that a merge tree needs of them adds up: areas, costs of borders, sums of features. So nothing has to be stitched,
and the tree is the same, number by number, as that of the image in one piece.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components

from napari_backprop_segmentation.hierarchy.border_costs import face_costs_in
from napari_backprop_segmentation.hierarchy.initial_regions import divided_blocks, felzenszwalb_regions
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, summed
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.label_file import LabelFile, looked_up
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.params.sections import Regions

CostsIn = Callable[[Window], list[NDArray[np.float16]]]
MOST_REGIONS = 2**31  # their numbers have 32 bits


@dataclass(frozen=True)
class _Block:
    """What one block adds to the graph; regions are numbered block after block.

    Attributes
    ----------
    first : (n,) int64
        Place of the first pixel of each region in the flat image.
    areas : (n,) int64
    codes : (m,) int64
        Pairs of touching regions, low * MOST_REGIONS + high; one of each lies in this block.
    lengths : (m,) float64
    """

    first: NDArray[np.int64]
    areas: NDArray[np.int64]
    codes: NDArray[np.int64]
    lengths: NDArray[np.float64]


def blockwise_graph(source: Source, regions: Regions) -> RegionGraph:
    """Return the finest regions of an image, and what the borders between them cost; see `leaf_graph`.

    They are numbered as those of the image in one piece: in the order of their first pixels.

    Parameters
    ----------
    source : Source
    regions : Regions
    """
    index, n = LabelFile(source.shape[1:]), 0
    found = []
    for window, divided in divided_blocks(source, felzenszwalb_regions):
        here = connected_components(divided, background=-1, connectivity=1)
        here = here - here.min() + n
        index[window] = here
        n = int(here.max()) + 1
        found.append(_block(here, window, index, lambda around: face_costs_in(source, around, regions)))
    order = np.argsort(np.concatenate([block.first for block in found]))
    numbers = np.empty(n, np.int32)
    numbers[order] = np.arange(n)
    low, high = np.divmod(np.concatenate([block.codes for block in found]), MOST_REGIONS)
    one, other = numbers[low].astype(np.int64), numbers[high].astype(np.int64)
    codes = np.minimum(one, other) * n + np.maximum(one, other)
    edges, lengths = summed(codes, np.concatenate([block.lengths for block in found]), n)
    areas = np.concatenate([block.areas for block in found])[order].astype(np.float64)
    return RegionGraph(looked_up(index, numbers), areas, edges, lengths)  # type: ignore[arg-type]  # read by windows


def _block(here: NDArray[np.int64], window: Window, index: LabelFile, costs_in: CostsIn) -> _Block:
    """Return what the regions of a block (*window) add to the graph; they are written already."""
    places = np.unique(here, return_index=True)[1]
    inside = np.unravel_index(places, here.shape)
    first = np.ravel_multi_index(tuple(i + w.start for i, w in zip(inside, window, strict=True)), index.shape)
    # with the last pixels of the blocks before
    grown = tuple(slice(max(w.start - 1, 0), w.stop) for w in window)
    inner = tuple(slice(w.start - g.start, None) for w, g in zip(window, grown, strict=True))
    around = index[grown].astype(np.int64)
    codes, lengths = [], []
    for axis, costs in enumerate(costs_in(grown)):
        along = tuple(slice(None) if a == axis else part for a, part in enumerate(inner))
        lines = around[along]
        size = lines.shape[axis]
        before, after = lines.take(range(size - 1), axis), lines.take(range(1, size), axis)
        apart = before != after
        low, high = np.minimum(before, after)[apart], np.maximum(before, after)[apart]
        codes.append(low * MOST_REGIONS + high)
        lengths.append(costs[along].take(range(size - 1), axis)[apart].astype(np.float64))
    pairs, where = np.unique(np.concatenate(codes), return_inverse=True)
    sums = np.bincount(where, np.concatenate(lengths), len(pairs)).astype(np.float64)
    return _Block(first, np.bincount((here - here.min()).ravel()), pairs, sums)

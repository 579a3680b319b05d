"""The finest regions of an image that does not fit the memory, and which of them touch.

All that a merge tree needs of them adds up: areas, costs of borders, and sums of features (`blockwise_means`). So
nothing has to be stitched, and the tree is the same, number by number, as that of the image in one piece.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.block_regions import FoundRegions, Lines, find_regions, with_last
from napari_backprop_segmentation.hierarchy.initial_regions import leaf_windows
from napari_backprop_segmentation.hierarchy.pairs import MOST_REGIONS, Pairs, pairs_along, summed_pairs
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, codes_of, summed
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.kept_blocks import HERE, Arrays, Work
from napari_backprop_segmentation.image.label_file import LabelFile, looked_up
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.superpixels import any_channels
from napari_backprop_segmentation.params.sections import Regions

REGIONS = "regions"  # name of what is kept


@dataclass(frozen=True)
class _Block:
    """What one block adds to the graph; regions are numbered block after block.

    Attributes
    ----------
    first : (n,) int64
        Place of the first pixel of each region in the flat image.
    areas : (n,) int64
    pairs : Pairs
        Those that touch; one of each lies in this block.
    """

    first: NDArray[np.int64]
    areas: NDArray[np.int64]
    pairs: Pairs

    def arrays(self) -> Arrays:
        return {"first": self.first, "areas": self.areas, "codes": self.pairs.codes, "lengths": self.pairs.lengths}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        return cls(arrays["first"], arrays["areas"], Pairs(arrays["codes"], arrays["lengths"]))


def blockwise_graph(source: Source, regions: Regions, work: Work = HERE, lines: Lines | None = None) -> RegionGraph:
    """Return the finest regions of an image, and what the borders between them cost; see `leaf_graph`.

    They are numbered as those of the image in one piece: in the order of their first pixels.

    Parameters
    ----------
    source : Source
    regions : Regions
    work : Work
    lines : Lines, optional
        Where the finest regions are what lies between these.
    """
    windows = leaf_windows(source.shape[1:])
    index, parts = work.kept.labels(REGIONS, source.shape[1:]), work.kept.parts(REGIONS)
    blocks = [None if arrays is None else _Block.of(arrays) for arrays in map(parts.get, range(len(windows)))]
    with any_channels():
        left = [window for window, block in zip(windows, blocks, strict=True) if block is None]
        common = (source, regions, None if lines is None else lines.ridges)
        items = ((w, None if lines is None else lines.heights[with_last(w)]) for w in left)
        coming, n = work.threaded(find_regions, common, items), 0
        for number, window in enumerate(windows):
            block = blocks[number]
            if block is None:
                block = blocks[number] = _added(next(coming), window, index, n)
                parts.put(number, block.arrays())
            n += len(block.areas)
    found = [block for block in blocks if block is not None]
    del blocks
    return _joined(found, index, n)


def _added(found: FoundRegions, window: Window, index: LabelFile, n: int) -> _Block:
    """Write the regions of a block behind the n that are there, and return what they add to the graph."""
    index[window] = here = found.regions.astype(np.int64) + n
    places, areas = np.unique(found.regions, return_index=True, return_counts=True)[1:]
    inside = np.unravel_index(places, here.shape)
    first = np.ravel_multi_index(tuple(i + w.start for i, w in zip(inside, window, strict=True)), index.shape)
    pairs = [found.pairs.behind(n)]
    for axis, costs in enumerate(found.before):
        if costs is not None:
            start = window[axis].start
            across = tuple(slice(start - 1, start + 1) if a == axis else w for a, w in enumerate(window))
            pairs.append(pairs_along(index[across], np.repeat(costs, 2, axis), axis))
    return _Block(first, areas, summed_pairs(pairs))


def _joined(blocks: list[_Block], index: LabelFile, n: int) -> RegionGraph:
    """Return the graph of n regions in all blocks, and empty their list: there may be ten million regions."""
    first = np.concatenate([block.first for block in blocks])
    areas = np.concatenate([block.areas for block in blocks])
    codes = np.concatenate([block.pairs.codes for block in blocks])
    lengths = np.concatenate([block.pairs.lengths for block in blocks])
    blocks.clear()
    order = np.argsort(first)
    areas = areas[order].astype(np.float64)
    numbers = np.empty(n, np.int32)
    numbers[order] = np.arange(n, dtype=np.int32)
    del first, order
    one, other = numbers[codes // MOST_REGIONS], numbers[codes % MOST_REGIONS]
    codes = codes_of(one, other, n)
    del one, other
    edges, lengths = summed(codes, lengths, n)
    return RegionGraph(looked_up(index, numbers), areas, edges, lengths)  # type: ignore[arg-type]  # read by windows

"""What one block of an image adds to the graph of its finest regions, and the graph of all blocks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.block_regions import FoundRegions
from napari_backprop_segmentation.hierarchy.pair_sums import moved, summed
from napari_backprop_segmentation.hierarchy.pairs import MOST_REGIONS, Pairs, pairs_along, summed_pairs
from napari_backprop_segmentation.hierarchy.region_graph import NO_PAIRS, RegionGraph, RegionPairs, of_pairs, of_two
from napari_backprop_segmentation.hierarchy.seams import BEFORE, alike_across
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.kept_blocks import Arrays
from napari_backprop_segmentation.image.label_file import LabelFile, looked_up


@dataclass(frozen=True)
class Block:
    """What one block adds to the graph; regions are numbered block after block.

    Attributes
    ----------
    first : (n,) int64
        Place of the first pixel of each region in the flat image.
    areas : (n,) int32
    pairs : Pairs
        Those that touch; one of each lies in this block.
    alike : (k, 2) int64
        Those of them that are one, see `seams`.
    """

    first: NDArray[np.int64]
    areas: NDArray[np.int32]
    pairs: Pairs
    alike: RegionPairs

    def arrays(self) -> Arrays:
        """Return what is kept of it."""
        pairs = {"codes": self.pairs.codes, "lengths": self.pairs.lengths}
        return {"first": self.first, "areas": self.areas, "alike": self.alike, **pairs}

    @classmethod
    def of(cls, arrays: Arrays) -> Self:
        """Return it of what was kept."""
        return cls(arrays["first"], arrays["areas"], Pairs(arrays["codes"], arrays["lengths"]), arrays["alike"])


def added(found: FoundRegions, window: Window, index: LabelFile, n: int, sizes: Sequence[float] | None) -> Block:
    """Write the regions of a block behind the n that are there, and return what they add to the graph.

    With the sizes of pixels along all axes, those are found that only a seam divides.
    """
    index[window] = here = found.regions.astype(np.int64) + n
    areas = np.bincount(found.regions.ravel())
    inside = np.unravel_index(_first_places(found.regions, len(areas)), here.shape)
    first = np.ravel_multi_index(tuple(i + w.start for i, w in zip(inside, window, strict=True)), index.shape)
    pairs, alike = [found.pairs.behind(n)], [NO_PAIRS]
    for axis, costs in enumerate(found.before):
        if costs is not None:
            start, n_before = window[axis].start, (costs.shape[axis] + 1) // 2
            span = slice(start - n_before, min(start + n_before, index.shape[axis]))
            around = index[tuple(span if a == axis else w for a, w in enumerate(window))]
            pixels, face = around.take([n_before - 1, n_before], axis), costs.take([n_before - 1], axis)
            pairs.append(pairs_along(pixels, np.repeat(face, 2, axis), axis))
            if sizes is not None and n_before == BEFORE:
                alike.append(alike_across(around, costs, axis, sizes[axis]))
    return Block(first, areas.astype(np.int32), summed_pairs(pairs), np.concatenate(alike))


def _first_places(labels: NDArray[Any], n: int) -> NDArray[np.int64]:
    """Return the place (n,) in the flat window of the first pixel of each label, from 0 without gaps."""
    found = np.empty(n, np.int64)
    found[labels.ravel()[::-1]] = np.arange(labels.size)[::-1]  # the last one that is written stays
    return found


def joined(blocks: list[Block], index: LabelFile, n: int) -> RegionGraph:
    """Return the graph of n regions in all blocks, in which those that are alike are one, and empty their list.

    There may be ten million regions and three times as many pairs: nothing is held twice longer than it takes to move.
    """
    firsts, sizes = [block.first for block in blocks], [block.areas for block in blocks]
    pairs, alike = [block.pairs for block in blocks], np.concatenate([block.alike for block in blocks])
    blocks.clear()
    order = np.argsort(moved(firsts))
    areas = moved(sizes)[order].astype(np.float64)
    numbers = np.empty(n, np.int32)
    numbers[order] = np.arange(n, dtype=np.int32)
    del order
    if len(alike):
        one = of_pairs(numbers[alike], n)
        numbers, areas = one[numbers], np.bincount(one, areas).astype(np.float64)
        del one
    edges, lengths = summed(_renumbered(pairs, numbers), len(areas))
    shown = looked_up(index, numbers)  # type: ignore[arg-type]  # read by windows
    return RegionGraph(shown, areas, edges, lengths)


def _renumbered(
    pairs: list[Pairs], numbers: NDArray[np.int32]
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """Yield the pairs of block after block under other numbers, and empty their list."""
    while pairs:
        each = pairs.pop()
        yield of_two(numbers[np.stack(np.divmod(each.codes, MOST_REGIONS))], each.lengths)

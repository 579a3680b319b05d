"""The finest regions of an image that does not fit the memory, and which of them touch.

All that a merge tree needs of them adds up: areas, costs of borders, and sums of features (`blockwise_means`). So
nothing has to be stitched, and the tree is the same, number by number, as that of the image in one piece.
"""

from napari_backprop_segmentation.hierarchy.block_graph import Block, added, joined
from napari_backprop_segmentation.hierarchy.block_regions import Lines, find_regions, with_before
from napari_backprop_segmentation.hierarchy.initial_regions import leaf_windows
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph
from napari_backprop_segmentation.hierarchy.seams import seams_tell
from napari_backprop_segmentation.image.kept_blocks import HERE, Work
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.allocator import memory_given_back
from napari_backprop_segmentation.network.superpixels import any_channels
from napari_backprop_segmentation.params.sections import Regions

REGIONS = "regions"  # name of what is kept


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
    sizes = source.spacing if seams_tell(regions) else None
    index, parts = work.kept.labels(REGIONS, source.shape[1:]), work.kept.parts(REGIONS)
    blocks = [None if arrays is None else Block.of(arrays) for arrays in map(parts.get, range(len(windows)))]
    with any_channels():
        left = [window for window, block in zip(windows, blocks, strict=True) if block is None]
        common = (source, regions, None if lines is None else lines.ridges)
        items = ((w, None if lines is None else lines.heights[with_before(w)]) for w in left)
        coming, n = work.threaded(find_regions, common, items), 0
        for number, window in enumerate(windows):
            block = blocks[number]
            if block is None:
                block = blocks[number] = added(next(coming), window, index, n, sizes)
                parts.put(number, block.arrays())
            n += len(block.areas)
            work.tell(number + 1, len(windows))
    found = [block for block in blocks if block is not None]
    del blocks
    with memory_given_back():
        return joined(found, index, n)

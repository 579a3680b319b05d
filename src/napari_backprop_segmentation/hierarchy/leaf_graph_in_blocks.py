"""What a merge tree is built on, of an image that does not fit the memory."""

import math

from napari_backprop_segmentation.hierarchy.block_regions import Lines
from napari_backprop_segmentation.hierarchy.blockwise import blockwise_graph
from napari_backprop_segmentation.hierarchy.leaf_graph import most_leaves
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, simplified
from napari_backprop_segmentation.image.blockwise_ridges import blockwise_heights
from napari_backprop_segmentation.image.kept_blocks import HERE, Work
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.allocator import memory_given_back
from napari_backprop_segmentation.params.sections import Regions


def leaf_graph_in_blocks(
    source: Source, regions: Regions, work: Work = HERE, ridges: Ridges | None = None
) -> RegionGraph:
    """Return the same as `plain_leaf_graph` of an image that does not fit the memory."""
    lines = None
    if regions.initial_regions == "lines" and ridges is not None:
        lines = Lines(ridges, blockwise_heights(source, ridges, work))
    most = most_leaves(math.prod(source.shape[1:]))
    if work.most_regions is not None:
        most = min(most, work.most_regions)
    graphs = [blockwise_graph(source, regions, work, lines)]
    with memory_given_back():
        # not held here while it is made smaller: there may be ten million regions
        return simplified(graphs.pop(), regions.min_region, most)

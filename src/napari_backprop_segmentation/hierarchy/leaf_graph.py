"""What a merge tree is built on: the finest regions of an image, and what the borders between them cost."""

from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.block_regions import Lines
from napari_backprop_segmentation.hierarchy.blockwise import blockwise_graph
from napari_backprop_segmentation.hierarchy.border_costs import face_costs
from napari_backprop_segmentation.hierarchy.initial_regions import initial_regions
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, region_graph, simplified
from napari_backprop_segmentation.image.blockwise_ridges import blockwise_heights
from napari_backprop_segmentation.image.kept_blocks import HERE, Work
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.params.sections import Regions

# A laptop builds a tree of so many regions in a second; noisy ones around one large one cost the square of that.
# Larger images have more: what is small in them is as small as in others.
MOST_LEAVES, LEAVES_PIXELS = 20_000, 2**24


def leaf_graph(finest: NDArray[Any], source: Source, regions: Regions, ridges: Ridges | None = None) -> RegionGraph:
    """Return what a tree is built on: the finest regions of an image, and what the borders between them cost.

    Parameters
    ----------
    finest : (*spatial) int array
        Those below the smallest size are absorbed.
    source : Source
    regions : Regions
    ridges : Ridges, optional
        Where the finest regions are what lies between lines: these count as edges.
    """
    along = ridges if regions.initial_regions == "lines" else None
    graph = region_graph(finest, face_costs(source, regions, along))
    return simplified(graph, regions.min_region, most_leaves(graph.index.size))


def plain_leaf_graph(source: Source, regions: Regions, ridges: Ridges | None = None) -> RegionGraph:
    """Return the same of regions that need no network."""
    return leaf_graph(initial_regions(source, regions.initial_regions, ridges), source, regions, ridges)


def leaf_graph_in_blocks(
    source: Source, regions: Regions, work: Work = HERE, ridges: Ridges | None = None
) -> RegionGraph:
    """Return the same of an image that does not fit the memory; the finest regions are those without a network."""
    lines = None
    if regions.initial_regions == "lines" and ridges is not None:
        lines = Lines(ridges, blockwise_heights(source, ridges, work))
    graph = blockwise_graph(source, regions, work, lines)
    most = most_leaves(graph.index.size)
    return simplified(graph, regions.min_region, most if work.most_regions is None else min(most, work.most_regions))


def most_leaves(n_pixels: int) -> int:
    """Return from how many regions at most the tree of an image of so many pixels is built."""
    return max(MOST_LEAVES, MOST_LEAVES * n_pixels // LEAVES_PIXELS)

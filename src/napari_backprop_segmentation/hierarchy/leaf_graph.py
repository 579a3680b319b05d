"""What a merge tree is built on: the finest regions of an image, and what the borders between them cost."""

from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.border_costs import face_costs
from napari_backprop_segmentation.hierarchy.initial_regions import initial_regions, leaf_seams
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, region_graph, simplified
from napari_backprop_segmentation.hierarchy.seams import alike_across_seams, seams_tell
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
    graph = _graph(finest, source, regions, ridges)
    return simplified(graph, regions.min_region, most_leaves(graph.index.size))


def plain_leaf_graph(source: Source, regions: Regions, ridges: Ridges | None = None) -> RegionGraph:
    """Return the same of regions that need no network."""
    finest = initial_regions(source, regions.initial_regions, ridges)
    graph = _graph(finest, source, regions, ridges)
    if graph.face_costs is not None and seams_tell(regions):
        starts = leaf_seams(source.shape[1:])
        graph = replace(graph, alike=alike_across_seams(graph.index, graph.face_costs, starts, source.spacing))
    return simplified(graph, regions.min_region, most_leaves(graph.index.size))


def _graph(finest: NDArray[Any], source: Source, regions: Regions, ridges: Ridges | None) -> RegionGraph:
    along = ridges if regions.initial_regions == "lines" else None
    return region_graph(finest, face_costs(source, regions, along))


def most_leaves(n_pixels: int) -> int:
    """Return from how many regions at most the tree of an image of so many pixels is built."""
    return max(MOST_LEAVES, MOST_LEAVES * n_pixels // LEAVES_PIXELS)

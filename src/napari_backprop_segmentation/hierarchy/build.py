"""From a trained network to the merge tree of an image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.features import edge_strength, tree_features
from napari_backprop_segmentation.hierarchy.initial_regions import initial_regions
from napari_backprop_segmentation.hierarchy.merge import Merge
from napari_backprop_segmentation.hierarchy.region_graph import (
    FaceCosts,
    RegionGraph,
    region_graph,
    region_means,
    simplified,
)
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, build_hierarchy
from napari_backprop_segmentation.image.ridge_response import ridge_strength
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions

# A laptop builds a tree of so many regions in a second; noisy ones around one large one cost the square of that.
MOST_LEAVES = 20_000


def build_tree(model: Model, source: Source, regions: Regions, merge: Merge, ridges: Ridges | None = None) -> Hierarchy:
    """Merge the finest regions of an image by what the network has learned, by colour, texture and edges.

    Parameters
    ----------
    model : Model
    source : Source
    regions : Regions
    merge : Merge
        Who does the work.
    ridges : Ridges, optional
        Needed where the finest regions are what lies between lines.
    """
    by_network = regions.initial_regions == "network"
    finest = model.predict(source) if by_network else initial_regions(source, regions.initial_regions, ridges)
    return merged(leaf_graph(finest, source, regions, ridges), model, source, regions, merge)


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
    graph = region_graph(finest, _face_costs(source, regions, along))
    return simplified(graph, regions.min_region, MOST_LEAVES)


def merged(graph: RegionGraph, model: Model, source: Source, regions: Regions, merge: Merge) -> Hierarchy:
    """Merge regions of an image; see `build_tree`."""
    return build_hierarchy(graph, region_means(graph, tree_features(model, source, regions)), merge)


def _face_costs(source: Source, regions: Regions, ridges: Ridges | None) -> FaceCosts:
    """Return what the border costs at each pixel face: its area where the image is even, less at edges or lines.

    The unit of area is such that a pixel has the volume 1; all faces of pixels that are alike in all directions have 1.
    """
    weight = regions.edge_weight
    if not weight and len(set(source.spacing)) == 1:
        return None
    strengths = edge_strength(source) if ridges is None else ridge_strength(source, ridges)
    faces = zip(strengths, source.spacing, strict=True)
    return [np.exp(-np.minimum(weight * strength, regions.edge_limit)) / np.float16(size) for strength, size in faces]

"""From a trained network to the merge tree of an image."""

from napari_backprop_segmentation.hierarchy.features import tree_features
from napari_backprop_segmentation.hierarchy.leaf_graph import leaf_graph, plain_leaf_graph
from napari_backprop_segmentation.hierarchy.merge import Merge
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, region_means
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, build_hierarchy
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions


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
    if regions.initial_regions == "network":
        graph = leaf_graph(model.predict(source), source, regions)
    else:
        graph = plain_leaf_graph(source, regions, ridges)
    return merged(graph, model, source, regions, merge)


def merged(graph: RegionGraph, model: Model, source: Source, regions: Regions, merge: Merge) -> Hierarchy:
    """Merge regions of an image; see `build_tree`."""
    return build_hierarchy(graph, region_means(graph, tree_features(model, source, regions)), merge)

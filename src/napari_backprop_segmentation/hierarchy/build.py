"""From a trained network to the merge tree of an image."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.classes import class_tree
from napari_backprop_segmentation.hierarchy.features import edge_strength, tree_features
from napari_backprop_segmentation.hierarchy.merge import Merge
from napari_backprop_segmentation.hierarchy.region_graph import (
    FaceCosts,
    RegionGraph,
    region_graph,
    region_means,
    simplified,
)
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, build_hierarchy
from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.ridges import basins, ridge_strength, source_ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.superpixels import any_channels, graph_regions
from napari_backprop_segmentation.params.params import Params

# A laptop builds a tree of so many leaves in a second; noisy regions around one large one cost the square of their
# number.
MOST_LEAVES = 20_000
LEAF_SCALE, LEAF_SIGMA, LEAF_SIZE = 50.0, 0.5, 10  # of Felzenszwalb's method: small regions that keep to edges
LEAF_BLOCK = 512  # pixels


def build_tree(model: Model, source: Source, merge: Merge) -> Hierarchy:
    """Merge the finest regions of an image by what the network has learned, by colour, texture and edges.

    With `regions` set to ``classes``, those of the tree are merged once more, see `class_tree`.

    Parameters
    ----------
    model : Model
    source : Source
    merge : Merge
        Who does the work.
    """
    finest = (
        model.predict(source) if model.params.initial_regions == "network" else seedless_leaves(source, model.params)
    )
    tree = merged(leaf_graph(finest, source, model.params, model.plan.block), model, source, merge)
    return class_tree(tree, model, source) if model.params.by_class else tree


def leaf_graph(finest: NDArray[Any], source: Source, params: Params, side: int) -> RegionGraph:
    """Return what a tree is built on: the finest regions of an image, and what the borders between them cost.

    Parameters
    ----------
    finest : (*spatial) int array
        Those below the smallest size are absorbed.
    source : Source
    params : Params
    side : int
        Of the blocks in which the image is read, in pixels.
    """
    graph = region_graph(finest, _face_costs(source, params, side))
    return simplified(graph, params.min_region, MOST_LEAVES)


def merged(graph: RegionGraph, model: Model, source: Source, merge: Merge) -> Hierarchy:
    """Merge regions of an image; see `build_tree`."""
    return build_hierarchy(graph, region_means(graph, tree_features(model, source)), merge)


def seedless_leaves(source: Source, params: Params) -> NDArray[np.int32]:
    """Return the finest regions (*spatial) of a kind that needs no network."""
    if params.initial_regions == "graph":
        return plane_leaves(source, _graph_leaves)
    return plane_leaves(source, partial(basins, ridges=source_ridges(source)))


def plane_leaves(source: Source, divide: Callable[[NDArray[np.float32]], NDArray[np.int64]]) -> NDArray[np.int32]:
    """Return small regions (*spatial), numbered from 0, made in blocks; in volumes slice by slice.

    The seams of blocks and slices do no harm: what they divide is alike and merges first.

    Parameters
    ----------
    source : Source
    divide : callable
        From the pixels (C, Y, X) of a block of a plane to its regions (Y, X), without gaps.
    """
    *depth, height, width = source.shape[1:]
    slices = product(*(blocks([n], 1) for n in depth))
    planes = list(blocks((height, width), LEAF_BLOCK))
    windows = [(*(z for (z,) in where), *plane) for where, plane in product(slices, planes)]
    out = np.empty(source.shape[1:], np.int32)

    def divided(window: Window) -> NDArray[np.int64]:
        pixels = source.read(window)
        found: NDArray[np.int64] = divide(pixels.reshape(len(pixels), *pixels.shape[-2:]))
        return found - int(found.min())

    # The blocks release the interpreter; two at a time bound the memory.
    with any_channels(), ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        first = 0
        for window, found in zip(windows, pool.map(divided, windows), strict=True):
            out[window] = found.reshape(out[window].shape) + first
            first += int(found.max()) + 1
    return out


def _graph_leaves(pixels: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return small graph-based regions of a plane.

    References
    ----------
    Felzenszwalb and Huttenlocher, Efficient graph-based image segmentation, IJCV 59(2), 2004.
    """
    return graph_regions(np.moveaxis(pixels, 0, -1), LEAF_SCALE, LEAF_SIGMA, LEAF_SIZE)


def _face_costs(source: Source, params: Params, side: int) -> FaceCosts:
    """Return what the border costs at each pixel face: its area where the image is even, less at edges or lines.

    The unit of area is such that a pixel has the volume 1; all faces of pixels that are alike in all directions have 1.
    """
    weight = params.edge_weight
    if not weight and len(set(source.spacing)) == 1:
        return None
    strengths = ridge_strength(source, side) if params.initial_regions == "lines" else edge_strength(source, side)
    faces = zip(strengths, source.spacing, strict=True)
    return [np.exp(-np.minimum(weight * strength, params.edge_limit)) / np.float16(size) for strength, size in faces]

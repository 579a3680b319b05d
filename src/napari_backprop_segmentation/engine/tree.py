"""From a trained network to the merge tree of an image."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.engine.features import edge_strength, tree_features
from napari_backprop_segmentation.engine.hierarchy import Hierarchy, build_hierarchy
from napari_backprop_segmentation.engine.merging import Merge
from napari_backprop_segmentation.engine.model import Model, Source
from napari_backprop_segmentation.engine.planning import Window, blocks
from napari_backprop_segmentation.engine.regions import FaceCosts, region_graph, region_means, simplified
from napari_backprop_segmentation.engine.superpixels import any_channels, graph_regions

# A laptop builds a tree of so many leaves in a second; noisy regions around one large one cost the square of their
# number.
MOST_LEAVES = 20_000
LEAF_SCALE, LEAF_SIGMA, LEAF_SIZE = 50.0, 0.5, 10  # of Felzenszwalb's method: small regions that keep to edges
LEAF_BLOCK = 512  # pixels


def build_tree(model: Model, source: Source, merge: Merge) -> Hierarchy:
    """Merge the finest regions of an image by what the network has learned, by colour and by edges.

    Parameters
    ----------
    model : Model
    source : Source
    merge : Merge
        Who does the work.
    """
    params = model.params
    by_graph = params.leaves == "graph" and len(source.shape) == len("CYX")
    finest = graph_leaves(source) if by_graph else model.predict(source)
    graph = region_graph(finest, _face_costs(source, params.edge_weight, model.plan.block))
    graph = simplified(graph, params.min_region, MOST_LEAVES)
    return build_hierarchy(graph, region_means(graph, tree_features(model, source)), merge)


def graph_leaves(source: Source) -> NDArray[np.int32]:
    """Return small graph-based regions (Y, X), numbered from 0, made in blocks.

    The blocks' seams do no harm: what they divide is alike and merges first.

    References
    ----------
    Felzenszwalb and Huttenlocher, Efficient graph-based image segmentation, IJCV 59(2), 2004.
    """
    windows = list(blocks(source.shape[1:], LEAF_BLOCK))
    out = np.empty(source.shape[1:], np.int32)
    # The blocks release the interpreter; two at a time bound the memory.
    with any_channels(), ThreadPoolExecutor(min(2, os.cpu_count() or 1)) as pool:
        first = 0
        for window, found in zip(windows, pool.map(lambda window: _leaves(source, window), windows), strict=True):
            out[window] = found + first
            first += int(found.max()) + 1
    return out


def _leaves(source: Source, window: Window) -> NDArray[np.int64]:
    return graph_regions(np.moveaxis(source.read(window), 0, -1), LEAF_SCALE, LEAF_SIGMA, LEAF_SIZE)


def _face_costs(source: Source, weight: float, side: int) -> FaceCosts:
    """Return what the border costs at each pixel face: one where the image is even, less at edges."""
    if not weight:
        return None
    return [np.exp(-np.float16(weight) * strength) for strength in edge_strength(source, side)]

"""Alike regions under one number wherever they lie: kinds of tissue or mineral instead of places.

The regions of a merge tree are merged once more, now whether they touch or not. What comes out is a merge tree again,
so that a slider goes from few classes to many.
"""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.features import tree_features
from napari_backprop_segmentation.hierarchy.merge import Tree
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, region_means
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, named, size_factor
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions

MOST_REGIONS = 600  # a laptop merges so many, each with each, in a fifth of a second
ALTITUDE = 1000.0  # of a merge that adds one squared unit of features to the mean variance: 4 to 8 classes at detail 40


def class_tree(tree: Hierarchy, model: Model, source: Source, regions: Regions) -> Hierarchy:
    """Return a merge tree of the classes of an image.

    Parameters
    ----------
    tree : Hierarchy
        Of the regions of the image.
    model : Model
    source : Source
    regions : Regions
    """
    index = tree.cut(n_regions=MOST_REGIONS).astype(np.int32) - 1
    areas = np.bincount(index.ravel()).astype(np.float64)
    if len(areas) == 1:
        return tree
    alone = RegionGraph(index, areas, np.empty((0, 2), np.int64), np.empty(0))
    found = ward_tree(region_means(alone, tree_features(model, source, regions)), areas)
    # A class is one at any size of the image: what `Hierarchy.altitude_of` makes of the size is taken back.
    scale = ALTITUDE * size_factor(index) / areas.sum()
    return named(index, Tree(found.parents, found.altitudes * scale, found.areas))


def ward_tree(features: NDArray[np.float64], areas: NDArray[np.float64]) -> Tree:
    """Merge what adds least to the squared distances of pixels from the mean of their class, two by two.

    Parameters
    ----------
    features : (n, F) float64
        Mean of each of n regions, 2 or more.
    areas : (n,) float64
        Pixels of each: scipy's linkage knows no weights.

    Returns
    -------
    Tree
        Altitudes are what a merge adds. O(n^3) in theory, n passes over n x n numbers in fact.

    References
    ----------
    Ward, Hierarchical grouping to optimize an objective function, JASA 58(301), 1963.
    """
    n = len(areas)
    means, sizes, nodes = features.copy(), areas.copy(), np.arange(n)
    parents, altitudes, totals = np.arange(2 * n - 1), np.zeros(2 * n - 1), np.append(areas, np.zeros(n - 1))
    costs = np.stack([_costs(means, sizes, i) for i in range(n)])
    for node in range(n, 2 * n - 1):
        i, j = divmod(int(costs.argmin()), n)
        parents[nodes[[i, j]]], altitudes[node], totals[node] = node, costs[i, j], sizes[i] + sizes[j]
        means[i] = (means[i] * sizes[i] + means[j] * sizes[j]) / totals[node]
        sizes[i], sizes[j], nodes[i] = totals[node], np.inf, node
        costs[i] = costs[:, i] = _costs(means, sizes, i)
        costs[j] = costs[:, j] = np.inf
    return Tree(parents, altitudes, totals)


def _costs(means: NDArray[np.float64], sizes: NDArray[np.float64], i: int) -> NDArray[np.float64]:
    """Return what it adds to merge one region with each (n,); infinity for itself and those of infinite size."""
    gone = np.isinf(sizes)
    others = np.where(gone, 1.0, sizes)
    costs: NDArray[np.float64] = ((means - means[i]) ** 2).sum(axis=1) * others * sizes[i] / (others + sizes[i])
    costs[gone] = np.inf
    costs[i] = np.inf
    return costs

"""Things merged two by two, whether they touch or not, by how little that adds to what they differ by."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.merge import Tree


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

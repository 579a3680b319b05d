"""How far several runs agree: which borders they all keep, and one merge tree for all of them.

Runs with different seeds merge the same finest regions, so they are compared pair by pair of touching regions: how
high in its tree each run merges the two is the saliency of their border in that run.

References
----------
Najman, On the equivalence between hierarchical segmentations and ultrametric watersheds, Journal of Mathematical
Imaging and Vision 40(3), 2011: a hierarchy is the saliency of its borders.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.merge import Borders, Merge, Tree, merge_regions
from napari_backprop_segmentation.hierarchy.region_borders import RegionBorders
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, named

LOWEST = 1e-3  # altitude: below any detail of an image that can be segmented, so lower ones are all alike


@dataclass(frozen=True)
class Agreement:
    """What several runs on one image agree on.

    Attributes
    ----------
    hierarchy : Hierarchy
        The consensus of all runs.
    saliencies : (n_runs, m) float64
        The altitude at which each run merges each pair of touching leaves.
    borders : RegionBorders
        Where leaves part.
    """

    hierarchy: Hierarchy
    saliencies: NDArray[np.float64]
    borders: RegionBorders

    @classmethod
    def of(cls, graph: RegionGraph, trees: Sequence[Hierarchy], merge: Merge = merge_regions) -> Self:
        """Compare runs.

        Parameters
        ----------
        graph : RegionGraph
            The leaves of all trees, in memory or read window by window.
        trees : sequence of Hierarchy
            One a run.
        merge : Merge
            Who builds the consensus.
        """
        borders = RegionBorders.of(graph)
        saliencies = np.stack([saliency(tree, graph.edges) for tree in trees])
        if len(graph.areas) == 1:
            return cls(trees[0], saliencies, borders)
        mean = np.log(np.maximum(saliencies, LOWEST) / LOWEST).mean(axis=0)
        tree = merge(Borders(graph.areas, mean, graph.edges, borders.lengths.astype(np.float64)))
        return cls(named(graph.index, replace(tree, altitudes=_usual_altitudes(tree, trees))), saliencies, borders)

    @property
    def n_runs(self) -> int:
        """How many runs are compared."""
        return len(self.saliencies)

    @property
    def in_memory(self) -> bool:
        """Whether the image fits the memory."""
        return isinstance(self.borders.index, np.ndarray)

    def shares(self, detail: float) -> NDArray[np.float32]:
        """Return which share of the runs keeps each pair of touching leaves apart at a detail, (m,) from 0 to 1."""
        kept = self.saliencies > self.hierarchy.altitude_of(detail)
        shares: NDArray[np.float32] = kept.mean(axis=0, dtype=np.float32)
        return shares

    def map(self, detail: float) -> NDArray[np.float32]:
        """Return how stable borders are at a detail.

        Parameters
        ----------
        detail : float
            From 0, few large regions, to 100, all regions.

        Returns
        -------
        (*spatial) float32
            For a pixel on either side of a border, the share of the runs that have it, from 0 to 1; of several borders
            the highest. 0 inside regions. Mapped from a temporary file where the image does not fit the memory.

        Raises
        ------
        ParameterError
            If the detail is out of range.
        """
        return self.borders.shown(self.shares(detail))


def saliency(tree: Hierarchy, pairs: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the altitude of the lowest common ancestor of each pair of different leaves.

    All pairs climb at once, in jumps over 1, 2, 4, ... nodes.

    Parameters
    ----------
    tree : Hierarchy
    pairs : (m, 2) int64

    Returns
    -------
    (m,) float64

    References
    ----------
    Bender and Farach-Colton, The level ancestor problem simplified, Theoretical Computer Science 321(1), 2004.
    """
    jumps = [tree.parents]
    depth = (tree.parents != np.arange(len(tree.parents))).astype(np.int64)
    while (jumps[-1] != jumps[-1][-1]).any():
        depth = depth + depth[jumps[-1]]
        jumps.append(jumps[-1][jumps[-1]])
    one, other = pairs.T
    swapped = depth[one] < depth[other]
    deep, high = np.where(swapped, other, one), np.where(swapped, one, other)
    gap = depth[deep] - depth[high]
    for power, jump in enumerate(jumps):
        deep = np.where(gap >> power & 1, jump[deep], deep)
    for jump in reversed(jumps):
        apart = jump[deep] != jump[high]
        deep, high = np.where(apart, jump[deep], deep), np.where(apart, jump[high], high)
    found: NDArray[np.float64] = tree.altitudes[tree.parents[deep]]
    return found


def _usual_altitudes(tree: Tree, trees: Sequence[Hierarchy]) -> NDArray[np.float64]:
    """Return altitudes (n_nodes,) that keep the order of a tree but have the unit of those of single runs.

    The lowest merge gets the geometric mean of the lowest ones of all runs, and so on. So a detail shows as many
    regions as in a single run: no more than in one of them, no fewer than in another.
    """
    n_leaves = trees[0].n_leaves
    inner = np.sort([np.maximum(each.altitudes[n_leaves:], LOWEST) for each in trees], axis=1)
    found = np.zeros(len(tree.parents))
    order = np.argsort(tree.altitudes[n_leaves:], kind="stable")  # of equal ones, children come before their parents
    found[n_leaves:][order] = np.exp(np.log(inner).mean(axis=0))
    return found

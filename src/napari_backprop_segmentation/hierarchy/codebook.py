"""Classes that mean the same in several images: what they look like is found on all of them together.

A codebook is a list of what regions look like, merged two by two whether they touch or not. In any image a region
belongs to the entry that it is most like, so a class has one number in all images, at any detail.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from napari_backprop_segmentation.hierarchy.features import tree_features
from napari_backprop_segmentation.hierarchy.merge import Tree
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, region_means
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.hierarchy.ward import ward_tree
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions

MOST_REGIONS = 600  # a laptop merges so many, each with each, in a fifth of a second


@dataclass(frozen=True, eq=False)
class Codebook:
    """What regions look like.

    Attributes
    ----------
    means : (K, F) float64
        Of each entry; in the units of `tree_features`.
    areas : (K,) float64
        Pixels it stands for.
    response_weight, texture_weight : float
        Under which it was made, see `Regions`.
    """

    means: NDArray[np.float64]
    areas: NDArray[np.float64]
    response_weight: float
    texture_weight: float

    @cached_property
    def tree(self) -> Tree:
        """The merge tree of the entries; altitudes are what a merge adds to the variance of a pixel."""
        if len(self.areas) == 1:
            return Tree(np.zeros(1, np.int64), np.zeros(1), self.areas)
        found = ward_tree(self.means, self.areas)
        return Tree(found.parents, found.altitudes / self.areas.sum(), found.areas)

    def nearest(self, means: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the entry (n,) that each of some regions (n, F) is most like."""
        found: NDArray[np.int64] = cdist(means, self.means, "sqeuclidean").argmin(axis=1)
        return found

    def weighted(self, regions: Regions) -> Regions:
        """Return settings under which regions can be compared with the entries."""
        return replace(regions, response_weight=self.response_weight, texture_weight=self.texture_weight)


@dataclass(frozen=True, eq=False)
class LeafLooks:
    """What the leaves of a merge tree look like.

    Attributes
    ----------
    areas : (n_leaves,) float64
        Pixels.
    means : (n_leaves, F) float64
    """

    areas: NDArray[np.float64]
    means: NDArray[np.float64]


def leaf_looks(tree: Hierarchy, model: Model, source: Source, regions: Regions) -> LeafLooks:
    """Return what the leaves of the merge tree of an image look like."""
    areas = np.bincount(tree.index.ravel()).astype(np.float64)
    alone = RegionGraph(tree.index, areas, np.empty((0, 2), np.int64), np.empty(0))
    return LeafLooks(areas, region_means(alone, tree_features(model, source, regions)))


def codebook_of(images: Sequence[tuple[Hierarchy, LeafLooks]], regions: Regions) -> Codebook:
    """Return the codebook of one image, or of several together.

    Parameters
    ----------
    images : sequence of (Hierarchy, LeafLooks)
        Each with the merge tree of its regions.
    regions : Regions
        Under which they look so.
    """
    most = max(1, MOST_REGIONS // len(images))
    found = [looks(tree, leaves, most)[1:] for tree, leaves in images]
    means, areas = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return Codebook(means, areas, regions.response_weight, regions.texture_weight)


def looks(
    tree: Hierarchy, leaves: LeafLooks, most: int = MOST_REGIONS
) -> tuple[NDArray[np.int32], NDArray[np.float64], NDArray[np.float64]]:
    """Return at most so many regions of an image, and what they look like.

    Returns
    -------
    (n_leaves,) int32, (n, F) float64, (n,) float64
        The region of each leaf, from 0; what each region looks like, and its area.
    """
    table = tree.table(n_regions=most).astype(np.int32) - 1
    areas = np.bincount(table, leaves.areas).astype(np.float64)
    sums = [np.bincount(table, feature * leaves.areas) for feature in leaves.means.T]
    return table, np.stack(sums, axis=1) / areas[:, None], areas

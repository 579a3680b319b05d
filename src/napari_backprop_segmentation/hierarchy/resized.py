"""A merge tree over the same image at another size."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.merge import Tree
from napari_backprop_segmentation.hierarchy.region_graph import follow
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, named, size_factor


def resized(tree: Hierarchy, index: NDArray[np.int32]) -> Hierarchy:
    """Return a merge tree at another size of the image: a cut at any detail has the same regions.

    Parameters
    ----------
    tree : Hierarchy
    index : (*spatial) int32
        Leaf of each pixel of the resized image. Leaves that do not occur are no regions any more.
    """
    n = tree.n_leaves
    areas = np.zeros(len(tree.parents))
    areas[:n] = np.bincount(index.ravel(), minlength=n)
    parts = np.zeros(len(tree.parents), np.int64)  # children of which something is left
    for node in range(len(areas) - 1):
        areas[tree.parents[node]] += areas[node]
        parts[tree.parents[node]] += areas[node] > 0
    kept = (areas > 0) & ((np.arange(len(areas)) < n) | (parts == 2))
    if kept.sum() == 1:
        return Hierarchy(np.zeros_like(index), np.zeros(1, np.int64), np.zeros(1), np.zeros(1, np.int64))
    place = np.arange(len(areas))
    up = follow(np.where(kept[tree.parents], place, tree.parents))  # the node below the next one that is kept
    numbers = np.cumsum(kept) - 1
    parents = numbers[tree.parents[up[kept]]]
    scale = size_factor(index) / size_factor(tree.index)
    left = Tree(parents, tree.altitudes[kept] * scale, areas[kept])
    return named(numbers[index].astype(np.int32), left)

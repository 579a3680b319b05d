"""A merge tree over the same image at another size, or over a window of it."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.merge import Tree
from napari_backprop_segmentation.hierarchy.region_graph import follow
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, named, size_factor
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.labels import present

CHILDREN = 2


def resized(tree: Hierarchy, index: NDArray[np.int32]) -> Hierarchy:
    """Return a merge tree at another size of the image: a cut at any detail has the same regions.

    Parameters
    ----------
    tree : Hierarchy
    index : (*spatial) int32
        Leaf of each pixel of the resized image. Leaves that do not occur are no regions any more.
    """
    return _over(tree, index, size_factor(index) / size_factor(tree.index))


def windowed(tree: Hierarchy, window: Window) -> Hierarchy:
    """Return a merge tree over a window of the image, with the altitudes it has there."""
    return _over(tree, np.asarray(tree.index[window]), 1.0)


def _over(tree: Hierarchy, index: NDArray[np.int32], scale: float) -> Hierarchy:
    """Return the tree of the leaves that occur; takes as long as these have ancestors, however large the tree is."""
    leaves, where = present(index)
    if len(leaves) == 1:
        return Hierarchy(np.zeros_like(index), np.zeros(1, np.int64), np.zeros(1), np.zeros(1, np.int64))
    nodes = _upwards(tree.parents, leaves)
    parents = np.searchsorted(nodes, tree.parents[nodes])
    n = len(leaves)  # the lowest numbers are leaves
    areas = np.zeros(len(nodes))
    areas[:n] = np.bincount(where.ravel())
    parts = np.zeros(len(nodes), np.int64)  # children of which something is left
    for node, parent in enumerate(parents[:-1].tolist()):
        areas[parent] += areas[node]
        parts[parent] += 1
    kept = (np.arange(len(nodes)) < n) | (parts == CHILDREN)
    up = follow(np.where(kept[parents], np.arange(len(nodes)), parents))  # the node below the next one that is kept
    numbers = np.cumsum(kept) - 1
    left = Tree(numbers[parents[up[kept]]], tree.altitudes[nodes[kept]] * scale, areas[kept])
    return named(where.astype(np.int32), left)


def _upwards(parents: NDArray[np.int64], leaves: NDArray[np.integer]) -> NDArray[np.int64]:
    """Return leaves and all that holds any of them, in order."""
    seen: set[int] = set()
    for leaf in leaves.tolist():
        node = leaf
        while node not in seen:
            seen.add(node)
            node = int(parents[node])
    return np.array(sorted(seen), np.int64)

"""Strokes that show one thing each: regions of the merge tree follow them, all others stay as they are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.labels import label_dtype

Strokes = NDArray[np.integer[Any]]


def pieces(tree: Hierarchy, strokes: Strokes, detail: float) -> NDArray[Any]:
    """Return a cut of a merge tree, put right by strokes.

    Regions that one stroke crosses become one, under its number. A region that several cross is divided: each finest
    region in it goes to the stroke with which it merges first, and where that is no answer, to the nearest one. The
    other regions are numbered behind the highest stroke.

    Parameters
    ----------
    tree : Hierarchy
    strokes : (*spatial) int
        One number a thing, from 1; 0 is nothing.
    detail : float
        Of the cut, from 0 to 100.

    Returns
    -------
    (*spatial) int array
        What is drawn has the number it was drawn with.
    """
    regions = tree.cut(detail)
    found = regions.astype(np.int64) + int(strokes.max())
    touched = np.isin(regions, np.unique(regions[strokes > 0]))
    owner = owners(tree, strokes)[tree.index]
    open_ = touched & (owner < 0)
    if open_.any():
        near = ndimage.distance_transform_edt(strokes == 0, return_distances=False, return_indices=True)
        owner = np.where(open_, strokes[tuple(near)], owner)
    found[touched] = owner[touched]
    drawn = strokes > 0
    found[drawn] = strokes[drawn]
    return found.astype(label_dtype(int(found.max())))


def owners(tree: Hierarchy, strokes: Strokes) -> NDArray[np.int64]:
    """Return for each finest region (n_leaves,) the stroke it merges with first; -1 where that could be several."""
    n = len(tree.parents)
    low, high = np.full(n, np.iinfo(np.int64).max), np.zeros(n, np.int64)
    drawn = strokes > 0
    leaves, numbers = tree.index[drawn], strokes[drawn].astype(np.int64)
    np.minimum.at(low, leaves, numbers)
    np.maximum.at(high, leaves, numbers)
    for child, parent in enumerate(tree.parents[:-1].tolist()):  # parents come after their children
        low[parent], high[parent] = min(low[parent], low[child]), max(high[parent], high[child])
    node = np.arange(tree.n_leaves)
    while (lost := (high[node] == 0) & (tree.parents[node] != node)).any():
        node = np.where(lost, tree.parents[node], node)
    return np.where(low[node] == high[node], high[node], -1)

"""Strokes that show one thing each: regions of the merge tree follow them, all others stay as they are."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from napari_backprop_segmentation.hierarchy.tree import PAINTED_SIDE, Hierarchy
from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.labels import label_dtype

Strokes = NDArray[np.integer[Any]]
OPEN = -1  # instead of a label: of the nearest stroke


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
    return Pieces.of(tree, strokes, detail).labels(tuple(slice(0, n) for n in tree.shape))


@dataclass(frozen=True, eq=False)
class Drawn:
    """The pixels that are drawn on, in the order of the image.

    Attributes
    ----------
    places : (m, ndim) int64
    leaves : (m,) int64
        The finest region under each.
    numbers : (m,) int64
        Of the stroke.
    """

    places: NDArray[np.int64]
    leaves: NDArray[np.int64]
    numbers: NDArray[np.int64]

    @classmethod
    def on(cls, index: NDArray[Any], strokes: Strokes) -> "Drawn":
        """Return what is drawn on finest regions (*spatial), both of which are read window by window."""
        places, leaves, numbers = (
            [np.zeros((0, index.ndim), np.int64)],
            [np.zeros(0, np.int64)],
            [np.zeros(0, np.int64)],
        )
        for window in blocks(index.shape, index.size if isinstance(index, np.ndarray) else PAINTED_SIDE):
            here = np.asarray(strokes[window])
            there = np.nonzero(here > 0)
            if len(there[0]):
                places.append(np.stack(there, axis=1) + [side.start for side in window])
                leaves.append(index[window][there].astype(np.int64))
                numbers.append(here[there].astype(np.int64))
        found = np.concatenate(places)
        order = np.argsort(np.ravel_multi_index(tuple(found.T), index.shape))
        return cls(found[order], np.concatenate(leaves)[order], np.concatenate(numbers)[order])


@dataclass(frozen=True, eq=False)
class Pieces:
    """A cut that was put right by strokes; its labels are made window by window.

    Attributes
    ----------
    tree : Hierarchy
    strokes : (*spatial) int
        Read by windows.
    drawn : Drawn
    table : (n_leaves,) int64
        The label of each finest region; `OPEN` where each pixel goes to the nearest stroke.
    """

    tree: Hierarchy
    strokes: Strokes
    drawn: Drawn
    table: NDArray[np.int64]

    @classmethod
    def of(cls, tree: Hierarchy, strokes: Strokes, detail: float) -> "Pieces":
        """Return what strokes lead to, see `pieces`."""
        drawn = Drawn.on(tree.index, strokes)
        regions = tree.table(detail).astype(np.int64)
        touched = np.isin(regions, regions[drawn.leaves])
        followed = owners(tree, drawn.leaves, drawn.numbers)
        return cls(tree, strokes, drawn, np.where(touched, followed, regions + drawn.numbers.max()))

    @property
    def dtype(self) -> type[np.integer[Any]]:
        """Of the labels."""
        return label_dtype(int(max(self.drawn.numbers.max(), self.table.max())))

    def labels(self, window: Window) -> NDArray[Any]:
        """Return the labels of a window."""
        found, drawn = self.table[self.tree.index[window]], np.asarray(self.strokes[window])
        there = np.nonzero((found == OPEN) & (drawn == 0))
        if len(there[0]):
            nearest = self._places.query(np.stack(there, axis=1) + [side.start for side in window])[1]
            found[there] = self.drawn.numbers[nearest]
        return np.where(drawn > 0, drawn, found).astype(self.dtype)

    @cached_property
    def _places(self) -> cKDTree:
        """The places, to look up the nearest; which of several equally near ones it is depends on no window."""
        return cKDTree(self.drawn.places)


def owners(tree: Hierarchy, leaves: NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each finest region (n_leaves,) the stroke it merges with first; `OPEN` where that could be several.

    Parameters
    ----------
    tree : Hierarchy
    leaves, numbers : (m,) int64
        The finest region under each drawn pixel, and the number of its stroke.
    """
    n = len(tree.parents)
    low, high = np.full(n, np.iinfo(np.int64).max), np.zeros(n, np.int64)
    np.minimum.at(low, leaves, numbers)
    np.maximum.at(high, leaves, numbers)
    for child, parent in enumerate(tree.parents[:-1].tolist()):  # parents come after their children
        low[parent], high[parent] = min(low[parent], low[child]), max(high[parent], high[child])
    node = np.arange(tree.n_leaves)
    while (lost := (high[node] == 0) & (tree.parents[node] != node)).any():
        node = np.where(lost, tree.parents[node], node)
    return np.where(low[node] == high[node], high[node], OPEN)

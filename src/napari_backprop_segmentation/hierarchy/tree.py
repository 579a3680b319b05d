"""From regions to a merge tree: how many segments there are becomes a slider instead of a wait.

The leaves are the connected regions of the trained network's labels. They are merged two by two in the order of the
piecewise-constant Mumford-Shah energy of their mean colour and response.

References
----------
Guigues, Cocquerez and Le Men, Scale-sets image analysis, IJCV 68(3), 2006.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.merge import Merge, Regions, Tree, merge_regions
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph, follow
from napari_backprop_segmentation.image.blocks import blocks
from napari_backprop_segmentation.image.labels import label_dtype

MOST_DETAIL = 100.0
PAINTED_SIDE = 1024  # pixels: of what is read at once of an image that does not fit the memory
USUAL_SIDE = 400  # pixels: the side of a BSDS500 photograph, were it square
COARSEST, FINEST = 2e3, 2.0  # altitudes of detail 0 and just below 100: half way is best for most photographs


@dataclass(frozen=True)
class Hierarchy:
    """A merge tree over the regions of an image; any cut of it is a segmentation.

    Attributes
    ----------
    index : (*spatial) int32
        Leaf of each pixel, numbered from 0; an array, or of an image that does not fit the memory what can be read
        window by window.
    parents : (n_nodes,) int64
        Parent of each node; the first n_leaves nodes are the leaves, the last is the root and its own parent.
    altitudes : (n_nodes,) float64
        Mumford-Shah scale from which on a node is preferred to its children; 0 for leaves, never above its parent's.
    names : (n_nodes,) int64
        The largest leaf under each node, followed from child to child: what a region's number stands for.
    """

    index: NDArray[np.int32]
    parents: NDArray[np.int64]
    altitudes: NDArray[np.float64]
    names: NDArray[np.int64]

    def cut(self, detail: float | None = None, *, n_regions: int | None = None) -> NDArray[Any]:
        """Return the labels of one position in the hierarchy.

        A region keeps its number from position to position: a merged region takes the number of its larger part.

        Parameters
        ----------
        detail : float
            From 0, few large regions, to 100, all regions the network has found.
        n_regions : int
            Instead of `detail`: the finest cut with at most so many regions.

        Returns
        -------
        (*spatial) int array
            Numbered 1, 2, 3, ... without gaps; the largest part of the image is 1.

        Raises
        ------
        ParameterError
            Unless exactly one of the two is given, and in its range.
        """
        return self.cut_of(self.table(detail, n_regions=n_regions))

    def cut_of(self, table: NDArray[Any]) -> NDArray[Any]:
        """Return the labels (*spatial) where each leaf has one of a table (n_leaves,)."""
        labels = np.empty(self.shape, table.dtype)
        self.paint(table, labels)
        return labels

    def table(self, detail: float | None = None, *, n_regions: int | None = None) -> NDArray[Any]:
        """Return the label of each leaf (n_leaves,) at one position in the hierarchy; see `cut`."""
        if (detail is None) == (n_regions is None):
            raise ParameterError(
                f"cut must be given either detail or n_regions, got detail={detail} and n_regions={n_regions}; name one"
            )
        return self.lookup(self._merged(n_regions) if n_regions is not None else self.altitude_of(detail))

    def altitude_of(self, detail: float | None) -> float:
        """Return the altitude of a position from 0 to 100: equal steps of detail are equal factors of scale.

        Altitudes grow with the size of the objects in pixels. In images smaller than a photograph they are counted as
        if the image were that large, so that the same detail shows as much of it.
        """
        if detail is None or not 0 <= detail <= MOST_DETAIL:
            raise ParameterError(f"detail must be a number from 0 to {MOST_DETAIL:g}, got {detail}; choose one between")
        if detail == MOST_DETAIL:
            return -1.0
        return float(size_factor(self.index) * COARSEST * (FINEST / COARSEST) ** (detail / MOST_DETAIL))

    def lookup(self, altitude: float) -> NDArray[Any]:
        """Return the label of each leaf (n_leaves,) when all merges up to an altitude are made."""
        top = follow(np.where(self.altitudes[self.parents] <= altitude, self.parents, np.arange(len(self.parents))))
        found: NDArray[Any] = self._numbers[self.names[top[: self.n_leaves]]]
        return found

    def count(self, detail: float) -> int:
        """Return how many regions the cut at `detail` has: cheap enough to show while a slider moves."""
        return 1 + int((self.altitudes[self.n_leaves :] > self.altitude_of(detail)).sum())

    @property
    def n_leaves(self) -> int:
        """How many regions the finest cut has."""
        return (len(self.parents) + 1) // 2

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the label image."""
        return self.index.shape

    def leaves(self) -> NDArray[np.int32]:
        """Return the leaf of each pixel, numbered from 0."""
        return self.index[(slice(None),) * self.index.ndim]

    def leaf_labels(self, detail: float) -> NDArray[Any]:
        """Return the label of each leaf (n_leaves,) in the cut at `detail`."""
        return self.lookup(self.altitude_of(detail))

    def paint(self, table: NDArray[Any], out: Any) -> None:
        """Write the entry of each pixel's leaf into `out`, an array of the shape of the image."""
        side = self.index.size if isinstance(self.index, np.ndarray) else PAINTED_SIDE
        for window in blocks(self.shape, side):
            out[window] = table[self.index[window]]

    @cached_property
    def _numbers(self) -> NDArray[Any]:
        """The label of each leaf (n_leaves,), from 1: the later its name dies out, the lower its number.

        Each merge ends one name. So the names that are left at any cut are those with the lowest numbers.
        """
        top = np.empty(self.n_leaves, np.int64)
        top[self.names] = np.arange(len(self.names))  # parents come after their children: the last one stays
        end = np.where(top == self.parents[top], np.inf, self.altitudes[self.parents[top]])
        numbers = np.empty(self.n_leaves, dtype=label_dtype(self.n_leaves))
        numbers[np.lexsort((-self.parents[top], -end))] = np.arange(1, self.n_leaves + 1)
        return numbers

    def _merged(self, n_regions: int) -> float:
        """Return the lowest altitude whose cut has at most so many regions."""
        if n_regions < 1:
            raise ParameterError(f"n_regions must be at least 1, got {n_regions}; ask for one region or more")
        inner = np.sort(self.altitudes[self.n_leaves :])[::-1]
        return float(inner[n_regions - 1]) if n_regions <= len(inner) else -1.0


def size_factor(index: NDArray[Any]) -> float:
    """Return how long the side of an image (*spatial) is beside that of a photograph, at most 1."""
    side = index.size ** (1 / index.ndim)
    return float(min(1.0, side / USUAL_SIDE))


def build_hierarchy(graph: RegionGraph, features: NDArray[np.float64], merge: Merge = merge_regions) -> Hierarchy:
    """Merge the regions of an image into a tree.

    Parameters
    ----------
    graph : RegionGraph
        n regions.
    features : (n, F) float64
        Mean of each region; the units decide what counts as different (see `tree_features`).
    merge : Merge
        Who does the work.
    """
    if len(graph.areas) == 1:
        return Hierarchy(graph.index, np.zeros(1, np.int64), np.zeros(1), np.zeros(1, np.int64))
    return named(graph.index, merge(Regions(graph.areas, features, graph.edges, graph.lengths)))


def named(index: NDArray[np.int32], tree: Tree) -> Hierarchy:
    """Return a merge tree over the regions `index` (*spatial) of an image, in which each node has a name."""
    n_leaves = (len(tree.parents) + 1) // 2
    names = follow(_largest_child(tree.parents, tree.areas, n_leaves))
    return Hierarchy(index, tree.parents, tree.altitudes, names)


def _largest_child(parents: NDArray[np.int64], areas: NDArray[np.float64], n_leaves: int) -> NDArray[np.int64]:
    """Return the larger child of each inner node; a leaf is its own."""
    child = np.arange(len(parents))
    by_size = np.lexsort((-np.arange(len(parents) - 1), areas[:-1]))  # without the root; the last one written wins
    child[parents[by_size]] = by_size
    child[:n_leaves] = np.arange(n_leaves)
    return child

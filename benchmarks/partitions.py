"""Label images as families of cuts over one fine partition, and the tables of overlaps everything is scored from."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as label_parts

from napari_backprop_segmentation.hierarchy.higra_module import hg

IntArray = NDArray[np.integer]

DENSE_FACTOR = 8  # a table of overlaps may be so many times larger than its list of entries before sorting is faster


@dataclass(frozen=True)
class Family:
    """Label images that are all made of the same leaves.

    Attributes
    ----------
    leaves : (*spatial) int array
        Sets of pixels that are never divided, numbered 0 to n_leaves - 1.
    cuts : mapping of str to (n_leaves,) int array
        For each scale, by name, the label of every leaf, from 0.
    """

    leaves: IntArray
    cuts: Mapping[str, IntArray]

    @classmethod
    def from_labels(cls, labels: IntArray, name: str = "", *, whole: bool = False) -> "Family":
        """Return the family of a single label image (*spatial) of any int dtype.

        Connected parts of a label are leaves; with `whole` every label is one leaf, for methods that make regions.
        """
        if whole:
            leaves = consecutive(labels)
            return cls(leaves, {name: np.arange(int(leaves.max()) + 1)})
        leaves = connected_parts(labels)
        of_leaf = np.empty(leaves.max() + 1, np.int64)
        of_leaf[leaves.ravel()] = consecutive(labels).ravel()
        return cls(leaves, {name: of_leaf})

    @cached_property
    def _contacts(self) -> tuple[IntArray, hg.UndirectedGraph]:
        """Pairs of leaves (n_pairs, 2) that touch along an axis, also as a graph."""
        pairs, _ = borders(self.leaves)
        graph = hg.UndirectedGraph(int(self.leaves.max()) + 1)
        graph.add_edges(*pairs.T)
        return pairs, graph

    def labels(self, name: str) -> IntArray:
        """Return the label image (*spatial) of one scale."""
        return self.cuts[name][self.leaves]

    def distinct(self) -> Iterator[tuple[list[str], IntArray]]:
        """Yield every different cut once, with all its names."""
        names: dict[bytes, list[str]] = {}
        for name, labels in self.cuts.items():
            names.setdefault(labels.tobytes(), []).append(name)
        for same in names.values():
            yield same, self.cuts[same[0]]

    def parts(self, keys: IntArray) -> IntArray:
        """Return for every leaf (n_leaves,) the number of its region: touching leaves of equal key are one region."""
        pairs, graph = self._contacts
        if not len(pairs):
            return np.zeros(1, np.int64)
        apart = keys[pairs[:, 0]] != keys[pairs[:, 1]]
        return hg.graph_cut_2_labelisation(graph, apart).astype(np.int64) - 1


@dataclass(frozen=True)
class Table:
    """Number of pixels in which a predicted region and a true one overlap, for the pairs that do.

    Attributes
    ----------
    rows, columns, counts : (n_pairs,) int arrays
        Predicted region, true region, pixels.
    row_sizes, column_sizes : int arrays
        Pixels of each predicted and of each true region.
    """

    rows: IntArray
    columns: IntArray
    counts: IntArray
    row_sizes: IntArray
    column_sizes: IntArray
    _ious: list[NDArray[np.float64]] = field(default_factory=list, repr=False)

    @classmethod
    def of(cls, prediction: IntArray, truth: IntArray, n_columns: int) -> "Table":
        """Return the overlaps of two label images of one shape, both numbered from 0."""
        n_rows = int(prediction.max()) + 1
        keys = prediction.astype(np.int64).ravel() * n_columns + truth.ravel()
        found, counts = _count(keys, None, n_rows * n_columns)
        rows, columns = np.divmod(found, n_columns)
        return cls(rows, columns, counts, *_sizes(rows, columns, counts, (n_rows, n_columns)))

    @classmethod
    def beside(cls, tables: list["Table"]) -> "Table":
        """Return tables of one prediction with several truths as one table; their columns follow each other."""
        starts = np.cumsum([0, *(len(t.column_sizes) for t in tables)])
        return cls(
            np.concatenate([t.rows for t in tables]),
            np.concatenate([t.columns + start for t, start in zip(tables, starts, strict=False)]),
            np.concatenate([t.counts for t in tables]),
            tables[0].row_sizes,
            np.concatenate([t.column_sizes for t in tables]),
        )

    def merged(self, regions: IntArray) -> "Table":
        """Return the table after row i became part of row ``regions[i]`` (n_rows,)."""
        n_columns, n_rows = len(self.column_sizes), int(regions.max()) + 1
        found, counts = _count(regions[self.rows] * n_columns + self.columns, self.counts, n_rows * n_columns)
        rows, columns = np.divmod(found, n_columns)
        row_sizes = np.bincount(regions, self.row_sizes, n_rows).astype(np.int64)
        return Table(rows, columns, counts, row_sizes, self.column_sizes)

    @property
    def ious(self) -> NDArray[np.float64]:
        """Intersection over union of every pair (n_pairs,)."""
        if not self._ious:
            self._ious.append(self.counts / (self.row_sizes[self.rows] + self.column_sizes[self.columns] - self.counts))
        return self._ious[0]


def connected_parts(labels: IntArray) -> IntArray:
    """Return the connected sets of equal label (*spatial), numbered from 0; pixels connect along the axes."""
    # A mask would lose its background to skimage's shortcut for bools.
    return label_parts(labels.astype(np.int64), connectivity=1, background=int(labels.min()) - 1) - 1


def consecutive(labels: IntArray) -> IntArray:
    """Return the labels numbered 0, 1, 2, ... in their own order."""
    low, high = int(labels.min()), int(labels.max())
    if high - low > 4 * labels.size:
        return np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    present = np.zeros(high - low + 1, bool)
    present[labels.ravel().astype(np.int64) - low] = True
    return (np.cumsum(present) - 1)[labels.astype(np.int64) - low]


def borders(leaves: IntArray) -> tuple[IntArray, IntArray]:
    """Return the pairs (n_pairs, 2) of different labels that touch along an axis, and the length of their border.

    Labels count from 0. Each pair occurs once, the smaller label first; lengths are numbers of pixel sides (n_pairs,).
    """
    n = int(leaves.max()) + 1
    keys = []
    for axis in range(leaves.ndim):
        along = np.moveaxis(leaves, axis, 0)
        touch = along[:-1] != along[1:]
        a, b = along[:-1][touch].astype(np.int64), along[1:][touch].astype(np.int64)
        keys.append(np.minimum(a, b) * n + np.maximum(a, b))
    found, lengths = np.unique(np.concatenate(keys), return_counts=True)
    return np.stack(np.divmod(found, n), axis=1), lengths


def _count(keys: IntArray, weights: IntArray | None, n_keys: int) -> tuple[IntArray, IntArray]:
    """Return the keys that occur and the sum of their weights."""
    if n_keys <= DENSE_FACTOR * len(keys):
        counts = np.bincount(keys, weights, n_keys)
        found = np.flatnonzero(counts)
        return found, counts[found].astype(np.int64)
    if weights is None:
        return np.unique(keys, return_counts=True)
    found, inverse = np.unique(keys, return_inverse=True)
    return found, np.bincount(inverse, weights).astype(np.int64)


def _sizes(rows: IntArray, columns: IntArray, counts: IntArray, shape: tuple[int, int]) -> tuple[IntArray, IntArray]:
    return (
        np.bincount(rows, counts, shape[0]).astype(np.int64),
        np.bincount(columns, counts, shape[1]).astype(np.int64),
    )

"""The same number for the same thing from frame to frame, and from slice to slice.

Labels of two neighbouring frames are paired one to one by the pixels they share, the largest overlap first. Of a label
that divides, the part with the larger overlap keeps the number, and so does the larger of two that become one. Numbers
of what ends are never given to anything else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.labels import label_dtype

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Overlaps:
    """How many pixels numbers of one image share with numbers of another; only pairs that share any.

    Attributes
    ----------
    before, after : (m,) int64
    pixels : (m,) int64
    """

    before: Ints
    after: Ints
    pixels: Ints

    @classmethod
    def of(cls, before: NDArray[Any], after: NDArray[Any]) -> "Overlaps":
        """Count the overlaps of two images of numbers from 0, of the same shape."""
        return cls.summed(before.ravel(), after.ravel(), np.ones(before.size, np.int64))

    @classmethod
    def summed(cls, before: NDArray[Any], after: NDArray[Any], pixels: NDArray[Any]) -> "Overlaps":
        """Add up overlaps that are listed in parts: three arrays of one length."""
        shape = (int(before.max(initial=0)) + 1, int(after.max(initial=0)) + 1)
        table = coo_array((pixels, (before, after)), shape=shape).tocsr().tocoo()  # csr sums, without sorting
        rows, columns = (np.asarray(c, dtype=np.int64) for c in table.coords)
        return cls(rows, columns, table.data)


def partners(overlaps: Overlaps, n_after: int) -> Ints:
    """Return for each number after, from 0 to `n_after`, the number before that it continues; 0 for none.

    0 is the ground: it is not paired.
    """
    real = (overlaps.before > 0) & (overlaps.after > 0)
    before, after, pixels = overlaps.before[real], overlaps.after[real], overlaps.pixels[real]
    order = np.lexsort((after, before, -pixels))
    before, after = before[order], after[order]
    found = np.zeros(n_after + 1, np.int64)
    first_before = np.empty(int(before.max(initial=0)) + 1, np.int64)
    first_after = np.empty(n_after + 1, np.int64)
    while before.size:
        # All pairs that are the best left for both of their members: what taking the largest one by one would take.
        rank = np.arange(before.size)
        first_before[before[::-1]], first_after[after[::-1]] = rank[::-1], rank[::-1]
        best = (first_before[before] == rank) & (first_after[after] == rank)
        found[after[best]] = before[best]
        taken = np.zeros(len(first_before), bool)
        taken[before[best]] = True
        left = ~taken[before] & (found[after] == 0)
        before, after = before[left], after[left]
    return found


class Numbers:
    """Gives out numbers, frame after frame: those of the frame before where something continues, else new ones."""

    def __init__(self) -> None:
        self.used = 0

    def of(self, n_labels: int, overlaps: Overlaps | None = None) -> Ints:
        """Return the number of each label (n_labels + 1,) of the next frame; that of 0 is 0.

        Parameters
        ----------
        n_labels : int
            The highest label of the frame; labels need not be without gaps.
        overlaps : Overlaps, optional
            Of the numbers of the frame before with the labels of this one; nothing continues if left out.
        """
        found = np.zeros(n_labels + 1, np.int64) if overlaps is None else partners(overlaps, n_labels)
        new = found == 0
        new[0] = False
        found[new] = self.used + np.arange(1, np.count_nonzero(new) + 1)
        self.used = max(self.used, int(found.max(initial=0)))
        return found


class LinkedTrees:
    """The merge trees of the frames of a series, or the slices of a volume, cut together and numbered alike.

    Only tables of regions are linked, not pixels, so that another cut is quick.

    Parameters
    ----------
    parts : sequence of Hierarchy or LinkedTrees
        Of the same shape, in order.
    numbered_alike : bool
        Whether their labels mean the same already, such as classes: then nothing is linked.
    """

    def __init__(self, parts: "Sequence[Hierarchy | LinkedTrees]", *, numbered_alike: bool = False) -> None:
        self.parts, self.numbered_alike = tuple(parts), numbered_alike
        self.shape: tuple[int, ...] = (len(self.parts), *self.parts[0].shape)
        self.n_leaves: int = sum(part.n_leaves for part in self.parts)
        self._overlaps: list[Overlaps] = []
        self._last: tuple[float, Ints] | None = None
        if numbered_alike:
            return
        images = (part.leaves() for part in self.parts)
        before = next(images)
        for after in images:
            self._overlaps.append(Overlaps.of(before, after))
            before = after

    def cut(self, detail: float) -> NDArray[Any]:
        """Return the labels of one position in all trees, see `Hierarchy.cut`, numbered alike through the series.

        Parameters
        ----------
        detail : float
            From 0, few large regions, to 100, all small ones.
        """
        table = self.leaf_labels(detail)
        labels = np.empty(self.shape, label_dtype(int(table.max())))
        self.paint(table.astype(labels.dtype), labels)
        return labels

    def count(self, detail: float) -> int:
        """Return how many different regions the cut at `detail` has through the series."""
        return len(np.unique(self.leaf_labels(detail)))

    def leaf_labels(self, detail: float) -> Ints:
        """Return the linked label of each leaf of all parts, (n_leaves,)."""
        if self._last is None or self._last[0] != detail:
            self._last = detail, self._linked(detail)
        return self._last[1]

    def leaves(self) -> NDArray[Any]:
        """Return the leaf of each pixel, numbered from 0 through all parts."""
        first = np.cumsum([0, *(part.n_leaves for part in self.parts)])
        return np.stack([part.leaves() + start for part, start in zip(self.parts, first, strict=False)])

    def paint(self, table: NDArray[Any], out: NDArray[Any]) -> None:
        """Write the entry of each pixel's leaf into `out`, an array of the shape of the series."""
        first = 0
        for part, frame in zip(self.parts, out, strict=True):
            part.paint(table[first : first + part.n_leaves], frame)
            first += part.n_leaves

    def _linked(self, detail: float) -> Ints:
        if self.numbered_alike:
            return np.concatenate([part.leaf_labels(detail).astype(np.int64) for part in self.parts])
        numbers, linked = Numbers(), list[Ints]()
        for part, overlaps in zip(self.parts, [None, *self._overlaps], strict=True):
            labels = part.leaf_labels(detail).astype(np.int64)
            shared = overlaps and Overlaps.summed(linked[-1][overlaps.before], labels[overlaps.after], overlaps.pixels)
            linked.append(numbers.of(int(labels.max()), shared)[labels])
        return np.concatenate(linked)


def single_trees(tree: Hierarchy | LinkedTrees) -> Iterator[Hierarchy]:
    """Yield the tree of each frame or slice, in order."""
    if isinstance(tree, Hierarchy):
        yield tree
        return
    for part in tree.parts:
        yield from single_trees(part)


class LabelLinker:
    """Numbers the labels of frame after frame alike; keeps the last frame only."""

    def __init__(self) -> None:
        self._numbers = Numbers()
        self._last: NDArray[Any] | None = None

    def __call__(self, labels: NDArray[Any]) -> NDArray[np.int32]:
        """Return the labels of the next frame under their linked numbers; 0 stays 0."""
        shared = None if self._last is None else Overlaps.of(self._last, labels)
        self._last = self._numbers.of(int(labels.max()), shared).astype(np.int32)[labels]
        return self._last

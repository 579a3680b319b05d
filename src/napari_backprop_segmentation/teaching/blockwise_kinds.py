"""Strokes of several kinds on an image that does not fit the memory: the answer of the image in one piece."""

import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.hierarchy.block_features import Shown
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.kept_blocks import Parts, Work
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.teaching.blockwise_patches import (
    Numbered,
    blockwise_surroundings,
    numbered,
    patch_windows,
    patches_in,
)
from napari_backprop_segmentation.teaching.kinds import (
    Forests,
    Knows,
    Strokes,
    both,
    drawn_numbers,
    fitted,
    lessons_of,
    region_shares,
    region_sums,
    taken,
)
from napari_backprop_segmentation.teaching.patches import Floats, cells, divided

OWN = "own"  # name of what is kept


@dataclass(frozen=True, eq=False)
class Looked:
    """An image whose patches can be looked at, window by window.

    Attributes
    ----------
    seen : Seen
        The image and a network.
    tree : Hierarchy
    work : Work
    around : (n_leaves, S) float32
        What surrounds each finest region.
    """

    seen: Seen
    tree: Hierarchy
    work: Work
    around: Floats = field(repr=False)

    @classmethod
    def at(cls, seen: Seen, tree: Hierarchy, work: Work) -> "Looked":
        """Look at what surrounds the finest regions of an image."""
        return cls(seen, tree, work, blockwise_surroundings(seen.source, tree, work))

    @property
    def windows(self) -> list[Window]:
        """Where patches are looked at together."""
        return patch_windows(self.tree.shape)

    def shown(self, window: Window) -> Numbered:
        """Return the finest regions of a window."""
        return numbered(self.tree.index, window)


@dataclass(frozen=True, eq=False)
class BlockwiseKinds:
    """What each patch is; labels are made window by window.

    Attributes
    ----------
    looked : Looked
    numbers : (K,) int array
        The kinds, in order.
    region : (n_leaves, K) float64
        How sure each finest region is of each kind.
    own : Parts
        How sure the patches of each window are.
    """

    looked: Looked
    numbers: NDArray[np.integer[Any]]
    region: NDArray[np.float64]
    own: Parts

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the labels."""
        return self.numbers.dtype

    def windows(self) -> Iterator[tuple[Window, NDArray[Any]]]:
        """Yield each window and the kind of its pixels (*window)."""
        for window, index, sure in self._sure():
            yield window, self.numbers[sure.argmax(axis=1)][index]

    def shares(self, kind: int) -> Iterator[tuple[Window, Floats]]:
        """Yield each window and how sure its pixels (*window) are of one kind."""
        column = np.flatnonzero(self.numbers == kind)
        for window, index, sure in self._sure():
            yield window, sure[:, column].sum(axis=1).astype(np.float32)[index]

    def _sure(self) -> Iterator[tuple[Window, NDArray[np.int32], NDArray[np.float64]]]:
        """Yield each window, the patch of its pixels (*window), and all the evidence of these (n, K)."""
        for number, window in enumerate(self.looked.windows):
            index, regions = divided(self.looked.tree.index[window])
            kept = self.own.get(number)
            if kept is None:
                raise OSError(f"kinds must be kept in {str(self.own.folder)!r} until they are written, got none there")
            yield window, index, both(kept[OWN], self.region[regions])


def blockwise_kinds(looked: Looked, knows: Knows) -> BlockwiseKinds:
    """Return the kind of each patch, by what somebody knows of how they look; see `kinds.apply`."""
    folder = tempfile.TemporaryDirectory(prefix="backprop-segmentation-")
    own, known = Parts(Path(folder.name)), list[NDArray[np.int64]]()
    sums = np.zeros((looked.tree.n_leaves, len(knows.kinds)), np.int64)
    areas = np.zeros(looked.tree.n_leaves)

    def shown() -> Iterator[tuple[Shown, Floats]]:
        for window in looked.windows:
            each, numbers = looked.shown(window)
            areas[numbers] += np.bincount(each.where.ravel(), minlength=each.n)
            known.append(numbers)
            yield each, looked.around[numbers]

    for number, (sure, found) in enumerate(looked.work.in_turn(_sure_in, (looked.seen, knows), shown())):
        own.put(number, {OWN: sure})
        sums[known[number]] += found
    kinds = BlockwiseKinds(looked, drawn_numbers(knows), region_shares(sums, areas), own)
    weakref.finalize(kinds, folder.cleanup)
    return kinds


def _sure_in(common: tuple[Seen, Knows], item: tuple[Shown, Floats]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return how sure the patches of a window are (n, K), and the sums of that over its regions."""
    (seen, knows), (shown, around) = common, item
    patches = patches_in(seen, shown, around)
    own = knows.sure(patches.looks)
    return own, region_sums(own, patches, shown.n)


def learned_in_blocks(looked: Looked, strokes: Strokes, seed: int = 0) -> Forests:
    """Return forests that know what each kind looks like, see `kinds.learn`; strokes are read window by window.

    Raises
    ------
    ImageError
        If fewer than two kinds are drawn.
    """
    codes, kinds, weights, where = [], [], [], []
    for number, window in enumerate(looked.windows):
        here = np.asarray(strokes[window])
        if here.any():
            drawn = lessons_of(cells(looked.tree.index[window], window, looked.tree.shape), here)
            codes.append(drawn.patches)
            kinds.append(drawn.kinds)
            weights.append(drawn.weights)
            where.append(np.full(len(drawn.kinds), number))
    if not codes:
        raise ImageError("strokes must be drawn somewhere, got none; draw on two things at least")
    code, kind, weight, window_of = (np.concatenate(parts) for parts in (codes, kinds, weights, where))
    order = np.lexsort((kind, code))  # as in the image in one piece
    some = order[taken(kind[order])]
    return fitted(_looks(looked, code[some], window_of[some]), kind[some], weight[some], seed)


def _looks(looked: Looked, codes: NDArray[np.int64], window_of: NDArray[np.int64]) -> Floats:
    """Return what some patches look like (m, F), told by their numbers and the windows that they lie in."""
    numbers = np.unique(window_of)

    def shown() -> Iterator[tuple[Shown, Floats, NDArray[np.int64]]]:
        for number in numbers:
            window = looked.windows[number]
            each, regions = looked.shown(window)
            there = np.unique(cells(looked.tree.index[window], window, looked.tree.shape))
            yield each, looked.around[regions], np.searchsorted(there, codes[window_of == number])

    found: Floats | None = None
    for number, looks in zip(numbers, looked.work.in_turn(_looks_in, looked.seen, shown()), strict=True):
        if found is None:
            found = np.empty((len(codes), looks.shape[1]), np.float32)
        found[window_of == number] = looks
    if found is None:
        raise ValueError("codes must be those of a patch at least, got none; draw somewhere")
    return found


def _looks_in(seen: Seen, item: tuple[Shown, Floats, NDArray[np.int64]]) -> Floats:
    shown, around, some = item
    return patches_in(seen, shown, around).looks[some]

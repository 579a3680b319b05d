"""Objects like examples in an image that does not fit the memory: window by window, all by the same likeness.

The trees of a window need all of its pixels at once, but what examples look like, and how much each figure of it
counts, are a few numbers: they are taken where the examples lie, and hold everywhere. An object belongs to the window
whose inner part holds its centre; so that none is cut, windows overlap.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.blocks import Edges, Window, blocks, edges_of, with_halo
from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.teaching.examples import ByExample, Pointed
from napari_backprop_segmentation.teaching.likeness import Floats, Look, learned
from napari_backprop_segmentation.teaching.pointed import Example, Place, Sized, is_mask

INNER_SIDE = {2: 768, 3: 64}  # pixels: of what belongs to one window
HALO = {2: 128, 3: 16}  # pixels around it: half of the largest object that is whole in every window it belongs to
TAKEN = 0.5  # share of an object that others hold, from which on it is one of them, seen from another window


class Windows:
    """The windows of one image, and what is pointed at in each.

    Parameters
    ----------
    shape : tuple of int
        Of the image (*spatial).
    prepared : callable
        Makes what finds objects in a window.
    examples, counter_examples : sequence of (*spatial) bool, of pixel positions, or of Sized
    how_alike : float
        See `ByExample.alike`.
    """

    def __init__(
        self,
        shape: tuple[int, ...],
        prepared: Callable[[Window], ByExample],
        examples: Sequence[Example],
        counter_examples: Sequence[Example],
        how_alike: float,
    ) -> None:
        ndim = len(shape)
        self.inner = list(blocks(shape, INNER_SIDE[ndim]))
        self.outer = [with_halo(window, HALO[ndim], shape)[0] for window in self.inner]
        self._shape, self._how_alike = shape, how_alike
        self._examples = self._by_window(examples)
        self._counter_examples = self._by_window(counter_examples)
        self._prepared = lru_cache(maxsize=1)(lambda number: prepared(self.outer[number]))
        self._likeness = self._learned(len(examples), len(counter_examples))

    def found(self, number: int) -> NDArray[np.int32]:
        """Return the objects of a window (*outer), numbered from 1, whose centre lies in its inner part."""
        counter = self._counter_examples.get(number, [])
        labels = self._prepared(number).found(self._likeness, self._given(number), counter, self._how_alike)
        if not labels.any():
            return labels
        numbers = np.arange(1, int(labels.max()) + 1)
        middles = np.array(ndimage.center_of_mass(labels > 0, labels, numbers))
        inner, outer = self.inner[number], self.outer[number]
        first = np.array([[i.start - o.start, i.stop - o.start] for i, o in zip(inner, outer, strict=True)])
        # a pixel's middle is its number, so an inner part that begins with pixel n begins at n - 1/2
        own = ((middles >= first[:, 0] - 0.5) & (middles < first[:, 1] - 0.5)).all(axis=1)
        return renumbered(labels, np.r_[False, own][labels]).astype(np.int32)

    def edges(self, number: int) -> Edges:
        """Return at which of its sides a window ends where the image does."""
        return edges_of(self.outer[number], self._shape)

    @staticmethod
    def added(labels: NDArray[np.integer], there: NDArray[np.integer], behind: int) -> tuple[NDArray[np.integer], int]:
        """Return what is there (*window) with the objects of one more window, and how many of these are new.

        Parameters
        ----------
        labels : (*window) int array
            Objects, numbered from 1.
        there : (*window) int array
            What other windows have written.
        behind : int
            How many objects there are so far.
        """
        areas = np.bincount(labels.ravel())
        held = np.bincount(labels[there > 0], minlength=len(areas))
        new = held < TAKEN * areas
        new[0] = False
        fresh = renumbered(labels, new[labels]).astype(np.int64)
        return np.where((fresh > 0) & (there == 0), fresh + behind, there), int(new.sum())

    def _learned(self, n_examples: int, n_counter_examples: int) -> tuple[Look, Floats]:
        """Return what the examples look like, and what each figure counts."""
        look = Look.mean([self._prepared(n).look_of(one) for n in self._examples for one in self._given(n)])
        told = []
        for number in {**self._examples, **self._counter_examples}:
            window = self._prepared(number)
            against = [window.pointed(each, "counter_examples") for each in self._counter_examples.get(number, [])]
            told.append(window.told(look, self._given(number), against))
        return look, learned(told, n_examples, n_counter_examples)

    def _given(self, number: int) -> list[Pointed]:
        return [self._prepared(number).pointed(each, "examples") for each in self._examples.get(number, [])]

    def _by_window(self, examples: Sequence[Example]) -> dict[int, list[Example]]:
        """Return examples by the number of the window they belong to, in its pixels."""
        side = INNER_SIDE[len(self._shape)]
        counts = [-(-n // side) for n in self._shape]
        found: dict[int, list[Example]] = {}
        for example in examples:
            place = _place(example)
            number = int(np.ravel_multi_index([p // side for p in place], counts))
            found.setdefault(number, []).append(_within(example, self.outer[number]))
        return found


def _place(example: Example) -> Place:
    if is_mask(example):
        flat = np.flatnonzero(example)
        return tuple(int(i) for i in np.unravel_index(flat[len(flat) // 2], example.shape))
    return example.place if isinstance(example, Sized) else example  # type: ignore[return-value]


def _within(example: Example, window: Window) -> Example:
    if is_mask(example):
        return example[window]
    place = tuple(p - side.start for p, side in zip(_place(example), window, strict=True))
    return Sized(place, example.size) if isinstance(example, Sized) else place

"""Objects like examples in an image that does not fit the memory: window by window, all by the same likeness.

The trees of a window need all of its pixels at once, but what examples look like, and how much each figure of it
counts, are a few numbers: they are taken where the examples lie, and hold everywhere.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.windows import Windows
from napari_backprop_segmentation.teaching.examples import ByExample, Pointed
from napari_backprop_segmentation.teaching.likeness import Floats, Look, learned
from napari_backprop_segmentation.teaching.pointed import Example, Place, Sized, is_mask


class ExampleWindows(Windows):
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
        super().__init__(shape)
        self._how_alike = how_alike
        self._examples = self._by_window(examples)
        self._counter_examples = self._by_window(counter_examples)
        self._prepared = lru_cache(maxsize=1)(lambda number: prepared(self.outer[number]))
        self._likeness = self._learned(len(examples), len(counter_examples))

    def found(self, number: int) -> NDArray[np.integer]:
        """Return the objects of a window (*outer), numbered from 1, whose centre lies in its inner part."""
        counter = self._counter_examples.get(number, [])
        labels = self._prepared(number).found(self._likeness, self._given(number), counter, self._how_alike)
        return self.own(number, labels)

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
        found: dict[int, list[Example]] = {}
        for example in examples:
            number = self.number_at(_place(example))
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

"""Objects like examples in an image that does not fit the memory: window by window, all by the same likeness.

The trees of a window need all of its pixels at once, but what examples look like, and how much each figure of it
counts, are a few numbers: they are taken where the examples lie, and hold everywhere.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.windows import Windows
from napari_backprop_segmentation.teaching.examples import ByExample, Pointed
from napari_backprop_segmentation.teaching.likeness import Floats, Look, learned
from napari_backprop_segmentation.teaching.pointed import Example, Place, Sized, is_mask


@dataclass(frozen=True)
class PointedAt:
    """What is pointed at in one window, in its pixels.

    Attributes
    ----------
    examples, counter_examples : sequence of (*outer) bool, of pixel positions, or of Sized
    """

    examples: Sequence[Example]
    counter_examples: Sequence[Example]

    def given(self, window: ByExample) -> list[Pointed]:
        """Return the examples as they are found in the window."""
        return [window.pointed(each, "examples") for each in self.examples]

    def against(self, window: ByExample) -> list[Pointed]:
        """Return the counter-examples as they are found in the window."""
        return [window.pointed(each, "counter_examples") for each in self.counter_examples]


@dataclass(frozen=True)
class Likeness:
    """What is looked for in all windows.

    Attributes
    ----------
    look : Look
        Of the examples.
    weights : (F + 1,) float64
        What each figure of it counts.
    how_alike : float
        See `ByExample.alike`.
    """

    look: Look
    weights: Floats
    how_alike: float

    def found(self, window: ByExample, here: PointedAt) -> NDArray[np.integer]:
        """Return the objects of a window (*outer), numbered from 1."""
        likeness, given = (self.look, self.weights), here.given(window)
        return window.found(likeness, given, here.counter_examples, self.how_alike)


class ExampleWindows:
    """The windows of one image, and what is pointed at in each.

    Parameters
    ----------
    windows : Windows
    prepared : callable
        Makes what finds objects in a window.
    examples, counter_examples : sequence of (*spatial) bool, of pixel positions, or of Sized
    """

    def __init__(
        self,
        windows: Windows,
        prepared: Callable[[Window], ByExample],
        examples: Sequence[Example],
        counter_examples: Sequence[Example],
    ) -> None:
        self.windows = windows
        self._examples = self._by_window(examples)
        self._counter_examples = self._by_window(counter_examples)
        self._prepared = lru_cache(maxsize=1)(lambda number: prepared(windows.outer[number]))
        self._n_given = len(examples), len(counter_examples)

    def pointed_at(self, number: int) -> PointedAt:
        """Return what is pointed at in a window."""
        return PointedAt(self._examples.get(number, []), self._counter_examples.get(number, []))

    def likeness(self, how_alike: float) -> Likeness:
        """Return what the examples look like, and what each figure counts: takes as long as the windows they are in."""
        looks = []
        for number in self._examples:
            window = self._prepared(number)
            looks += [window.look_of(one) for one in self.pointed_at(number).given(window)]
        look = Look.mean(looks)
        told = []
        for number in {**self._examples, **self._counter_examples}:
            window, here = self._prepared(number), self.pointed_at(number)
            told.append(window.told(look, here.given(window), here.against(window)))
        return Likeness(look, learned(told, *self._n_given), how_alike)

    def _by_window(self, examples: Sequence[Example]) -> dict[int, list[Example]]:
        """Return examples by the number of the window they belong to, in its pixels."""
        found: dict[int, list[Example]] = {}
        for example in examples:
            number = self.windows.number_at(_place(example))
            found.setdefault(number, []).append(_within(example, self.windows.outer[number]))
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

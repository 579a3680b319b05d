"""Strokes and examples in plain values, as they stand in records. Nothing heavy is imported here: windows need it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.teaching.pointed import Example, Sized, is_mask

Strokes = NDArray[np.integer[Any]]
READ_PIXELS = 2**22  # of strokes that are looked at together: some lie on disk


def runs_of(strokes: Strokes) -> dict[str, list[list[int]]]:
    """Return strokes in plain values: for each number where in the raveled image it begins, and for how many pixels.

    Examples
    --------
    >>> runs_of(np.array([[0, 1, 1], [2, 0, 0]]))
    {'1': [[1, 2]], '2': [[3, 1]]}
    """
    flat, before = strokes.reshape(-1), 0
    starts, numbers = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for first in range(0, flat.size, READ_PIXELS):
        here = np.concatenate([[before], flat[first : first + READ_PIXELS]])
        changes = np.flatnonzero(here[1:] != here[:-1])
        starts.append(changes + first)
        numbers.append(here[1:][changes])
        before = here[-1]
    places = np.concatenate(starts).tolist()
    found: dict[str, list[list[int]]] = {}
    stops = (*places[1:], flat.size)  # one too many where nothing is drawn
    for start, stop, number in zip(places, stops, np.concatenate(numbers).tolist(), strict=False):
        if number:
            found.setdefault(str(number), []).append([start, stop - start])
    return found


def strokes_from(runs: dict[str, list[list[int]]], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return the strokes (*spatial) that `runs_of` has written down."""
    found = np.zeros(shape, np.int32)
    for number, parts in runs.items():
        for start, length in parts:
            found.ravel()[start : start + length] = int(number)
    return found


def recorded(examples: Sequence[Example]) -> list[Any]:
    """Return examples, or counter-examples, as `run(examples=...)` takes them again.

    Examples
    --------
    >>> recorded([(3, 4), Sized((5, 6), 70), np.array([[False, True, True]])])
    [[3, 4], [[5, 6], 70], {'pixels': [[1, 2]]}]
    """
    found: list[Any] = []
    for each in examples:
        if isinstance(each, Sized):
            found.append([list(each.place), each.size])
        elif is_mask(each):
            found.append({"pixels": runs_of(each.astype(np.uint8))["1"]})
        else:
            found.append([int(i) for i in each])
    return found

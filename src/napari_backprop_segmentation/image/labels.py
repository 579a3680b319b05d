"""Label images: their number types and their numbering."""

import mmap
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

READ_PIXELS = 2**22
Numbers = NDArray[np.uint16] | NDArray[np.int32]  # the smaller is sent sooner
FEW = 4  # numbers a pixel up to which labels are looked up in a table; beyond, they are sorted


def label_dtype(n_labels: int) -> type[np.integer[Any]]:
    """Return the smallest dtype that holds so many labels and 0; napari displays the first two fastest."""
    return next(t for t in (np.uint8, np.uint16, np.int32, np.int64) if n_labels <= np.iinfo(t).max)


def small_numbers(numbers: NDArray[np.int32] | NDArray[np.int64]) -> Numbers:
    """Return numbers in the smaller type that holds them: they are sent sooner."""
    small = numbers.max(initial=0) <= np.iinfo(np.uint16).max
    return numbers.astype(np.uint16) if small else numbers.astype(np.int32)


def numbers_in(labels: NDArray[Any]) -> NDArray[Any]:
    """Return each label that is there, 0 included, in order; of labels on disk no more than some rows are read at once.

    Parameters
    ----------
    labels : (*spatial) int array
    """
    return np.unique(np.concatenate([np.unique(part) for part in parts_of(labels)]))


def parts_of(labels: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """Yield some rows of labels after others; if they are mapped from the disk, no more than these take memory."""
    rows = max(1, READ_PIXELS * labels.shape[0] // max(1, labels.size))
    for start in range(0, labels.shape[0], rows):
        yield labels[start : start + rows]
        let_go(labels)


def let_go(labels: Any) -> None:
    """Give back what has been read of labels that are mapped from the disk, if they are; it can be read again."""
    mapped: Any = getattr(labels, "_mmap", None)
    if getattr(labels, "mode", "") == "r" and hasattr(mapped, "madvise"):  # which Windows does not have
        mapped.madvise(mmap.MADV_DONTNEED)


def renumbered(labels: NDArray[Any], keep: NDArray[np.bool_]) -> NDArray[Any]:
    """Return labels numbered from 1 without gaps where they are kept, else 0."""
    kept = labels[keep]
    if not kept.size:
        return np.zeros(labels.shape, np.uint8)
    numbers, where = present(kept)
    found = np.zeros(labels.shape, label_dtype(len(numbers)))
    found[keep] = where + 1
    return found


def occurring(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return the numbers that occur in labels (*window), in order; without sorting where they lie close together."""
    low = int(labels.min())
    n = int(labels.max()) - low + 1
    if n > FEW * labels.size:
        return np.unique(labels).astype(np.int64)
    occurs = np.zeros(n, bool)
    occurs[labels - low] = True
    return np.flatnonzero(occurs) + low


def present(labels: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the numbers that occur in labels (*window), in order, and which of them each pixel (*window) has."""
    numbers = occurring(labels)
    low, n = int(numbers[0]), int(numbers[-1] - numbers[0]) + 1
    if n > FEW * labels.size:
        return numbers, np.searchsorted(numbers, labels)
    place = np.zeros(n, np.int64)
    place[numbers - low] = np.arange(len(numbers))
    return numbers, place[labels - low]


def chosen(labels: NDArray[np.int32] | NDArray[np.int64], numbers: NDArray[np.int64]) -> NDArray[np.int32]:
    """Return labels (*window) as the places, from 1, that they have among one number or more; 0 for all others."""
    low, n = int(numbers.min()), int(np.ptp(numbers)) + 1
    table = np.zeros(n + 2, np.int32)  # looked up: to search among sorted numbers takes several times as long
    table[numbers - (low - 1)] = np.arange(1, len(numbers) + 1)
    found: NDArray[np.int32] = table[np.clip(labels - (low - 1), 0, n + 1)]
    return found

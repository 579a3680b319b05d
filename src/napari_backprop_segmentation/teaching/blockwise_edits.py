"""Labels that were edited by hand, carried into a result that does not fit the memory."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import PAINTED_SIDE
from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.teaching.edits import FREE, LEFT

Made = Iterator[tuple[Window, NDArray[Any]]]
Write = Callable[[Any, Made], Any]  # takes the type of labels, and these window by window; returns all of them


def n_fixed(fixed: Any) -> int:
    """Return of how many pixels (*spatial), read by windows, something is fixed."""
    return sum(int((np.asarray(fixed[window]) != FREE).sum()) for window in blocks(fixed.shape, PAINTED_SIDE))


def kept_in_blocks(labels: Any, fixed: Any, write: Write, *, ground: bool) -> Any:
    """Return labels in which everything that is fixed is as it was fixed, see `edits.kept`.

    Parameters
    ----------
    labels, fixed : (*spatial) int
        Read by windows.
    write : callable
    ground : bool
    """
    sizes, left, numbers = np.zeros(1, np.int64), np.zeros(1, np.int64), np.zeros(0, np.int64)
    for window in blocks(labels.shape, PAINTED_SIDE):
        here, pinned = np.asarray(labels[window]), _pinned(fixed, window)
        sizes = _added(sizes, here)
        left = _added(left, here[pinned == FREE])
        numbers = np.union1d(numbers, pinned[pinned > 0])
    table = np.arange(len(sizes))
    if ground:
        left = np.pad(left, (0, len(sizes) - len(left)))
        table[left < LEFT * sizes] = 0
    highest = int(table[sizes > 0].max())

    def made() -> Made:
        for window in blocks(labels.shape, PAINTED_SIDE):
            found, pinned = table[np.asarray(labels[window])], _pinned(fixed, window)
            found[pinned != FREE] = 0
            there = pinned > 0
            found[there] = highest + 1 + np.searchsorted(numbers, pinned[there])
            yield window, found

    return write(label_dtype(highest + len(numbers)), made())


def pinned_in_blocks(labels: Any, fixed: Any, write: Write) -> Any:
    """Return labels in which everything that is fixed has its own number; parameters as of `kept_in_blocks`."""
    highest = max(int(_pinned(fixed, window).max()) for window in blocks(labels.shape, PAINTED_SIDE))

    def made() -> Made:
        for window in blocks(labels.shape, PAINTED_SIDE):
            pinned = _pinned(fixed, window)
            yield window, np.where(pinned == FREE, np.asarray(labels[window]), pinned)

    return write(np.promote_types(labels.dtype, np.min_scalar_type(highest)), made())


def _pinned(fixed: Any, window: Window) -> NDArray[np.int64]:
    return np.asarray(fixed[window]).astype(np.int64)


def _added(counts: NDArray[np.int64], labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return how often each label occurs, with more of them counted."""
    more = np.bincount(labels.ravel(), minlength=len(counts))
    more[: len(counts)] += counts
    return more

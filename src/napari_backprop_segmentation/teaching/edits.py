"""Labels that were edited by hand, carried into another result: they stay as they are."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.labels import label_dtype

FREE = -1  # where nothing is fixed
LEFT = 0.5  # of its pixels that something must keep to be left beside what is fixed
Labels = NDArray[Any]


def fixed_labels(before: Labels, after: Labels) -> NDArray[np.int64]:
    """Return what an edit has fixed (*spatial): all of each label that it has changed, and where it has erased.

    Parameters
    ----------
    before, after : (*spatial) int array
        Labels as they were found, and as they are now.

    Returns
    -------
    (*spatial) int64 array
        The label, 0 where nothing is to be, `FREE` elsewhere.

    Examples
    --------
    >>> fixed_labels(np.array([1, 1, 2, 2, 3, 0]), np.array([1, 1, 1, 2, 0, 0])).tolist()
    [1, 1, 1, 2, 0, -1]
    """
    changed = before != after
    touched = np.union1d(before[changed], after[changed])
    fixed = changed | (np.isin(after, touched) & (after != 0))
    return np.where(fixed, after, FREE).astype(np.int64)


def kept(labels: Labels, fixed: NDArray[np.int64], *, ground: bool) -> Labels:
    """Return labels in which everything that is fixed is as it was fixed, under numbers of its own.

    Parameters
    ----------
    labels : (*spatial) int array
        Of another run.
    fixed : (*spatial) int64 array
        See `fixed_labels`.
    ground : bool
        Whether 0 is the ground: what loses more than half of its pixels to something fixed is then given up.

    Returns
    -------
    (*spatial) int array
        New labels keep their numbers; those that are fixed are numbered behind them.
    """
    found = labels.astype(np.int64)
    free = fixed == FREE
    if ground:
        sizes = np.bincount(found.ravel())
        left = np.bincount(found[free], minlength=len(sizes))
        found[(left < LEFT * sizes)[found]] = 0
    numbers, inverse = np.unique(fixed[fixed > 0], return_inverse=True)
    highest = int(found.max())
    found[~free] = 0
    found[fixed > 0] = highest + 1 + inverse
    return found.astype(label_dtype(highest + len(numbers)))


def agreement(labels: Labels, fixed: NDArray[np.int64]) -> float:
    """Return how well labels agree with what is fixed, from 0 to 1: by the best overlap with each fixed label.

    What is fixed as ground counts as one label more, by its share that is ground.
    """
    scores = []
    sizes = np.bincount(labels.ravel())
    for number in np.unique(fixed[fixed > 0]):
        inside = fixed == number
        shared = np.bincount(labels[inside], minlength=len(sizes))
        shared[0] = 0
        union = sizes + inside.sum() - shared
        scores.append(float((shared / union).max()))
    if (erased := fixed == 0).any():
        scores.append(float((labels[erased] == 0).mean()))
    return float(np.mean(scores)) if scores else 1.0


def best_agreeing(candidates: Sequence[Labels], fixed: NDArray[np.int64], gain: float) -> int:
    """Return which candidate agrees best with what is fixed; the first unless another is better by more than `gain`."""
    scores = [agreement(each, fixed) for each in candidates]
    best = int(np.argmax(scores))
    return best if scores[best] > scores[0] + gain else 0

"""What a network saw while it was trained: label images and weights of iterations, evenly spread, in bounded memory.

Nothing here imports torch: the widget holds a history before a run has brought it in.
"""

import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

BUDGET = 64 * 2**20  # bytes: reached by wide networks and noisy labels; 128 iterations of 2048 x 2048 take 20 MB
MOST_KEPT = 128  # more than a slider can tell apart
MOST_PIXELS = 2**20  # of a label image: more than a screen shows
QUICK = 1  # of zlib: up to twice as large as by its default, in a third of the time

Weights = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, eq=False)
class Kept:
    """One iteration as it was.

    Attributes
    ----------
    iteration : int
        From 1.
    n_labels : int
        How many labels the network used.
    factor : int
        Along each axis every so many pixels of the label image are kept.
    weights : mapping of str to float32 array
        What the network had learned after this iteration, by the names of its parameters; empty if it is not known.
    """

    iteration: int
    n_labels: int
    factor: int
    weights: Weights = field(repr=False)
    _packed: bytes = field(repr=False)
    _shape: tuple[int, ...] = field(repr=False)
    _dtype: np.dtype[Any] = field(repr=False)

    @classmethod
    def of(cls, iteration: int, n_labels: int, labels: NDArray[np.integer[Any]], weights: Weights | None) -> "Kept":
        """Keep an iteration; parameters as of `History.add`."""
        factor = coarseness(labels.shape)
        coarse = labels[(slice(None, None, factor),) * labels.ndim]
        small = coarse.astype(np.min_scalar_type(int(coarse.max(initial=0))))
        packed = zlib.compress(small.tobytes(), QUICK)
        return cls(iteration, n_labels, factor, weights or {}, packed, small.shape, small.dtype)

    @property
    def labels(self) -> NDArray[np.unsignedinteger[Any]]:
        """The label image before the update of this iteration, every `factor`-th pixel of it; a fresh copy."""
        return np.frombuffer(zlib.decompress(self._packed), self._dtype).reshape(self._shape).copy()

    @property
    def nbytes(self) -> int:
        """Memory it takes."""
        return len(self._packed) + sum(array.nbytes for array in self.weights.values())


class History(Sequence[Kept]):
    """Iterations of one training, the oldest first.

    Where they would take more memory than the budget, or are too many, every second one is dropped and half as many are
    kept from then on: they stay evenly spread over however long a training.

    Parameters
    ----------
    budget : int
        Bytes that are never exceeded.
    most : int
        How many iterations are kept at most.

    Examples
    --------
    >>> history = History(most=4)
    >>> for iteration in range(1, 11):
    ...     history.add(iteration, 2, np.ones((8, 8), np.uint8))
    >>> [kept.iteration for kept in history]
    [1, 5, 9]
    """

    def __init__(self, budget: int = BUDGET, most: int = MOST_KEPT) -> None:
        self._budget, self._most = budget, most
        self._every, self._passed = 1, 0
        # Replaced as a whole, so that another thread may read while this one adds.
        self._kept: tuple[Kept, ...] = ()

    def __len__(self) -> int:
        return len(self._kept)

    def __getitem__(self, index: Any) -> Any:
        """Return an iteration that is kept, or several."""
        return self._kept[index]

    @property
    def nbytes(self) -> int:
        """Memory that is taken."""
        return sum(kept.nbytes for kept in self._kept)

    @property
    def n_iterations(self) -> int:
        """How many iterations there were so far, as far as is known."""
        return max(self._passed, self._kept[-1].iteration if self._kept else 0)

    def pass_by(self, iteration: int) -> None:
        """Take note of an iteration, whether it will be kept or not."""
        self._passed = iteration

    def wants(self, iteration: int) -> bool:
        """Return whether an iteration, later than all that are kept, would be kept: asked before labels are made."""
        return not self._kept or iteration - self._kept[-1].iteration >= self._every

    def add(
        self, iteration: int, n_labels: int, labels: NDArray[np.integer[Any]], weights: Weights | None = None
    ) -> None:
        """Keep an iteration, if it is wanted.

        Parameters
        ----------
        iteration : int
        n_labels : int
        labels : (*spatial) int array
            From 0.
        weights : mapping of str to float32 array, optional
            From `Step.weights`; without them this iteration can be looked at only.
        """
        if not self.wants(iteration):
            return
        kept = [*self._kept, Kept.of(iteration, n_labels, labels, weights)]
        while kept and (len(kept) > self._most or sum(each.nbytes for each in kept) > self._budget):
            self._every *= 2
            kept = kept[::2] if len(kept) > 1 else []
        self._kept = tuple(kept)


def coarseness(shape: Sequence[int]) -> int:
    """Return the smallest step along all axes with which a label image has at most `MOST_PIXELS` pixels.

    Examples
    --------
    >>> coarseness((1024, 1024)), coarseness((2048, 2048)), coarseness((64, 512, 512))
    (1, 2, 3)
    """
    factor = 1
    while math.prod(-(-n // factor) for n in shape) > MOST_PIXELS:
        factor += 1
    return factor

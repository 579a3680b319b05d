"""Pairs of touching regions, and what the borders between them cost, wherever in the image they are found."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

MOST_REGIONS = 2**31  # their numbers have 32 bits


@dataclass(frozen=True)
class Pairs:
    """Pairs of touching regions.

    Costs of faces are numbers of 16 bits, whose sums are exact in whatever order they are added.

    Attributes
    ----------
    codes : (m,) int64
        low * MOST_REGIONS + high.
    lengths : (m,) float64
        What the border of each pair costs.
    """

    codes: NDArray[np.int64]
    lengths: NDArray[np.float64]

    def behind(self, first: int) -> "Pairs":
        """Return the same where regions are numbered from `first` on instead of 0."""
        return Pairs(self.codes + first * (MOST_REGIONS + 1), self.lengths)


def pairs_along(labels: NDArray[Any], costs: NDArray[np.float16], axis: int) -> Pairs:
    """Return the pairs of neighbours along an axis that lie in different regions; each face is one entry.

    Parameters
    ----------
    labels : (*window) int array
    costs : (*window) float16
        Of the faces behind the pixels; those of the last ones are passed over.
    axis : int
    """
    size = labels.shape[axis]
    before, after = (labels.take(range(start, size - 1 + start), axis).astype(np.int64) for start in (0, 1))
    apart = before != after
    low, high = np.minimum(before, after)[apart], np.maximum(before, after)[apart]
    return Pairs(low * MOST_REGIONS + high, costs.take(range(size - 1), axis)[apart].astype(np.float64))


def summed_pairs(found: Sequence[Pairs]) -> Pairs:
    """Return each pair once, in order, and the sum of its costs."""
    codes, where = np.unique(np.concatenate([pairs.codes for pairs in found]), return_inverse=True)
    lengths = np.concatenate([pairs.lengths for pairs in found])
    return Pairs(codes, np.bincount(where, lengths, len(codes)).astype(np.float64))

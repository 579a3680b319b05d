"""The values an image holds, channel by channel: its lowest, its highest, its percentiles, exactly.

Whole numbers of 64 bits do not fit a float, so limits are told from a whole number that is subtracted first.
"""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

PERCENTILES = (0.5, 99.5)
EXACT_ENOUGH = 2**32  # up to here the percentiles of whole numbers are exact to 2e-7 as floats
LARGEST = sys.float_info.max / 2  # beyond, the difference of two values overflows

Extent = tuple[Any, Any]


@dataclass(frozen=True)
class Limits:
    """From where to where intensities are stretched.

    Attributes
    ----------
    base : int
        To be subtracted first, exactly.
    low, high : float
        What is left of the limits.
    """

    base: int
    low: float
    high: float

    @classmethod
    def between(cls, lowest: Any, highest: Any) -> "Limits":
        """Return the limits at two values of an image."""
        base = _base(lowest, highest)
        return cls(base, _finite(lowest - base), _finite(highest - base))

    @property
    def apart(self) -> bool:
        """Whether there is anything between them."""
        return self.low < self.high


def valid(channel: NDArray[Any]) -> NDArray[Any]:
    """Return the values (n,) of a channel that count: finite ones that are not masked."""
    if isinstance(channel, np.ma.MaskedArray):
        channel = channel.compressed()
    values = np.ravel(channel)
    return values[np.isfinite(values)] if values.dtype.kind == "f" else values


def extent(values: NDArray[Any]) -> Extent | None:
    """Return the lowest and the highest value as Python's numbers, None where there is none."""
    return (_number(values.min()), _number(values.max())) if values.size else None


def united(extents: Sequence[Extent | None]) -> Extent | None:
    """Return the lowest and the highest value of several extents."""
    known = [each for each in extents if each is not None]
    return (min(low for low, _ in known), max(high for _, high in known)) if known else None


def percentile_limits(values: NDArray[Any]) -> Limits:
    """Return the limits at the percentiles `PERCENTILES`, between values as `numpy.percentile` does."""
    places = [(values.size - 1) * (q / 100) for q in PERCENTILES]
    ranks = [(math.floor(place), min(math.floor(place) + 1, values.size - 1)) for place in places]
    ordered = np.partition(values, sorted({rank for pair in ranks for rank in pair}))
    pairs = [(_number(ordered[below]), _number(ordered[above])) for below, above in ranks]
    base = _base(pairs[0][0], pairs[1][1])
    low, high = (
        _between(_finite(below - base), _finite(above - base), place % 1)
        for (below, above), place in zip(pairs, places, strict=True)
    )
    return Limits(base, low, high)


def _between(below: float, above: float, share: float) -> float:
    # From the nearer end, as numpy does, so that equal ends give themselves.
    step = above - below
    return above - step * (1 - share) if share >= 0.5 else below + step * share


def _base(lowest: Any, highest: Any) -> int:
    whole = isinstance(lowest, int) and isinstance(highest, int)
    return lowest if whole and max(abs(lowest), abs(highest)) > EXACT_ENOUGH else 0


def _number(value: Any) -> int | float:
    """Return a value of an array as a Python number: whole ones exactly."""
    return int(value) if np.asarray(value).dtype.kind in "bui" else float(value)


def _finite(value: float) -> float:
    return float(min(max(value, -LARGEST), LARGEST))

"""Sums of pixels that are the same in whatever order and blocks they are added: of whole numbers, exactly."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

FINE = 2**20  # steps of one unit of brightness: what is lost by rounding is far below noise
COARSE = 2**14  # the same where squares are added: those of half a million million pixels fit 64 bits


def in_steps(values: NDArray[Any], steps: int = FINE) -> NDArray[np.float64]:
    """Return values in so many steps of one unit, rounded to whole ones: float64 adds them exactly up to 2**53."""
    found: NDArray[np.float64] = np.rint(values.astype(np.float64) * steps)
    return found


def sums_of(values: NDArray[np.float32], where: NDArray[Any], n: int) -> NDArray[np.int64]:
    """Return the sums (n,) of values (*window) in regions (*window) numbered from 0, in steps of 1 / `FINE`."""
    return np.bincount(where.ravel(), in_steps(values).ravel(), n).astype(np.int64)


def means_of(sums: NDArray[np.int64], areas: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return the means (n, ...) of regions from their sums; 0 where a number has no pixels."""
    counts = np.maximum(areas, 1).reshape(-1, *[1] * (sums.ndim - 1))
    found: NDArray[np.float32] = (sums / counts / FINE).astype(np.float32)
    return found


def spread_sums(values: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return how many values there are, their sum and that of their squares (3,), in steps of 1 / `COARSE`."""
    whole = np.rint(values * np.float32(COARSE)).astype(np.int64).ravel()
    return np.array([whole.size, whole.sum(), whole @ whole])


def variance_of(sums: NDArray[np.int64]) -> Fraction:
    """Return the variance in steps of 1 / `COARSE` from `spread_sums`, exactly."""
    n, total, squares = (int(each) for each in sums)
    return Fraction(squares, n) - Fraction(total, n) ** 2

"""Parts of one object in a volume: joined where together they are rounder than each for itself.

Texture inside a nucleus can be stronger than the dim seam between two nuclei. No level of brightness then holds the
one together and the others apart, but their shapes do.
"""

import heapq
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.objects.splitting import merit_of, roundness_from

Floats = NDArray[np.float64]


def rejoined(
    parts: NDArray[Any],
    spacing: Sequence[float] | None = None,
    demand: float = 1.0,
    *,
    start: tuple[int, ...] = (),
) -> NDArray[np.int32]:
    """Return parts, of which those are joined that touch and make up one object.

    Two parts are joined where the whole, its volume weighted by roundness, counts more than both for themselves: the
    measure by which `bright_cores` chooses parts. The pair that gains most for its volume comes first. Two balls that
    touch are left alone, also where one is buried in the other by half of its radius; pieces of a ball are not.

    Parameters
    ----------
    parts : (*spatial) int array
        Numbered from 1 without gaps; 0 is outside.
    spacing : sequence of float, optional
        Size of a pixel along each axis, in any unit; all alike if left out.
    demand : float
        How many times itself the smaller part must add to the whole; above 1 where something speaks for two.
    start : tuple of int
        Where in the image the parts begin: places are counted from its first pixel, so that they are rounded alike
        whatever the window is.

    Returns
    -------
    (*spatial) int32
        Numbered from 1 without gaps, in the order of the first parts.
    """
    groups = _Groups(_sums(parts, spacing, start), _touching(parts), parts.ndim, spacing, demand)
    found: NDArray[np.int32] = groups.joined()[parts]
    return found


class _Groups:
    """Parts that are joined two by two.

    Parameters
    ----------
    sums : (n + 1, k) float64
        Moments of each part, from 0 up to those of the second order.
    pairs : (m, 2) int array
        Parts that touch.
    ndim : int
    spacing : sequence of float, optional
    demand : float
    """

    def __init__(
        self, sums: Floats, pairs: NDArray[np.int64], ndim: int, spacing: Sequence[float] | None, demand: float
    ) -> None:
        self._ndim, self._spacing, self._demand, self._n_parts = ndim, spacing, demand, len(sums) - 1
        self._sums = dict(enumerate(sums[1:], start=1))
        self._worth = dict(enumerate(self._worths(sums[1:]).tolist(), start=1))
        self._beside: dict[int, set[int]] = {number: set() for number in self._sums}
        for one, other in pairs.tolist():
            self._beside[one].add(other)
            self._beside[other].add(one)
        self._into: dict[int, int] = {}
        self._queue: list[tuple[float, int, int]] = []
        self._offer(pairs[:, 0].tolist(), pairs[:, 1].tolist())

    def joined(self) -> NDArray[np.int32]:
        """Join what gains by it; return the number (n + 1,) that each part has then."""
        while self._queue:
            _, one, other = heapq.heappop(self._queue)
            if one in self._sums and other in self._sums:
                self._join(one, other)
        owners = [self._owner(part) for part in range(1, self._n_parts + 1)]
        numbers = {owner: number for number, owner in enumerate(dict.fromkeys(owners), start=1)}
        return np.array([0, *(numbers[owner] for owner in owners)], np.int32)

    def _join(self, one: int, other: int) -> None:
        new = self._n_parts + len(self._into) // 2 + 1
        self._sums[new] = self._sums.pop(one) + self._sums.pop(other)
        self._worth[new] = float(self._worths(self._sums[new][None])[0])
        self._into[one] = self._into[other] = new
        around = (self._beside.pop(one) | self._beside.pop(other)) - {one, other}
        self._beside[new] = around
        for number in around:
            self._beside[number] -= {one, other}
            self._beside[number].add(new)
        self._offer([new] * len(around), sorted(around))

    def _offer(self, ones: Sequence[int], others: Sequence[int]) -> None:
        """Take note of pairs that gain by being joined."""
        if not ones:
            return
        sums = np.array([self._sums[i] + self._sums[j] for i, j in zip(ones, others, strict=True)])
        apart = np.array([(self._worth[i], self._worth[j]) for i, j in zip(ones, others, strict=True)])
        gains = (self._worths(sums) - apart.max(axis=1) - self._demand * apart.min(axis=1)) / sums[:, 0]
        for gain, one, other in zip(gains.tolist(), ones, others, strict=True):
            if gain > 0:
                heapq.heappush(self._queue, (-gain, one, other))

    def _worths(self, sums: Floats) -> Floats:
        return sums[:, 0] * merit_of(roundness_from(list(sums.T), self._ndim, self._spacing))

    def _owner(self, part: int) -> int:
        while part in self._into:
            part = self._into[part]
        return part


def _sums(parts: NDArray[Any], spacing: Sequence[float] | None, start: tuple[int, ...]) -> Floats:
    """Return for each part (n + 1,) its volume, the sums of its coordinates, and of the products of two of them."""
    where = np.nonzero(parts)
    numbers, length = parts[where], int(parts.max()) + 1
    steps, first = spacing or (1.0,) * parts.ndim, start or (0,) * parts.ndim
    grid = [(axis + begin) * step for axis, begin, step in zip(where, first, steps, strict=True)]
    products = [one * other for i, one in enumerate(grid) for other in grid[i:]]
    return np.stack([np.bincount(numbers, weights, length) for weights in (None, *grid, *products)], axis=1)


def _touching(parts: NDArray[Any]) -> NDArray[np.int64]:
    """Return the pairs of parts (m, 2) that share a face of a pixel, the lower number first."""
    length = int(parts.max()) + 1
    keys = []
    for axis in range(parts.ndim):
        along = np.moveaxis(parts, axis, 0)
        one, other = along[:-1], along[1:]
        meets = (one != other) & (one > 0) & (other > 0)
        low, high = np.minimum(one[meets], other[meets]), np.maximum(one[meets], other[meets])
        keys.append(np.unique(low.astype(np.int64) * length + high))
    return np.stack(np.divmod(np.unique(np.concatenate(keys)), length), axis=1)

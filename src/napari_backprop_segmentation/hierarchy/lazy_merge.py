"""The merge tree of very many regions, in a time that grows with their number and not with its square.

After a merge, every border of the new region costs something else. higra computes all of them anew, so a ground with a
hundred thousand objects in it takes ten thousand million of these. Such a ground hardly changes by one object more.
Here the borders of a region with many neighbours keep what they cost: what has risen is found when it comes to be the
cheapest, what has fallen once the region has grown by as many others as a sixteenth of its neighbours.
"""

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

# Neighbours up to which all borders are looked at after each merge, and the share of more that a region may grow by
# unseen. At 10,000 to 16,000 regions: with 16 instead of 64 cuts differ from higra's by up to twice as much; 256 and an
# eighth of the share take half as long again.
FEW, SHARE = 64, 16

Border = list[float]  # its length in pixel faces, the number of its entry in the queue, what it costs there


def lazy_tree(
    areas: NDArray[np.float64], features: NDArray[np.float64], edges: NDArray[np.int32], lengths: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merge n regions two by two by the piecewise-constant Mumford-Shah energy of their features.

    Parameters
    ----------
    areas, features, edges, lengths
        See `Regions`; all of them hang together, and no pair is there twice.

    Returns
    -------
    parents : (2 n - 1,) int64
        As of `Hierarchy`.
    altitudes : (2 n - 1,) float64
        By how much the error of two regions grows when they become one, for each face that is lost by it; 0 for leaves,
        never above the parent's.
    """
    n = len(areas)
    parents, altitudes = np.arange(2 * n - 1), np.zeros(2 * n - 1)
    regions = _Regions(areas, features, edges, lengths)
    nodes = list(range(n))
    for node in range(n, 2 * n - 1):
        one, other, cost = regions.cheapest()
        children = nodes[one], nodes[other]
        parents[[*children]] = node
        altitudes[node] = max(cost, altitudes[children[0]], altitudes[children[1]])
        nodes[regions.merge(one, other)] = node
    return parents, altitudes


def handed_over(borders: list[dict[int, Border]], one: int, other: int) -> Iterator[tuple[int, Border, Border | None]]:
    """Give the borders of one region to another; yield each neighbour, what is given, and what was there before."""
    mine, theirs = borders[one], borders[other]
    borders[other] = {}
    del mine[other], theirs[one]
    for neighbour, border in theirs.items():
        around = borders[neighbour]
        del around[other]
        before = mine.get(neighbour)
        if before is None:
            mine[neighbour] = around[one] = border
        yield neighbour, border, before


class _Regions:
    """The regions that are left, each by the number of one of its leaves, and a queue of the borders between them."""

    def __init__(
        self,
        areas: NDArray[np.float64],
        features: NDArray[np.float64],
        edges: NDArray[np.int32],
        lengths: NDArray[np.float64],
    ) -> None:
        self._areas, self._means = areas.copy(), features.copy()
        self._grown = [0] * len(areas)  # by how many others, since all borders were looked at
        self._borders: list[dict[int, Border]] = [{} for _ in areas]
        self._queue: list[tuple[float, int, int, int]] = []
        self._n = 0
        for one, others, long in _by_first(edges, lengths):
            for other, length, cost in zip(others, long, self._costs(one, others, long), strict=True):
                border = [length, self._n, cost]
                self._borders[one][other] = self._borders[other][one] = border
                self._queue.append((cost, self._n, one, other))
                self._n += 1
        heapify(self._queue)

    def cheapest(self) -> tuple[int, int, float]:
        """Take out the border that costs least: the two regions, and what it costs now."""
        while True:
            _, number, one, other = heappop(self._queue)
            border = self._borders[one].get(other)
            if border is None or border[1] != number:
                continue  # it has gone, or there is a later entry
            (cost,) = self._costs(one, [other], [border[0]])
            if not self._queue or cost <= self._queue[0][0]:
                return one, other, cost
            self._enter(cost, one, other, border)

    def merge(self, one: int, other: int) -> int:
        """Make two regions one, and return which of their numbers it has."""
        if len(self._borders[one]) < len(self._borders[other]):
            one, other = other, one
        changed = []
        for neighbour, border, before in handed_over(self._borders, one, other):
            changed.append(neighbour)
            if before is None:
                border[1] = -1  # its entry names a region that is no more
            else:
                before[0] += border[0]
        area = self._areas[one] + self._areas[other]
        self._means[one] += (self._means[other] - self._means[one]) * (self._areas[other] / area)
        self._areas[one] = area
        self._grown[one] += 1 + self._grown[other]
        self._look_again(one, changed)
        return one

    def _look_again(self, one: int, changed: list[int]) -> None:
        """Enter the borders of a new region with those that have changed most, and with all where it is time to."""
        mine = self._borders[one]
        if len(mine) <= max(FEW, SHARE * self._grown[one]):
            changed, self._grown[one] = list(mine), 0
        if not changed:
            return
        costs = self._costs(one, changed, [mine[each][0] for each in changed])
        for neighbour, cost in zip(changed, costs, strict=True):
            border = mine[neighbour]
            if border[1] < 0 or cost < border[2]:  # what has risen is found in its turn
                self._enter(cost, one, neighbour, border)

    def _enter(self, cost: float, one: int, other: int, border: Border) -> None:
        border[1:] = self._n, cost
        heappush(self._queue, (cost, self._n, one, other))
        self._n += 1

    def _costs(self, one: int, others: list[int], lengths: list[float]) -> list[float]:
        """Return by how much the error grows for each face, if a region and each of its neighbours become one."""
        apart = self._means[others] - self._means[one]
        areas, own = self._areas[others], self._areas[one]
        costs = np.einsum("ij,ij->i", apart, apart) * (areas * own / (areas + own)) / lengths / 2
        return costs.tolist()  # type: ignore[no-any-return]


def _by_first(edges: NDArray[np.int32], lengths: NDArray[np.float64]) -> Iterator[tuple[int, list[int], list[float]]]:
    """Yield each region that comes first in pairs, the others of these, and how long their borders are."""
    order = np.argsort(edges[:, 0], kind="stable")
    first, starts = np.unique(edges[order, 0], return_index=True)
    for one, part in zip(first.tolist(), np.split(order, starts[1:]), strict=True):
        yield one, edges[part, 1].tolist(), lengths[part].tolist()

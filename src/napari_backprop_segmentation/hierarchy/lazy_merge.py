"""The merge tree of very many regions, in a time that grows with their number and not with its square.

After a merge, every border of the new region costs something else. higra computes all of them anew, so a ground with a
hundred thousand objects in it takes ten thousand million of these. Such a ground hardly changes by one object more.
Here the borders of a region with many neighbours keep what they cost: what has risen is found when it comes to be the
cheapest, what has fallen once the region has grown by as many others as a sixteenth of its neighbours.
"""

from array import array
from collections.abc import Iterator
from heapq import heapify, heappop, heappush
from math import inf
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

# Neighbours up to which all borders are looked at after each merge, and the share of more that a region may grow by
# unseen. At 10,000 to 16,000 regions: with 16 instead of 64 cuts differ from higra's by up to twice as much; 256 and an
# eighth of the share take half as long again.
FEW, SHARE = 64, 16
PAIRS_AT_ONCE = 2**16  # whose costs are computed before the first merge
MOST_ENTRIES = 2  # for each border that is left, all but one of them out of date; beyond, these are forgotten

Border = TypeVar("Border")


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
    parents, altitudes = array("q", range(2 * n - 1)), array("d", bytes(8 * (2 * n - 1)))
    regions = _Regions(areas, features, edges, lengths)
    nodes = array("q", range(n))
    for node in range(n, 2 * n - 1):
        one, other, cost = regions.cheapest()
        first, second = nodes[one], nodes[other]
        parents[first] = parents[second] = node
        altitudes[node] = max(cost, altitudes[first], altitudes[second])
        nodes[regions.merge(one, other)] = node
    return np.array(parents, np.int64), np.array(altitudes)


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
    """The regions that are left, each by the number of one of its leaves, and a queue of the borders between them.

    A border is a number, and what is known of it lies in arrays: an object for each would take four times the memory.
    """

    def __init__(
        self,
        areas: NDArray[np.float64],
        features: NDArray[np.float64],
        edges: NDArray[np.int32],
        lengths: NDArray[np.float64],
    ) -> None:
        n, n_borders = len(areas), len(edges)
        self._areas, self._means = array("d", areas), features.copy()
        self._grown = array("q", bytes(8 * n))  # by how many others, since all borders were looked at
        self._merges, self._changed = 0, array("q", bytes(8 * n))  # how many, and which made each region
        order = np.argsort(edges[:, 0], kind="stable")
        self._lengths = array("d", lengths[order])
        self._costs, self._seen = array("d"), array("q", bytes(8 * n_borders))  # and after how many merges
        self._entries = array("q", range(n_borders))  # the last of each border in the queue
        self._borders: list[dict[int, int]] = [{} for _ in range(n)]
        self._queue: list[tuple[float, int, int, int]] = []
        ids = list(range(n))  # objects that are there once
        for first in range(0, n_borders, PAIRS_AT_ONCE):
            part = order[first : first + PAIRS_AT_ONCE]
            costs = _all_costs(areas, features, edges[part], lengths[part]).tolist()
            for border, (low, high), cost in zip(range(first, n_borders), edges[part].tolist(), costs, strict=False):
                one, other = ids[low], ids[high]
                self._borders[one][other] = self._borders[other][one] = border
                self._queue.append((cost, border, one, other))
            self._costs.extend(costs)
        self._entered = self._costs[:]  # what each border cost when it was entered
        self._n, self._left = n_borders, n_borders  # entries so far, and borders that are left
        heapify(self._queue)

    def cheapest(self) -> tuple[int, int, float]:
        """Take out the border that costs least: the two regions, and what it costs now."""
        if len(self._queue) > MOST_ENTRIES * self._left + FEW:
            self._forget()
        queue = self._queue
        while True:
            _, number, one, other = heappop(queue)
            border = self._borders[one].get(other)
            if border is None or self._entries[border] != number:
                continue  # it has gone, or there is a later entry
            if self._seen[border] < max(self._changed[one], self._changed[other]):
                self._look(one, [other], [border])
            cost = self._costs[border]
            if not queue or cost <= queue[0][0]:
                return one, other, cost
            self._enter(cost, one, other, border)

    def merge(self, one: int, other: int) -> int:
        """Make two regions one, and return which of their numbers it has."""
        if len(self._borders[one]) < len(self._borders[other]):
            one, other = other, one
        changed, lengths = [], self._lengths
        for neighbour, border, before in handed_over(self._borders, one, other):
            changed.append(neighbour)
            if before is None:
                self._entries[border] = -1  # its entry names a region that is no more
            else:
                lengths[before] += lengths[border]
                self._left -= 1
        self._left -= 1
        area, mean = self._areas[one] + self._areas[other], self._means[one]
        mean += (self._means[other] - mean) * (self._areas[other] / area)
        self._areas[one] = area
        self._grown[one] += 1 + self._grown[other]
        self._merges += 1
        self._changed[one] = self._merges
        self._look_again(one, changed)
        return one

    def _look_again(self, one: int, changed: list[int]) -> None:
        """Enter the borders of a new region with those that have changed most, and with all where it is time to."""
        mine = self._borders[one]
        if len(mine) <= max(FEW, SHARE * self._grown[one]):
            changed, self._grown[one] = list(mine), 0
        if not changed:
            return
        borders = [mine[each] for each in changed]
        costs, entries, entered = self._look(one, changed, borders), self._entries, self._entered
        for neighbour, border, cost in zip(changed, borders, costs, strict=True):
            if entries[border] < 0 or cost < entered[border]:  # what has risen is found in its turn
                self._enter(cost, one, neighbour, border)

    def _enter(self, cost: float, one: int, other: int, border: int) -> None:
        self._entries[border], self._entered[border] = self._n, cost
        heappush(self._queue, (cost, self._n, one, other))
        self._n += 1

    def _forget(self) -> None:
        """Take out all entries that there is a later one of, or whose border has gone."""
        borders, entries = self._borders, self._entries
        self._queue = [
            entry
            for entry in self._queue
            if (border := borders[entry[2]].get(entry[3])) is not None and entries[border] == entry[1]
        ]
        heapify(self._queue)

    def _look(self, one: int, others: list[int], borders: list[int]) -> list[float]:
        """Return by how much the error grows for each face, if a region and each of its neighbours become one.

        Without limit across borders that are edges all along, whose length is 0 then.
        """
        apart = self._means.take(others, 0)
        apart -= self._means[one]
        areas, own, lengths, known, seen = self._areas, self._areas[one], self._lengths, self._costs, self._seen
        costs = []
        for other, border, error in zip(others, borders, np.einsum("ij,ij->i", apart, apart).tolist(), strict=True):
            area, length = areas[other], lengths[border]
            cost = error * (area * own / (area + own)) / length / 2 if length else inf
            known[border], seen[border] = cost, self._merges
            costs.append(cost)
        return costs


def _all_costs(
    areas: NDArray[np.float64], features: NDArray[np.float64], edges: NDArray[np.int32], lengths: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return the same (m,) of many borders, before any merge."""
    low, high = edges.T
    apart = features[high] - features[low]
    one, other = areas[low], areas[high]
    grown = np.einsum("ij,ij->i", apart, apart) * (other * one / (other + one))
    costs = np.full(len(grown), inf)
    np.divide(grown, lengths, out=costs, where=lengths > 0)
    return costs / 2

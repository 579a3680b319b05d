"""Average linkage of very many regions, in a time that grows with their number and not with its square.

higra looks at all borders of a region after each merge, of which a ground with a hundred thousand objects in it has
as many. Here only those change that two regions had in common.
"""

from heapq import heapify, heappop, heappush

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.lazy_merge import handed_over

Border = list[float]  # its saliency times its length, its length, the number of its entry in the queue


def linked_tree(
    n: int, saliencies: NDArray[np.float64], edges: NDArray[np.int32], lengths: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Merge n regions two by two, those first whose common border is least salient on average.

    Parameters
    ----------
    n : int
    saliencies, edges, lengths
        See `Borders`; all of them hang together, and no pair is there twice.

    Returns
    -------
    parents : (2 n - 1,) int64
        As of `Hierarchy`.
    altitudes : (2 n - 1,) float64
        Mean saliency of the border that is lost; 0 for leaves, never above the parent's.
    """
    parents, altitudes, nodes = np.arange(2 * n - 1), np.zeros(2 * n - 1), list(range(n))
    borders: list[dict[int, Border]] = [{} for _ in range(n)]
    queue: list[tuple[float, int, int, int]] = []
    for number, ((one, other), saliency, length) in enumerate(
        zip(edges.tolist(), saliencies.tolist(), lengths.tolist(), strict=True)
    ):
        borders[one][other] = borders[other][one] = [saliency * length, length, number]
        queue.append((saliency, number, one, other))
    heapify(queue)
    entries = len(queue)
    for node in range(n, 2 * n - 1):
        saliency, one, other = _least(queue, borders)
        if len(borders[one]) < len(borders[other]):
            one, other = other, one
        children = nodes[one], nodes[other]
        parents[[*children]] = node
        altitudes[node] = max(saliency, altitudes[children[0]], altitudes[children[1]])
        nodes[one] = node
        for neighbour, border in _joined(borders, one, other):
            border[2] = entries
            heappush(queue, (border[0] / border[1], entries, one, neighbour))
            entries += 1
    return parents, altitudes


def _least(queue: list[tuple[float, int, int, int]], borders: list[dict[int, Border]]) -> tuple[float, int, int]:
    """Take out the least salient border: its saliency and both regions."""
    while True:
        saliency, number, one, other = heappop(queue)
        border = borders[one].get(other)
        if border is not None and border[2] == number:  # else it has gone, or there is a later entry
            return saliency, one, other


def _joined(borders: list[dict[int, Border]], one: int, other: int) -> list[tuple[int, Border]]:
    """Give the borders of one region to another, and return with each neighbour those that are new or have changed."""
    found = []
    for neighbour, border, before in handed_over(borders, one, other):
        if before is not None:
            before[0] += border[0]
            before[1] += border[1]
        found.append((neighbour, border if before is None else before))
    return found

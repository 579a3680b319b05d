"""What the borders of pairs of regions cost in all, where each pair is found many times."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array

# Of the lower numbers, whose pairs are added up at once: of ten million regions there are thirty million pairs, and a
# sparse matrix of all of them takes twice their memory.
AT_ONCE = 2**18

Found = tuple[NDArray[np.int32], NDArray[np.float64]]
Part = tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float64]]


def summed(found: Iterable[Found], n: int) -> Found:
    """Return each pair of n regions once, in order, and the sum of its costs.

    Costs of faces are numbers of 16 bits, whose sums are exact in whatever order they are added. The pairs of a part of
    the regions are sorted as rows of a sparse matrix, which takes less time than to sort numbers of pairs.

    Parameters
    ----------
    found : iterable of ((2, k) int32, (k,) float64)
        Pairs as often as they are found, in either order, and what each costs. Taken one after the other.
    n : int

    Returns
    -------
    edges : (m, 2) int32
        The lower number first.
    lengths : (m,) float64
    """
    shares: list[list[Part]] = [[] for _ in range(max(1, -(-n // AT_ONCE)))]
    for pairs, costs in found:
        low, high = np.minimum(*pairs), np.maximum(*pairs)
        number = low // AT_ONCE
        for share in np.unique(number) if len(shares) > 1 else (0,):
            mine = number == share
            shares[share].append((low[mine], high[mine], costs[mine]))
    edges, lengths = [], []
    for share, parts in enumerate(shares):
        first = share * AT_ONCE
        one, several = _of_share(parts, first, min(AT_ONCE, n - first), n)
        edges.append(one)
        lengths.append(several)
    return moved(edges), moved(lengths)


def moved(parts: list[Any]) -> NDArray[Any]:
    """Return one array or more as one, and empty their list as it goes on, so that nothing large is held twice."""
    end = sum(map(len, parts))
    found = np.empty((end, *parts[0].shape[1:]), parts[0].dtype)
    while parts:
        part = parts.pop()
        found[end - len(part) : end] = part
        end -= len(part)
    return found


def _of_share(parts: list[Part], first: int, n_rows: int, n: int) -> Found:
    """Return the same of those whose lower number is one of `n_rows` from `first` on, and empty their list."""
    if not parts:
        return np.empty((0, 2), np.int32), np.empty(0)
    low, high, costs = (np.concatenate(each) for each in zip(*parts, strict=True))
    parts.clear()
    table = coo_array((costs, (low - np.int32(first), high)), shape=(n_rows, n)).tocsr()
    table.sum_duplicates()
    rows = np.repeat(np.arange(first, first + n_rows, dtype=np.int32), np.diff(table.indptr))
    return np.stack([rows, table.indices.astype(np.int32, copy=False)], axis=1), table.data

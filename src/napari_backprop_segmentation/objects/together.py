"""What several readings of one image have in common: an object that most of them find is there.

Which reading is the best can be told only roughly, and the best one rarely has all objects right. Each object of each
reading is therefore voted for by all of them, and those with most votes that do not overlap are one more reading.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from napari_backprop_segmentation.objects.splitting import largest_part

Floats = NDArray[np.float64]

VOTING = 8  # readings, the best ones; 6, 10 and 12 are as good
# Of the score: so much better a reading has e times the vote. F1 of what is taken, 86 images of 31 kinds and sizes:
# .637 without votes, .654 with .1, .660 with .15, .661 with .2, .660 with .3 and .4.
STEP = 0.2
# Share of all votes that an object needs: half of the F1 that can be expected is where the most is gained. .651 with
# .15, .661 with .2 and .25, .658 with .3, .656 with .35.
NEEDED = 0.25
SAME = 0.5  # IoU from which on an object is found again; .4 and .6 are as good
TAKEN = 0.3  # share of an object that others may have taken before
# F1 for each share of the others' votes. On 77 images of 31 kinds and sizes what is taken has F1 .84, .84, .75, .71,
# .65, .39, .29 and .03 where .92, .78, .73, .66, .59, .47, .33 and .11 is said (eighths); 1.1 and 1.3 are as good.
GAIN = 1.2


def votes_of(found: Sequence[NDArray[np.int32]], scores: Sequence[float]) -> Floats:
    """Return the share of the votes (n,) that each reading has: more by its score, less where it sees another ground.

    What calls objects what the best reading calls ground, bright ones among dark ones, has less to say: F1 of what is
    taken is .668, .661 without (E. coli .38, .23).

    Parameters
    ----------
    found : n of (*spatial) int32
        Objects of each reading, the best first; 0 is the ground.
    scores : n of float
    """
    weights = np.exp((np.asarray(scores) - max(scores)) / STEP)
    inside = [labels > 0 for labels in found]
    sizes = [int(mask.sum()) for mask in inside]
    shared = [
        int((mask & inside[0]).sum()) / max(min(size, sizes[0]), 1) for mask, size in zip(inside, sizes, strict=True)
    ]
    weights *= shared
    return np.asarray(weights / max(weights.sum(), np.finfo(float).tiny))


def voted(found: Sequence[NDArray[np.int32]], votes: Floats) -> NDArray[np.int32]:
    """Return the objects that most readings find, numbered from 1 in the order of their first pixels; 0 is the ground.

    An object has the votes of its own reading, and of another one those times its largest IoU with an object there.

    Parameters
    ----------
    found : n of (*spatial) int32
        Objects of each reading, numbered without gaps.
    votes : (n,) float64
        Of each reading; 1 together.
    """
    support = [np.full(int(labels.max(initial=0)), share) for labels, share in zip(found, votes, strict=True)]
    for i, one in enumerate(found):
        for j, other in enumerate(found[:i]):
            ious, other_ious = largest_ious(one, other)
            support[i] += votes[j] * np.where(ious >= SAME, ious, 0)
            support[j] += votes[i] * np.where(other_ious >= SAME, other_ious, 0)
    source = np.repeat(np.arange(len(found)), [len(each) for each in support])
    number = np.concatenate([np.arange(len(each)) for each in support])
    shares = np.concatenate(support)
    order = np.argsort(-shares, kind="stable")
    pixels = [_pixels(labels) for labels in found]
    out, n = np.zeros(found[0].size, np.int32), 0
    for place in order[: int((shares >= NEEDED).sum())]:
        own = pixels[source[place]][number[place]]
        free = own[out[own] == 0]
        if len(free) >= max((1 - TAKEN) * len(own), 1):
            n += 1
            out[free if len(free) == len(own) else _largest_part(free, found[0].shape)] = n
    return _in_order(out).reshape(found[0].shape)


def sureness(labels: NDArray[np.int32], found: Sequence[NDArray[np.int32]], votes: Floats) -> float:
    """Return about which F1 to expect of objects: how far readings find each again, but for the one that does best.

    Parameters
    ----------
    labels : (*spatial) int32
        Numbered without gaps; there is at least one object.
    found, votes
        See `voted`.
    """
    ious = np.stack([largest_ious(labels, each)[0] for each in found])
    shares = votes[:, None] * np.where(ious >= SAME, ious, 0)
    best = shares.argmax(axis=0)
    others = (shares.sum(axis=0) - shares.max(axis=0)) / np.maximum(1 - votes[best], np.finfo(float).eps)
    return float(min(1.0, GAIN * others.mean()))


def largest_ious(one: NDArray[np.integer], other: NDArray[np.integer]) -> tuple[Floats, Floats]:
    """Return for each object of one label image its largest IoU with an object of the other, and the other way round.

    Parameters
    ----------
    one, other : (*spatial) int32
        Numbered without gaps; 0 is the ground.

    Returns
    -------
    (n,) float64, (m,) float64

    Examples
    --------
    >>> largest_ious(np.array([1, 1, 2, 2, 0]), np.array([1, 1, 1, 0, 0]))
    (array([0.66666667, 0.25      ]), array([0.66666667]))
    """
    n, m = int(one.max(initial=0)), int(other.max(initial=0))
    both = (one > 0) & (other > 0)
    if not both.any():
        return np.zeros(n), np.zeros(m)
    places = (one[both] - 1, other[both] - 1)
    shared = sparse.coo_array((np.ones(len(places[0])), places), (n, m)).tocsr().tocoo()  # sums up what is alike
    rows, columns = shared.coords
    areas, other_areas = np.bincount(one.ravel(), minlength=n + 1)[1:], np.bincount(other.ravel(), minlength=m + 1)[1:]
    iou = shared.data / (areas[rows] + other_areas[columns] - shared.data)
    largest, other_largest = np.zeros(n), np.zeros(m)
    np.maximum.at(largest, rows, iou)
    np.maximum.at(other_largest, columns, iou)
    return largest, other_largest


def _in_order(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return labels (n,) numbered from 1 as they come; 0 stays."""
    inside = np.flatnonzero(labels)
    numbers, first = np.unique(labels[inside], return_index=True)
    table = np.zeros(len(numbers) + 1, np.int32)
    table[1 + np.argsort(first)] = np.arange(1, len(numbers) + 1)
    return table[labels]


def _pixels(labels: NDArray[np.int32]) -> list[NDArray[np.int64]]:
    """Return the pixels of each object, as indices into the raveled image."""
    flat = labels.ravel()
    inside = np.flatnonzero(flat)
    order = inside[np.argsort(flat[inside], kind="stable")]
    return np.split(order, np.cumsum(np.bincount(flat[inside])[1:])[:-1])


def _largest_part(pixels: NDArray[np.int64], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return those pixels of an object that hang together most: what others have taken may have cut it."""
    places = np.stack(np.unravel_index(pixels, shape))
    first = places.min(axis=1, keepdims=True)
    window = np.zeros((places.max(axis=1) - first[:, 0] + 1), bool)
    inside = tuple(places - first)
    window[inside] = True
    found: NDArray[np.int64] = pixels[largest_part(window)[inside]]
    return found

"""Strokes of several kinds: every pixel gets the kind of stroke that it is most like.

Two forests learn what the drawn patches look like. What it is unsure of follows the region it lies in: half of the
evidence is the patch's own, half that of its finest region. What is drawn stays as it is drawn.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.whole_sums import FINE, in_steps
from napari_backprop_segmentation.teaching.patches import Patches

TREES = 25  # of each of two kinds of forest, which err in different ways
LOOKED_AT = 0.3  # of what a patch looks like, at each branch
MOST_DRAWN = 4000  # patches of each kind: more are more of the same
OWN = 0.5  # of the evidence that is the patch's own; the rest is its region's

Strokes = NDArray[np.integer[Any]]


@dataclass(frozen=True)
class Taught:
    """What an image is, after what was drawn.

    Attributes
    ----------
    patches : Patches
    strokes : (*spatial) int array
    numbers : (K,) int array
        The kinds that were drawn, in order.
    sure : (n, K) float64
        How sure each patch is of each kind; adds up to 1.
    """

    patches: Patches
    strokes: Strokes
    numbers: NDArray[np.integer[Any]]
    sure: NDArray[np.float64]

    @cached_property
    def kinds(self) -> NDArray[Any]:
        """The kind of each pixel (*spatial), under the numbers that were drawn."""
        found = self.numbers[self.sure.argmax(axis=1)][self.patches.index]
        drawn: NDArray[Any] = np.where(self.strokes > 0, self.strokes, found).astype(self.numbers.dtype)
        return drawn

    @property
    def doubt(self) -> NDArray[np.float32]:
        """How doubtful each pixel (*spatial) is: 1 where two kinds are level, 0 where one is certain or drawn."""
        first, second = np.sort(self.sure, axis=1)[:, :-3:-1].T
        doubt = (1 - (first - second)).astype(np.float32)[self.patches.index]
        found: NDArray[np.float32] = np.where(self.strokes > 0, np.float32(0), doubt)
        return found

    def share(self, kind: int) -> NDArray[np.float32]:
        """Return how sure each pixel (*spatial) is of one kind: 0 or 1 where something is drawn."""
        column = np.flatnonzero(self.numbers == kind)
        sure = self.sure[:, column].sum(axis=1).astype(np.float32)[self.patches.index]
        found: NDArray[np.float32] = np.where(self.strokes > 0, self.strokes == kind, sure).astype(np.float32)
        return found


@dataclass(frozen=True)
class Forests:
    """Forests that know what each kind looks like."""

    trained: Sequence[Any]

    @property
    def kinds(self) -> NDArray[np.integer[Any]]:
        """The kinds (K,) that were learned, in order."""
        found: NDArray[np.integer[Any]] = self.trained[0].classes_
        return found

    def sure(self, looks: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how sure each patch (n, F) is of each kind (n, K)."""
        found: NDArray[np.float64] = np.mean([forest.predict_proba(looks) for forest in self.trained], axis=0)
        return found


def learn(drawn: Sequence[tuple[Patches, Strokes]], seed: int = 0) -> Forests:
    """Return forests that know what each kind looks like.

    Parameters
    ----------
    drawn : sequence of (Patches, (*spatial) int array)
        Each plane or volume with what is drawn on it; 0 is nothing.
    seed : int
        The same seed and strokes give the same forests.

    Raises
    ------
    ImageError
        If fewer than two kinds are drawn.
    """
    parts = [lessons(*each) for each in drawn]
    kinds, weights = (np.concatenate([getattr(part, name) for part in parts]) for name in ("kinds", "weights"))
    some = taken(kinds)
    looks = np.concatenate([patches.looks[part.patches] for (patches, _), part in zip(drawn, parts, strict=True)])
    return fitted(looks[some], kinds[some], weights[some], seed)


def fitted(looks: NDArray[np.float32], kinds: Strokes, weights: NDArray[np.float64], seed: int = 0) -> Forests:
    """Return forests that have learned the kinds (m,) of patches that look so (m, F) and weigh so much (m,)."""
    from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier  # takes most of a second

    settings = {"n_estimators": TREES, "max_features": LOOKED_AT, "random_state": seed, "n_jobs": 1}
    forests = [ExtraTreesClassifier(**settings), RandomForestClassifier(**settings)]
    return Forests([forest.fit(looks, kinds, sample_weight=weights) for forest in forests])


@dataclass(frozen=True)
class Lessons:
    """Patches that are drawn on, once for each kind there.

    Attributes
    ----------
    patches : (m,) int64
    kinds : (m,) int array
    weights : (m,) float64
        How many of their pixels are drawn.
    """

    patches: NDArray[np.int64]
    kinds: Strokes
    weights: NDArray[np.float64]


def lessons(patches: Patches, strokes: Strokes) -> Lessons:
    """Return what is drawn on patches."""
    return lessons_of(patches.index, strokes)


def lessons_of(index: NDArray[np.integer[Any]], strokes: Strokes) -> Lessons:
    """Return what is drawn (*window) on patches that are numbered so (*window), in the order of these numbers."""
    there = strokes > 0
    pairs = np.stack([index[there].astype(np.int64), strokes[there].astype(np.int64)], axis=1)
    (patch, kind), pixels = (part.T if part.ndim > 1 else part for part in np.unique(pairs, axis=0, return_counts=True))
    return Lessons(patch, kind, pixels.astype(np.float64))


def taken(kinds: Strokes) -> NDArray[np.int64]:
    """Return which of many patches of some kinds (m,) are learned from.

    Raises
    ------
    ImageError
        If there are fewer than two kinds.
    """
    present = np.unique(kinds)
    if len(present) < 2:
        said = f"only kind {present[0]}" if len(present) else "none"
        raise ImageError(
            f"strokes must be of two kinds at least, got {said}; draw on something else, such as the ground"
        )
    return np.concatenate([_spread(np.flatnonzero(kinds == kind)) for kind in present])


def _spread(members: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return at most `MOST_DRAWN` of some numbers, evenly spread."""
    return members[np.linspace(0, len(members) - 1, min(len(members), MOST_DRAWN)).astype(np.int64)]


class Knows(Protocol):
    """What knows what each kind looks like: `Forests`, or a `Lesson` that was kept."""

    @property
    def kinds(self) -> NDArray[np.integer[Any]]:
        """The kinds (K,), in order."""
        ...

    def sure(self, looks: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return how sure each patch (n, F) is of each kind (n, K)."""
        ...


def apply(forests: Knows, patches: Patches, strokes: Strokes) -> Taught:
    """Return what a plane or volume is, by what forests of `learn` know."""
    own = forests.sure(patches.looks)
    sums = region_sums(own, patches, int(patches.region.max()) + 1)
    region = region_shares(sums, np.bincount(patches.region, patches.areas).astype(np.float64))
    return Taught(patches, strokes, drawn_numbers(forests), both(own, region[patches.region]))


def region_sums(own: NDArray[np.float64], patches: Patches, n: int) -> NDArray[np.int64]:
    """Return the sums (n, K) over finest regions of how sure their patches are, the same in whatever order."""
    sums = [np.bincount(patches.region, in_steps(patches.areas * column), n) for column in own.T]
    return np.stack(sums, axis=1).astype(np.int64)


def region_shares(sums: NDArray[np.int64], areas: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how sure finest regions of so many pixels (n,) are of each kind (n, K), see `region_sums`."""
    found: NDArray[np.float64] = sums / FINE / areas[:, None]
    return found


def both(own: NDArray[np.float64], region: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return all the evidence (n, K), from the patches' own and that of their regions."""
    return OWN * own + (1 - OWN) * region


def drawn_numbers(forests: Knows) -> NDArray[np.integer[Any]]:
    """Return the kinds (K,) in the smallest type that holds them."""
    return forests.kinds.astype(np.min_scalar_type(int(forests.kinds[-1])))


def most_doubtful(taught: Sequence[Taught], number: int = 0) -> tuple[int, tuple[int, ...]]:
    """Return which of several planes or volumes holds the most doubtful place, and its pixel.

    Parameters
    ----------
    taught : sequence of Taught
    number : int
        0 for the most doubtful place, 1 for the next one, and so on; places lie in different regions.
    """
    scores, where = [], []
    for part, each in enumerate(taught):
        first, second = np.sort(each.sure, axis=1)[:, :-3:-1].T
        weights = each.patches.areas * (1 - (first - second))
        drawn = np.bincount(each.patches.index.ravel(), (each.strokes > 0).ravel(), len(weights)) > 0
        total = np.bincount(each.patches.region, np.where(drawn, 0, weights))
        scores.append(total)
        where += [(part, region) for region in range(len(total))]
    order = np.argsort(-np.concatenate(scores), kind="stable")
    part, region = where[order[number % len(order)]]
    patches, strokes = taught[part].patches, taught[part].strokes
    pixels = np.argwhere((patches.region[patches.index] == region) & (strokes == 0))
    middle = pixels[((pixels - pixels.mean(axis=0)) ** 2).sum(axis=1).argmin()]
    return part, tuple(int(i) for i in middle)

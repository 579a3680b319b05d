"""Readings: several results of one image, each judged by what can be measured without a label.

A reading is what one tree shows if objects have about one size: bright objects, dark ones, what bright or dark lines
enclose, what the trained network tells apart. All are made and judged alike; the best one is the result, the next ones
are what else it could be, and where none is good there are no objects, only regions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.colour import RGB
from napari_backprop_segmentation.objects.around import around, encloses
from napari_backprop_segmentation.objects.candidates import (
    Candidates,
    Kind,
    Nested,
    describe,
    level_tree,
    look,
    pruned,
    ridge_tree,
)
from napari_backprop_segmentation.objects.choose import choose, evidence_columns, log_odds, painted
from napari_backprop_segmentation.objects.forest import WHOLE_SHARE, lights
from napari_backprop_segmentation.objects.judgement import Judge, best_ious, expected
from napari_backprop_segmentation.objects.opening import opened

Floats = NDArray[np.float64]

# Of the logarithm of the odds that a node is an object; by fit.py, all sets of ../shared/data with instances.
EVIDENCE: Mapping[str, Mapping[str, float]] = {
    "level": {"roundness": 2.35, "drop": 0.19, "height": -0.03, "edge": 0.48, "line": 2.05,
              "size": 0.27, "size2": -0.6, "offset": -3.35},
    "ridge": {"roundness": 1.45, "drop": 0.6, "height": -0.21, "edge": 1.65, "line": 5.81,
              "size": 0.61, "size2": -0.68, "offset": -5.7},
    "net": {"roundness": 3.63, "drop": 1.13, "height": 1.1, "edge": 0.4, "line": 0.5,
            "size": 0.25, "size2": -0.83, "offset": -5.34},
}  # fmt: skip
# Of the expected F1 of a reading; by fit.py.
JUDGEMENT: Mapping[str, float] = {
    "offset": -0.395,
    "sure": 0.717,
    "count": 0.072,
    "steady": 0.112,
    "edge": 0.001,
    "line": 0.246,
}
SMALLEST, STEP = 25.0, 0.5  # pixels of the smallest supposed objects; from size to size in log area
LARGEST_SHARE, LARGEST = 0.1, 12_000.0  # of the image, pixels: of the largest supposed objects
STRICTNESS = (0.3, 0.45)  # how sure an object must be
LIKENESS = {"level": 0.5, "ridge": 0.2, "net": 0.5}  # how much objects resemble each other; less where lines decide
MANY = 10.0  # objects from which on more of them prove nothing
KEPT = 12  # readings of trees that are painted and judged together with others
OFFERED = 8
# Geometric mean of how far two readings are found again in each other, from which on only the better is offered. The
# best of six has F1 .592 where all are, .607 from .9, .614 from .8, .612 from .7 on (14 kinds of images).
TWIN = 0.8
# Of the score: how much better a variant of a reading must be to come before it. From .03 on what is taken is as good
# as without variants (F1 .541; .538 at 0), and what is branched is still offered.
VARIANT = 0.05
FIRST = 0.001  # of the score: of two readings that no figure tells apart
APART = 1.1  # of log area: readings of one tree closer than this are one reading
KINDS = {
    "bright": Kind("level", 1),
    "dark": Kind("level", -1),
    "between bright lines": Kind("ridge", 1),
    "between dark lines": Kind("ridge", -1),
    "regions of the network": Kind("net", 0),
}


OPENED = {name for name, kind in KINDS.items() if kind.family != "net"}  # regions of the network are no better for it


@dataclass(frozen=True)
class TreeReading:
    """What one tree shows if objects have about one size.

    Attributes
    ----------
    name : str
        One of `KINDS`.
    channel : int
        That it was seen in; -1 for lightness.
    size : float
        Logarithm of the supposed area.
    chosen : (n,) bool
        Nodes of its tree.
    score : float
        About what F1 to expect, compared with other readings of trees.
    least : float
        How sure an object had to be.
    """

    name: str
    channel: int
    size: float
    chosen: NDArray[np.bool_]
    found: Candidates
    score: float
    least: float

    def labels(self, strictness: float = 1.0) -> NDArray[np.int32]:
        """Return the objects (*spatial), numbered from 1, where they must be so many times surer than usual."""
        if strictness == 1:
            return painted(self.found, self.chosen)
        kind = KINDS[self.name]
        columns = evidence_columns(self.found, kind)
        odds = log_odds(columns, EVIDENCE[kind.family], np.log(self.found.areas), self.size)
        least = strictness * self.least / (1 - self.least)
        chosen, _ = choose(self.found, odds, self.size, least / (1 + least), LIKENESS[kind.family])
        return painted(self.found, chosen)


@dataclass(frozen=True)
class Reading:
    """One possible result.

    Attributes
    ----------
    name : str
        What was looked for: one of `KINDS`, or how else it was made.
    painted : (*spatial) int32
        Objects, numbered from 1; 0 is background.
    score : float
        About what F1 to expect.
    figures : mapping
        What the score is made of.
    repaint : callable, optional
        Returns the objects where these must stand out so many times more than usual.
    """

    name: str
    painted: NDArray[np.int32]
    score: float
    figures: Mapping[str, float]
    repaint: Callable[[float], NDArray[np.int32]] | None = field(default=None, repr=False)

    @property
    def count(self) -> int:
        """How many objects."""
        return int(self.painted.max(initial=0))

    def labels(self, strictness: float = 1.0) -> NDArray[np.int32]:
        """Return the objects (*spatial), numbered from 1; 0 is background."""
        return self.painted if strictness == 1 or self.repaint is None else self.repaint(strictness)


@dataclass(frozen=True, eq=False)
class _Made:
    """What a way of looking finds, before it is judged.

    Attributes
    ----------
    name : str
    labels : (*spatial) int32
    repaint : callable
    variant : bool
        Whether it is another one in another form: then it proves nothing for others.
    """

    name: str
    labels: NDArray[np.int32]
    repaint: Callable[[float], NDArray[np.int32]]
    variant: bool = False


class Readings(Sequence[Reading]):
    """The readings of an image, up to `OFFERED`, the best first, none like a better one.

    They follow from the image and its merge tree alone, so that the same number means the same reading whatever else is
    asked for.

    Parameters
    ----------
    image : (C, *spatial) float32
        In about [0, 1]; three channels are taken as RGB.
    merge_tree : Nested, optional
        Of the trained network.
    made_otherwise : mapping of name to callable, optional
        What makes results in other ways, by how much objects must stand out; judged by the same figures. What is named
        like another one before a comma is a variant of it, and left out where it finds as many.
    divided : sequence of (*spatial) int arrays
        Divisions of the image into regions, which objects may agree with.

    Attributes
    ----------
    scores : dict
        The best score under each name, also of what is not offered as it is like a better one.

    Raises
    ------
    ValueError
        If the image has another number of axes.
    """

    def __init__(
        self,
        image: NDArray[np.float32],
        merge_tree: Nested | None = None,
        made_otherwise: Mapping[str, Callable[[float], NDArray[np.integer]]] | None = None,
        divided: Sequence[NDArray[np.integer]] = (),
    ) -> None:
        if image.ndim not in (3, 4):
            raise ValueError(f"image must be (C, Y, X) or (C, Z, Y, X), got {image.shape}; put the channels first")
        made = [_Made(each.name, each.labels(), each.labels) for each in tree_labels(image, merge_tree)]
        for name, make in (made_otherwise or {}).items():
            labels = numbered(make(1.0))
            like = next((each for each in made if name.partition(",")[0] == each.name != name), None)
            if labels.any() and (like is None or labels.max() != like.labels.max()):
                made.append(_Made(name, labels, partial(_numbered_by, make), variant=like is not None))
        self._judge = Judge(image)
        seen = [each.labels for each in made] + [numbered(labels) for labels in divided]
        self._seen = [labels.astype(np.min_scalar_type(int(labels.max()))) for labels in seen]
        again = np.zeros((len(self._seen),) * 2)
        for i, j in combinations(range(len(self._seen)), 2):
            if i < len(made):
                again[i, j], again[j, i] = best_ious(self._seen[i], self._seen[j])
        witness = np.array([not each.variant for each in made] + [True] * len(divided))
        found = []
        for i, each in enumerate(made):
            others = witness & (np.arange(len(witness)) != i)
            figures = self._judge.figures(each.labels, float(again[i, others].mean()) if others.any() else 0.0)
            score = expected(figures) - VARIANT * each.variant
            found.append(Reading(each.name, each.labels, score, figures, each.repaint))
        self._seen = [labels for labels, tells in zip(self._seen, witness, strict=True) if tells]
        self.scores = {each.name: each.score for each in sorted(found, key=lambda each: each.score)}
        readings: list[Reading] = []
        for judged in sorted(found, key=lambda each: -each.score):
            shown = _without_arms(judged) if judged.name in OPENED else judged
            if all(np.prod(best_ious(shown.painted, other.painted)) < TWIN**2 for other in readings):
                readings.append(shown)
            if len(readings) == OFFERED:
                break
        if len(image) not in (1, RGB):
            readings = with_nested(readings, image)
        self._readings = readings[:OFFERED]

    def __len__(self) -> int:
        return len(self._readings)

    def __getitem__(self, index: Any) -> Any:
        return self._readings[index]

    def score(self, labels: NDArray[np.integer]) -> float:
        """Return about what F1 to expect of any other objects (*spatial) of this image; 0 is the ground."""
        return expected(self.figures(labels)) if labels.any() else 0.0

    def figures(self, labels: NDArray[np.integer]) -> dict[str, float]:
        """Return what the score of any other objects (*spatial) is made of, see `Judge.figures`."""
        own = numbered(labels)
        agree = np.mean([best_ious(own, other)[0] for other in self._seen] or [0.0])
        return self._judge.figures(own, float(agree))


def tree_labels(image: NDArray[np.float32], merge_tree: Nested | None) -> list[TreeReading]:
    """Return the best readings of single trees, the best first."""
    judged: list[TreeReading] = []
    for channel, name, found in all_candidates(image, merge_tree):
        judged += tree_readings(found, name, channel, EVIDENCE)
    return different(sorted(judged, key=lambda reading: -reading.score))


def with_nested(readings: Sequence[Reading], image: NDArray[np.float32]) -> list[Reading]:
    """Return readings with one more beside the first of things that stand out: what lies around each of these.

    Where a channel shows nuclei and another one cells, either may be meant, and no figure of objects tells which. What
    lies around comes first where a channel of the image (C, *spatial) shows something there: who gives a channel more
    wants it to count.
    """
    sides = [reading.name.split()[0] for reading in readings]
    place = next((i for i, side in enumerate(sides) if side in ("bright", "dark")), None)
    if place is None:
        return list(readings)
    inner, name = readings[place], f"around {sides[place]} ones"
    painted = around(inner.painted)
    score = inner.score + (FIRST if encloses(image, inner.painted, painted) else -FIRST)
    outer = replace(inner, name=name, painted=painted, score=score, repaint=lambda s: around(inner.labels(s)))
    return sorted([*readings, outer], key=lambda reading: -reading.score)


def _without_arms(reading: Reading) -> Reading:
    """Return a reading of the same objects with plain outlines, see `opening`; its score stays."""
    return replace(reading, painted=opened(reading.painted), repaint=lambda s: opened(reading.labels(s)))


def _numbered_by(make: Callable[[float], NDArray[np.integer]], strictness: float) -> NDArray[np.int32]:
    return numbered(make(strictness))


def numbered(labels: NDArray[np.integer]) -> NDArray[np.int32]:
    """Return labels (*spatial) from 1 without gaps; 0 stays."""
    values, where = np.unique(labels, return_inverse=True)
    found: NDArray[np.int32] = (where.reshape(labels.shape) + (values[0] != 0)).astype(np.int32)
    return found


def all_candidates(image: NDArray[np.float32], merge_tree: Nested | None) -> Iterator[tuple[int, str, Candidates]]:
    """Yield channel, name and nodes of all trees of an image (C, *spatial)."""
    for first, (channel, light) in enumerate(lights(image)):
        seen = look(light)
        yield channel, "bright", small(describe(level_tree(seen.light, seen.noise), seen))
        yield channel, "dark", small(describe(level_tree(-seen.light, seen.noise), seen))
        yield channel, "between bright lines", small(describe(ridge_tree(seen.bright, seen.smooth, 1), seen))
        yield channel, "between dark lines", small(describe(ridge_tree(seen.dark, seen.smooth, -1), seen))
        if merge_tree is not None and not first:
            altitudes = np.log1p(merge_tree.altitudes)  # of a Mumford-Shah tree: equal steps are equal factors of scale
            tree = pruned(replace(merge_tree, altitudes=altitudes))
            yield channel, "regions of the network", small(describe(tree, seen))


def small(found: Candidates) -> Candidates:
    """Return candidates without those too large to be objects; what they held hangs from the root."""
    tree = found.tree
    keep = found.areas <= WHOLE_SHARE * tree.node.size
    keep[-1] = True
    numbers, root = np.cumsum(keep) - 1, int(keep.sum()) - 1
    parents = np.where(keep[tree.parents], numbers[tree.parents], root)[keep]
    node = np.where(keep[tree.node], numbers[tree.node], root).astype(np.int32)
    return Candidates(Nested(parents, tree.altitudes[keep], node), found.areas[keep], found.features[keep])


def tree_readings(
    found: Candidates, name: str, channel: int, evidence: Mapping[str, Mapping[str, float]]
) -> list[TreeReading]:
    """Return the readings of one tree: one a supposed size and strictness, judged."""
    kind = KINDS[name]
    columns, log_area = evidence_columns(found, kind), np.log(found.areas)
    largest = min(LARGEST, LARGEST_SHARE * found.tree.node.size)
    made: list[tuple[float, float, NDArray[np.bool_], Floats]] = []
    for size in np.arange(np.log(SMALLEST), np.log(max(largest, 2 * SMALLEST)), STEP):
        odds = log_odds(columns, evidence[kind.family], log_area, size)
        for least in STRICTNESS:
            made.append((float(size), least, *choose(found, odds, size, least, LIKENESS[kind.family])))
    readings: list[TreeReading] = []
    for i, (size, least, chosen, sure) in enumerate(made):
        if chosen.any():
            near = [made[j][2] for j in (i - len(STRICTNESS), i + len(STRICTNESS)) if 0 <= j < len(made)]
            figures = judged_by(found, columns, chosen, sure, near)
            readings.append(TreeReading(name, channel, size, chosen, found, judgement(figures), least))
    return readings


def judged_by(
    found: Candidates,
    columns: Mapping[str, Floats],
    chosen: NDArray[np.bool_],
    sure: Floats,
    near: Sequence[NDArray[np.bool_]],
) -> dict[str, float]:
    """Return the figures of a reading: none needs a label.

    - sure: the square of how sure its objects are, in the mean over their pixels;
    - count: logarithm of how many there are, up to `MANY`;
    - steady: the share of it that is found again when other sizes are supposed;
    - edge, line: how strong edges, and how sure lines, are on the outlines.

    Parameters
    ----------
    found : Candidates
    columns : mapping
        See `evidence_columns`.
    chosen : (n,) bool
    sure : (n,) float64
    near : sequence of (n,) bool
        What was chosen for the next smaller and larger sizes.
    """
    weight = found.areas[chosen] / found.areas[chosen].sum()
    again = [overlap(found.areas, chosen, mask) for mask in near if mask.any()]
    return {
        "sure": float(weight @ sure[chosen]) ** 2,
        "count": float(np.log(min(chosen.sum(), MANY))),
        "steady": float(np.mean(again)) if again else 0.0,
        "edge": float(weight @ columns["edge"][chosen]),
        "line": float(weight @ columns["line"][chosen]),
    }


def judgement(figures: Mapping[str, float]) -> float:
    """Return about what F1 to expect of a reading with these figures."""
    return JUDGEMENT["offset"] + sum(JUDGEMENT[name] * value for name, value in figures.items())


def overlap(areas: Floats, one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Return the share of pixels in nodes that two choices have in common."""
    return float(areas[one & other].sum() / max(areas[one | other].sum(), 1.0))


def different(readings: Sequence[TreeReading]) -> list[TreeReading]:
    """Return the first readings of a list that differ in tree or size."""
    kept: list[TreeReading] = []
    for reading in readings:
        same = (r for r in kept if (r.name, r.channel) == (reading.name, reading.channel))
        if all(abs(r.size - reading.size) >= APART for r in same):
            kept.append(reading)
        if len(kept) == KEPT:
            break
    return kept

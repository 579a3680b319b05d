"""Readings: several results of one image, each judged by what can be measured without a label.

A reading is what one tree shows if objects have about one size: bright objects, dark ones, what bright or dark lines
enclose, what the trained network tells apart. All are made and judged alike; the best one is the result, the next ones
are what else it could be, and where none is good there are no objects, only regions.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.objects.candidates import (
    Candidates,
    Kind,
    Nested,
    Seen,
    describe,
    level_tree,
    look,
    pruned,
    ridge_tree,
)
from napari_backprop_segmentation.objects.choose import choose, evidence_columns, log_odds, painted
from napari_backprop_segmentation.objects.forest import WHOLE_SHARE, lights
from napari_backprop_segmentation.objects.judgement import agreements, label_figures, score

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
# Of the expected F1 of any label image, tree or preset; by bench/jeval2.py.
EXPECTED: Mapping[str, float] = {
    "round2": 0.585,
    "edge": -0.003,
    "line": 0.031,
    "count": 0.060,
    "agree": 1.268,
    "uneven_size": -0.008,
    "share": 0.246,
    "recognised": 0.314,
    "preset": -0.071,
    "offset": -0.707,
}
NOTHING = 0.27  # score below which there are no objects: 5 of 6 noise images and 9 of 10 photographs have less

SMALLEST, STEP = 25.0, 0.5  # pixels of the smallest supposed objects; from size to size in log area
LARGEST_SHARE, LARGEST = 0.1, 12_000.0  # of the image, pixels: of the largest supposed objects
STRICTNESS = (0.3, 0.45)  # how sure an object must be
LIKENESS = {"level": 0.5, "ridge": 0.2, "net": 0.5}  # how much objects resemble each other; less where lines decide
MANY = 10.0  # objects from which on more of them prove nothing
KEPT = 12  # readings of trees that are painted and judged together with others
OFFERED = 8
APART = 1.1  # of log area: readings of one tree closer than this are one reading
KINDS = {
    "bright": Kind("level", 1),
    "dark": Kind("level", -1),
    "between bright lines": Kind("ridge", 1),
    "between dark lines": Kind("ridge", -1),
    "regions of the network": Kind("net", 0),
}


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
        What was looked for: one of `KINDS`, or the name of a preset.
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


def find_readings(
    image: NDArray[np.float32],
    merge_tree: Nested | None = None,
    extra_labels: Mapping[str, Callable[[float], NDArray[np.integer]]] | None = None,
    recognised: str | None = None,
) -> list[Reading]:
    """Return up to `OFFERED` readings of an image; what was recognised is first, the others follow by their score.

    Where nothing was recognised and the first has a score below `NOTHING`, regions are the better result.

    Parameters
    ----------
    image : (C, *spatial) float32
        In about [0, 1]; three channels are taken as RGB.
    merge_tree : Nested, optional
        Of the trained network.
    extra_labels : mapping of name to callable, optional
        What makes results in other ways, by how much objects must stand out; judged by the same figures.
    recognised : str, optional
        Which of these is the one for the kind of image that was recognised.
    """
    if image.ndim not in (3, 4):
        raise ValueError(f"image must be (C, Y, X) or (C, Z, Y, X), got {image.shape}; put the channels first")
    extra = dict(extra_labels or {})
    if recognised is not None and recognised not in extra:
        raise ValueError(f"recognised must be one of {sorted(extra)}, got {recognised}; add its labels")
    made = [(each.name, each.labels(), False, each.labels) for each in tree_labels(image, merge_tree)]
    made += [(name, numbered(make(1.0)), True, partial(_numbered_by, make)) for name, make in extra.items()]
    made = [each for each in made if each[1].any() or not each[2]]
    seens = [look(light) for _, light in lights(image)]
    agreed = agreements([labels for _, labels, *_ in made])
    readings = []
    for (name, labels, preset, again), agree in zip(made, agreed, strict=True):
        figures = compared(labels, seens, agree) | {"preset": float(preset), "recognised": float(name == recognised)}
        readings.append(Reading(name, labels, score(figures, EXPECTED), figures, again))
    return sorted(readings, key=lambda reading: (reading.name != recognised, -reading.score))[:OFFERED]


def tree_labels(image: NDArray[np.float32], merge_tree: Nested | None) -> list[TreeReading]:
    """Return the best readings of single trees, the best first."""
    judged: list[TreeReading] = []
    for channel, name, found in all_candidates(image, merge_tree):
        judged += tree_readings(found, name, channel, EVIDENCE)
    return different(sorted(judged, key=lambda reading: -reading.score))


def compared(labels: NDArray[np.int32], seens: Sequence[Seen], agree: Mapping[str, float]) -> dict[str, float]:
    """Return the figures of labels (*spatial) that `EXPECTED` weighs; see `label_figures` and `agreements`."""
    seen = label_figures(labels, seens)
    return {
        "round2": seen["roundness"] ** 2,
        "line": max(seen["bright_line"], seen["dark_line"]),
        **{name: seen[name] for name in ("edge", "count", "uneven_size", "share")},
        "agree": agree["agree"],
    }


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

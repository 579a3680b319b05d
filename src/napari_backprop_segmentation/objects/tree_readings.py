"""Readings of trees: what one tree of an image shows if its objects have about one size.

Bright objects, dark ones, what bright or dark lines enclose, what the trained network tells apart: each tree is asked
once a supposed size, by evidence that needs no label, and the answers are judged by figures that need none either.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.each import in_threads
from napari_backprop_segmentation.objects.candidates import Candidates, Seen, describe
from napari_backprop_segmentation.objects.choose import choose, evidence_columns, log_odds, painted
from napari_backprop_segmentation.objects.forest import MADE, WHOLE_SHARE
from napari_backprop_segmentation.objects.light_trees import Nested, level_tree, pruned, ridge_tree

Floats = NDArray[np.float64]
Tree = tuple[str, int]  # one of `KINDS`, and the channel that it is made of; -1 for lightness

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
APART = 1.1  # of log area: readings of one tree closer than this are one reading
ASKED = ("bright", "dark", "between bright lines", "between dark lines", "regions of the network")
KINDS = {name: MADE[name] for name in ASKED}


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

    @property
    def tree(self) -> Tree:
        """The tree it is a reading of."""
        return self.name, self.channel

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


def tree_labels(
    seens: Sequence[tuple[int, Seen]], merge_tree: Nested | None, among: Collection[Tree] | None = None
) -> list[TreeReading]:
    """Return the best readings of single trees, the best first.

    Parameters
    ----------
    seens : sequence of (int, Seen)
        See `forest.all_seen`.
    merge_tree : Nested, optional
        Of the trained network.
    among : collection of Tree, optional
        Trees that are asked; all if left out.
    """
    asked = [(channel, name, seen) for channel, seen in seens for name in KINDS if KINDS[name].family != "net"]
    if merge_tree is not None:
        asked.append((seens[0][0], "regions of the network", seens[0][1]))
    if among is not None:
        asked = [each for each in asked if (each[1], each[0]) in among]
    judged = [reading for readings in in_threads(_asked, merge_tree, asked) for reading in readings]
    return different(sorted(judged, key=lambda reading: -reading.score))


def _asked(merge_tree: Nested | None, item: tuple[int, str, Seen]) -> list[TreeReading]:
    """Return the readings of one of `KINDS` of trees of one light."""
    channel, name, seen = item
    found = small(describe(_tree(name, seen, merge_tree), seen))
    return tree_readings(found, name, channel, EVIDENCE)


def _tree(name: str, seen: Seen, merge_tree: Nested | None) -> Nested:
    kind = KINDS[name]
    if kind.family == "level":
        return level_tree(kind.sign * seen.light, seen.noise)
    if kind.family == "ridge":
        return ridge_tree(seen.bright if kind.sign > 0 else seen.dark, seen.smooth, kind.sign)
    if merge_tree is None:
        raise ValueError("merge_tree must be given for regions of the network, got None; build it first")
    # equal steps in the logarithm are equal factors of scale, as its altitudes are those of a Mumford-Shah tree
    return pruned(replace(merge_tree, altitudes=np.log1p(merge_tree.altitudes)))


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
        same = (r for r in kept if r.tree == reading.tree)
        if all(abs(r.size - reading.size) >= APART for r in same):
            kept.append(reading)
        if len(kept) == KEPT:
            break
    return kept

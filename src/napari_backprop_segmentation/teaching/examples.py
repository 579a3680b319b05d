"""By example: of all ways to choose nodes that do not overlap, the one most like what the user has pointed at.

The same candidates and the same exact choice as without examples; only the evidence is another one.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.objects.candidates import Candidates
from napari_backprop_segmentation.objects.choose import (
    IMPOSSIBLE,
    REACH,
    Kind,
    best_nodes,
    evidence_columns,
    log_odds,
    painted,
)
from napari_backprop_segmentation.objects.readings import EVIDENCE, KINDS

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Of the logarithm of the odds that a node is alike: each squared difference from the examples in units of UNITS, the
# general evidence, and the offset; by work/ex2.py, all sets of ../shared/data with instances.
LIKENESS: Mapping[str, float] = {
    "offset": 0.73,
    "evidence": 1.04,
    "log_area": -0.146,
    "roundness": -0.022,
    "elongation": -0.023,
    "contrast": -0.039,
    "level": -0.075,
    "height": -0.093,
}
# How much objects of one image differ: median over the images of the spread of nodes that match objects.
UNITS: Mapping[str, float] = {
    "log_area": 0.72,
    "roundness": 0.08,
    "elongation": 0.16,
    "contrast": 0.72,
    "level": 0.10,
    "height": 0.46,
}
HOW_ALIKE = 0.45
FAR = 9.0  # squared units: further away than this counts no more
EVIDENCE_LIMIT = 6.0  # of the log odds: evidence alone never outweighs likeness
COUNTER = 3.0  # log odds lost for each step nearer to a counter-example than to an example
SIZE_POWER = 0.2  # of the area: between halves and whole the examples decide
CERTAIN = 1e3  # more than all other scores together can outweigh: what was pointed at stays


def node_like(found: Candidates, mask: Mask) -> tuple[int, float]:
    """Return the node of a tree that is most like a mask (*spatial), and their IoU."""
    tree, n = found.tree, len(found.areas)
    inside = np.bincount(tree.node[mask], minlength=n).astype(np.float64)
    for node in range(n - 1):  # children come before their parents
        inside[tree.parents[node]] += inside[node]
    iou = inside / (found.areas + mask.sum() - inside)
    return int(iou.argmax()), float(iou.max())


def nodes_at(found: Candidates, place: tuple[int, ...]) -> list[int]:
    """Return the nodes around a pixel from the smallest to the largest: what the mouse wheel goes through."""
    node, root = int(found.tree.node[place]), len(found.areas) - 1
    around = []
    while node != root:
        around.append(node)
        node = int(found.tree.parents[node])
    return around


def best_at(found: Candidates, kind: Kind, place: tuple[int, ...]) -> int | None:
    """Return the node around a pixel that looks most like an object of its own size; None on the background."""
    around = nodes_at(found, place)
    if not around:
        return None
    columns = {name: values[around] for name, values in evidence_columns(found, kind).items()}
    odds = log_odds(columns, EVIDENCE[kind.family], np.zeros(len(around)), 0.0)
    return around[int(odds.argmax())]


def alike(
    found: Candidates,
    kind: Kind,
    examples: Sequence[int],
    counter_examples: Sequence[int] = (),
    how_alike: float = HOW_ALIKE,
) -> Mask:
    """Return the nodes (n,) that are alike; the examples are among them, the counter-examples are not.

    Parameters
    ----------
    found : Candidates
    kind : Kind
    examples : sequence of int
        Nodes of the tree.
    counter_examples : sequence of int
    how_alike : float
        From 0, everything, to 1, nothing but what is very like the examples.
    """
    if not len(examples):
        raise ValueError("examples must be at least one node, got none; click on an object first")
    sure = 1 / (1 + np.exp(-alike_odds(found, kind, examples, counter_examples)))
    log_area = np.log(found.areas)
    apart = np.clip(log_area - log_area[list(examples)].mean(), -REACH, REACH)
    scores = (sure - how_alike) * np.exp(SIZE_POWER * apart)
    for node in counter_examples:
        scores[same_thing(found, node)] = 0
    scores[list(examples)] = CERTAIN
    return best_nodes(found.tree.parents, scores)


def same_thing(found: Candidates, node: int) -> NDArray[np.int64]:
    """Return the nodes that overlap a node by more than half: the same thing a little smaller or larger."""
    parents, areas = found.tree.parents, found.areas
    within = np.zeros(len(areas), bool)
    within[node] = True
    for child in range(node - 1, -1, -1):  # children come before their parents
        within[child] = within[parents[child]]
    within &= areas > areas[node] / 2
    up = int(parents[node])
    while areas[up] < 2 * areas[node] and not within[up]:
        within[up] = True
        up = int(parents[up])
    return np.flatnonzero(within)


def alike_odds(found: Candidates, kind: Kind, examples: Sequence[int], counter_examples: Sequence[int]) -> Floats:
    """Return the logarithm of the odds (n,) that nodes are what the examples are."""
    log_area = np.log(found.areas)
    size = float(log_area[list(examples)].mean())
    general = log_odds(evidence_columns(found, kind), EVIDENCE[kind.family], np.full(len(log_area), size), size)
    look = np.stack([found.feature(name) / UNITS[name] for name in UNITS], axis=1)
    weights = np.array([LIKENESS[name] for name in UNITS])
    away = np.minimum((look - look[list(examples)].mean(axis=0)) ** 2, FAR) @ weights
    odds = LIKENESS["offset"] + LIKENESS["evidence"] * np.clip(general, -EVIDENCE_LIMIT, EVIDENCE_LIMIT) + away
    if len(counter_examples):
        nearer = _nearest(look, weights, examples) - _nearest(look, weights, counter_examples)
        odds = odds - COUNTER * np.clip(nearer, 0, 2)
    return np.where(np.abs(log_area - size) < REACH, odds, IMPOSSIBLE)


def _nearest(look: Floats, weights: Floats, nodes: Sequence[int]) -> Floats:
    """Return how far (n,) the nearest of some nodes is."""
    found: Floats = np.min([np.minimum((look - look[node]) ** 2, FAR) @ -weights for node in nodes], axis=0)
    return found


def all_alike(
    trees: Sequence[tuple[str, Candidates]],
    examples: Sequence[Mask],
    counter_examples: Sequence[Mask] = (),
    how_alike: float = HOW_ALIKE,
) -> NDArray[np.int32]:
    """Return all objects (*spatial) like those pointed at, of the tree whose nodes fit the examples best.

    Parameters
    ----------
    trees : sequence of (name, Candidates)
        Names of `KINDS`.
    examples, counter_examples : sequence of (*spatial) bool
    how_alike : float
        See `alike`.
    """
    if not len(examples):
        raise ValueError("examples must be at least one mask, got none; click on an object first")
    fits = [np.mean([node_like(found, mask)[1] for mask in examples]) for _, found in trees]
    name, found = trees[int(np.argmax(fits))]
    nodes = [node_like(found, mask)[0] for mask in examples]
    against = [node_like(found, mask)[0] for mask in counter_examples]
    return painted(found, alike(found, KINDS[name], nodes, against, how_alike))

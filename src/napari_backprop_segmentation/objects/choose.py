"""Choose objects among the nodes of a tree: evidence that needs no label, and the exact best choice without overlap.

What a node must look like depends on how large objects are, and nothing in an image says so. So a size is supposed, the
best objects of about that size are chosen, and which size is right is judged by the result (`readings`).
"""

from collections.abc import Mapping
from dataclasses import dataclass

import higra as hg
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.objects.candidates import Candidates

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

REACH = 2.0  # of log area: what is 7 times smaller or larger than the supposed size is another kind of thing
SIZE_POWER = 0.5  # of the area in the score: else the two halves of an object would be as good as all of it
LEAST_ALIKE = 5  # objects from which on what they have in common can be said
FAR = 3.0  # spreads: further away than this counts no more, a single odd feature is forgiven
SURE_ODDS = -2.5  # logarithm of the odds below which likeness cannot make an object
USUAL_DISTANCE = 1.2  # mean squared distance, in spreads, of what belongs: 1 for a bell curve
EVEN_SIZE = 0.25  # of log area: sizes are not told apart more finely than this
IMPOSSIBLE = -20.0
TINY = 1e-9

COMMON = ("roundness", "level", "sharpness", "contrast", "edge", "elongation", "log_area")


@dataclass(frozen=True)
class Kind:
    """What a tree shows.

    Attributes
    ----------
    family : {"level", "ridge", "net"}
        Made by levels, by lines, or by the trained network.
    sign : int
        1 for bright objects or lines, -1 for dark ones, 0 for either.
    """

    family: str
    sign: int


def evidence_columns(found: Candidates, kind: Kind) -> dict[str, Floats]:
    """Return what counts for or against a node (n,), each bounded, so that nothing decides alone.

    Parameters
    ----------
    found : Candidates
    kind : Kind
    """
    of = found.feature
    side = np.full(len(found.areas), float(kind.sign)) if kind.sign else np.sign(of("consistency") + TINY)
    # the line around a bright thing is dark, if there is any; what bright lines enclose has bright ones
    bright_line = side < 0 if kind.family != "ridge" else side > 0
    return {
        "roundness": of("roundness") ** 2,
        "drop": np.minimum(of("drop"), 4),
        "height": np.minimum(of("height"), 4),
        "edge": np.log1p(np.clip(of("edge"), 0, 20)),
        "line": np.clip(np.where(bright_line, of("bright_share"), of("dark_share")), -1, 1),
    }


def log_odds(columns: Mapping[str, Floats], weights: Mapping[str, float], log_area: Floats, size: float) -> Floats:
    """Return the logarithm of the odds (n,) that a node is an object, if objects have about exp(size) pixels.

    Parameters
    ----------
    columns : mapping
        See `evidence_columns`.
    weights : mapping
        One a column, ``offset``, ``size`` and ``size2`` for the difference of log area and its square.
    log_area : (n,) float64
    size : float
        Logarithm of the supposed area.
    """
    apart = log_area - size
    total = weights["offset"] + weights["size"] * apart + weights["size2"] * apart**2
    total = total + sum(weights[name] * values for name, values in columns.items())
    return np.where(np.abs(apart) < REACH, total, IMPOSSIBLE)


def best_nodes(parents: NDArray[np.int64], scores: Floats) -> Mask:
    """Return which nodes (n,) to choose, none inside another, so that their scores add up to most.

    Exact, by dynamic programming from the leaves to the root.

    Parameters
    ----------
    parents : (n,) int64
        Parents come after their children; the root, the last node, is its own.
    scores : (n,) float64
        What is not above 0 is never chosen.
    """
    n = len(parents)
    nodes = hg.Tree(np.concatenate([np.arange(n) + n, parents + n]))
    values = np.concatenate([np.zeros(n), np.maximum(scores, 0)])
    best = hg.accumulate_and_max_sequential(nodes, values, np.zeros(n), hg.Accumulators.sum)[n:]
    good = (scores > 0) & (scores >= best - 1e-12)
    above = good[parents] & (parents != np.arange(n))
    up = parents
    while True:  # twice as far up each time
        above, further = above | above[up], up[up]
        if np.array_equal(further, up):
            found: Mask = good & ~above
            return found
        up = further


def choose(found: Candidates, odds: Floats, size: float, least: float, likeness: float) -> tuple[Mask, Floats]:
    """Return the objects of about one size: which nodes (n,), and how sure each node is one (n,), from 0 to 1.

    In a first pass nodes are chosen by their own evidence. What the chosen have in common then counts for or against
    every node, and they are chosen again.

    Parameters
    ----------
    found : Candidates
    odds : (n,) float64
        See `log_odds`.
    size : float
        Logarithm of the supposed area.
    least : float
        How sure an object must be.
    likeness : float
        How much likeness to the others counts; 0 for one pass.
    """
    sure = 1 / (1 + np.exp(-odds))
    weight = np.exp(SIZE_POWER * np.clip(np.log(found.areas) - size, -REACH, REACH))
    chosen = best_nodes(found.tree.parents, (sure - least) * weight)
    if not likeness or chosen.sum() < LEAST_ALIKE:
        return chosen, sure
    look = np.stack([found.feature(name) for name in COMMON], axis=1)
    odds = np.where(odds > SURE_ODDS, odds + likeness * (USUAL_DISTANCE - distance(look, look[chosen])), IMPOSSIBLE)
    sure = 1 / (1 + np.exp(-odds))
    return best_nodes(found.tree.parents, (sure - least) * weight), sure


def distance(look: Floats, members: Floats) -> Floats:
    """Return how far nodes (n,) are from what members have in common: mean squared distance in robust spreads.

    Parameters
    ----------
    look : (n, F) float64
    members : (m, F) float64
        The last column is log area.
    """
    middle = np.median(members, axis=0)
    spread = 1.4826 * np.median(np.abs(members - middle), axis=0) + np.maximum(0.05 * np.abs(middle), 1e-3)
    spread[-1] = max(spread[-1], EVEN_SIZE)
    found: Floats = np.minimum(((look - middle) / spread) ** 2, FAR**2).mean(axis=1)
    return found


def painted(found: Candidates, chosen: Mask) -> NDArray[np.int32]:
    """Return the chosen nodes as labels (*spatial), from 1 without gaps, holes filled; 0 is background."""
    parents, n = found.tree.parents, len(chosen)
    number = np.zeros(n, np.int32)
    number[chosen] = np.arange(1, int(chosen.sum()) + 1)
    owner, up = number.copy(), parents
    while True:
        owner, further = np.where(owner > 0, owner, owner[up]), up[up]
        if np.array_equal(further, up):
            break
        up = further
    labels = owner[found.tree.node]
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is not None:
            holes = ndimage.binary_fill_holes(labels[window] == label) & (labels[window] == 0)
            labels[window][holes] = label
    return labels

"""Choose objects among the nodes of a tree: evidence that needs no label, and the exact best choice without overlap.

What a node must look like depends on how large objects are, and nothing in an image says so. So a size is supposed, the
best objects of about that size are chosen, and which size is right is judged by the result (`readings`).
"""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.hierarchy.higra_module import hg
from napari_backprop_segmentation.objects.candidates import Candidates, Kind
from napari_backprop_segmentation.objects.forest import Forest
from napari_backprop_segmentation.objects.light_trees import Nested

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
LAP = 0.1  # share of a node that others may hold: outlines of two trees never fit exactly
SWAPS = 2  # passes: a third changes next to nothing
TINY = 1e-9

COMMON = ("roundness", "level", "sharpness", "contrast", "edge", "elongation", "log_area")


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


def best_nodes(tree: Nested, scores: Floats) -> Mask:
    """Return which nodes (n,) to choose, none inside another, so that their scores add up to most.

    Exact, by dynamic programming from the leaves to the root.

    Parameters
    ----------
    tree : Nested
    scores : (n,) float64
        What is not above 0 is never chosen.
    """
    parents, n = tree.parents, len(tree.parents)
    values = np.concatenate([np.zeros(n), np.maximum(scores, 0)])
    best = hg.accumulate_and_max_sequential(tree.doubled, values, np.zeros(n), hg.Accumulators.sum)[n:]
    good = (scores > 0) & (scores >= best - 1e-12)
    above = good[parents] & (parents != np.arange(n))
    for up in tree.ways_up:  # twice as far each time
        above = above | above[up]
    found: Mask = good & ~above
    return found


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
    chosen = best_nodes(found.tree, (sure - least) * weight)
    if not likeness or chosen.sum() < LEAST_ALIKE:
        return chosen, sure
    look = np.stack([found.feature(name) for name in COMMON], axis=1)
    odds = np.where(odds > SURE_ODDS, odds + likeness * (USUAL_DISTANCE - distance(look, look[chosen])), IMPOSSIBLE)
    sure = 1 / (1 + np.exp(-odds))
    return best_nodes(found.tree, (sure - least) * weight), sure


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
    owner = np.zeros(len(chosen), np.int32)
    owner[chosen] = np.arange(1, int(chosen.sum()) + 1)
    for up in found.tree.ways_up:
        owner = np.where(owner > 0, owner, owner[up])
    return filled(owner[found.tree.node])


def exclusive(
    forest: Forest, nodes: NDArray[np.int64], gains: Floats, given: Sequence[NDArray[np.int64]] = ()
) -> NDArray[np.int32]:
    """Return labels (*spatial) of nodes of several trees, none over another, whose gains add up to about most.

    Best first; then what fits into the place of a chosen one and gains more than it takes its place (two cells that
    another tree had taken for one).

    Parameters
    ----------
    forest : Forest
    nodes : (n,) int64
    gains : (n,) float64
        Above 0.
    given : sequence of (m,) int64
        Pixels of what is taken in any case, numbered first.
    """
    order = np.argsort(-gains, kind="stable")
    board = Board(forest, nodes[order], gains[order], given)
    board.fill(range(len(nodes)))
    for _ in range(SWAPS):
        if not board.swap():
            break
        board.fill(range(len(nodes)))
    return board.labels()


class Board:
    """Who holds which pixel while objects are chosen."""

    def __init__(self, forest: Forest, nodes: NDArray[np.int64], gains: Floats, given: Sequence[NDArray[np.int64]]):
        self.pieces = [forest.pixels_of(node) for node in nodes]
        self.gains = gains
        self.shape = forest.shape
        self.given = len(given)
        self.holder = np.full(int(np.prod(forest.shape)), -1, np.int32)  # -1: nobody
        for number, pixels in enumerate(given):
            self.holder[pixels] = -2 - number  # never moved
        self.chosen: set[int] = set()

    def put(self, piece: int) -> bool:
        """Choose a piece where at most `LAP` of it is held by others."""
        pixels = self.pieces[piece]
        free = pixels[self.holder[pixels] == -1]
        if len(pixels) - len(free) > LAP * len(pixels):
            return False
        self.holder[free] = piece
        self.chosen.add(piece)
        return True

    def take(self, piece: int) -> None:
        """Give back what a piece holds."""
        pixels = self.pieces[piece]
        self.holder[pixels[self.holder[pixels] == piece]] = -1
        self.chosen.discard(piece)

    def fill(self, pieces: Iterable[int]) -> list[int]:
        """Choose pieces in their order where there is room."""
        return [piece for piece in pieces if piece not in self.chosen and self.put(piece)]

    def swap(self) -> bool:
        """Replace chosen pieces by what gains more in their place; return whether any was."""
        changed = False
        for piece, rivals in self.rivals().items():
            if self.gains[rivals].sum() <= self.gains[piece]:
                continue
            self.take(piece)
            got = self.fill(rivals)
            if self.gains[got].sum() > self.gains[piece]:
                changed = True
                continue
            for other in got:
                self.take(other)
            self.put(piece)
        return changed

    def rivals(self) -> dict[int, list[int]]:
        """Return for each chosen piece those that only it keeps out, best first."""
        found: dict[int, list[int]] = {}
        for piece, pixels in enumerate(self.pieces):
            if piece in self.chosen:
                continue
            held = self.holder[pixels]
            held = held[held != -1]
            if len(held):
                holder = int(held[len(held) // 2])
                if holder >= 0 and np.count_nonzero(held != holder) <= LAP * len(pixels):
                    found.setdefault(holder, []).append(piece)
        return found

    def labels(self) -> NDArray[np.int32]:
        """Return who holds which pixel as labels (*spatial), the given first; holes are filled."""
        place = self.holder + (self.given + 1)  # the last given first, then nobody, then the pieces
        held = np.bincount(place, minlength=self.given + 1 + len(self.pieces)) > 0
        order = np.r_[np.arange(self.given)[::-1], self.given + 1 + np.arange(len(self.pieces))]
        order = order[held[order]]
        number = np.zeros(len(held), np.int32)
        number[order] = np.arange(1, len(order) + 1)
        return filled(number[place].reshape(self.shape))


def filled(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return labels (*spatial) with their holes filled where nothing else is."""
    for label, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is not None:
            holes = ndimage.binary_fill_holes(labels[window] == label) & (labels[window] == 0)
            labels[window][holes] = label
    return labels

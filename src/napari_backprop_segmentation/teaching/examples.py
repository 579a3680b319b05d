"""By example: of all trees' nodes together, those most like what the user has pointed at, none over another.

What counts is learned in two steps. How likeness usually shows was fitted once, over many kinds of images (`WEIGHTS`).
What tells the examples from their own parts, from what holds them, from the counter-examples and from the rest of this
image moves these weights at every click, the less the fewer clicks there are.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.objects.candidates import NAMES
from napari_backprop_segmentation.objects.choose import exclusive
from napari_backprop_segmentation.objects.forest import MADE, Forest, grow
from napari_backprop_segmentation.objects.light_trees import Nested
from napari_backprop_segmentation.teaching.pointed import HOW_ALIKE, Example, Mask, Place, Sized, is_mask

Floats = NDArray[np.floating[Any]]

# figure: (weight, spread) of the logarithm of the odds that a node is alike; by fit_examples.py
WEIGHTS: Mapping[str, tuple[float, float]] = {
    "roundness": (2.186, 0.227),
    "drop": (0.037, 0.862),
    "height": (0.083, 1.045),
    "edge": (0.865, 0.637),
    "line": (0.921, 0.201),
    "twins": (0.492, 0.797),
    "frame": (2.134, 0.093),
    "enclosed": (-1.796, 0.477),
    "enclosed_drop": (0.465, 0.382),
    "enclosed_line": (3.09, 0.167),
    "fit": (0.995, 0.315),
    "log_area": (-0.145, 1.98),
    "spread": (-0.023, 3.493),
    "sharpness": (-0.056, 3.275),
    "bright_share": (-0.027, 3.028),
    "dark_share": (-0.049, 3.167),
    "rough": (-0.111, 3.453),
    "colour": (-0.022, 3.771),
    "bigger": (0.374, 0.902),
    "usual_edge": (-0.262, 0.633),
    "edge_apart": (-0.141, 1.554),
}
OFFSET = -3.96
# how much each figure usually differs within one kind of object
UNITS = {"log_area": 0.7, "spread": 0.4, "sharpness": 0.8, "bright_share": 0.2, "dark_share": 0.2, "rough": 0.4}
ENCLOSED = ("enclosed", "enclosed_drop", "enclosed_line")  # of what lines enclose
GENERAL = ("roundness", "drop", "height", "edge", "line", "twins", "frame", *ENCLOSED)
FIGURES = (*GENERAL, "fit", *UNITS, "colour", "bigger", "usual_edge", "edge_apart")
COLOUR_UNIT = 0.35  # spreads of the image
FAR = 9.0  # squared units: further away than this counts no more
REACH = 1.8  # of log area: what is 6 times smaller or larger is another kind of thing
SAME, PART = 0.7, 0.5  # IoU with an example: from where it is the same, below which it is a wrong outline of it
LEAST_SHARED = 0.1  # IoU below which a node says nothing of an example
TRUST = 10.0  # how much the fitted weights count against one click
PER_CLICK, BACKGROUND = 3.0, 3.0  # how much a click counts, how much the rest of the image does
SOME = 300  # nodes of the rest of the image that are looked at
STEPS = 6  # of Newton's method: more change nothing
STEEP = 30.0


@dataclass(frozen=True)
class Pointed:
    """What the user pointed at.

    Attributes
    ----------
    node : int
        The node most like it.
    pixels : (m,) int64
        Its own pixels, as indices into the raveled image.
    iou : (N,) float32
        Of all nodes with it.
    """

    node: int
    pixels: NDArray[np.int64]
    iou: NDArray[np.float32]


class ByExample:
    """Find all objects like some examples; made once per image, see `prepared`.

    Parameters
    ----------
    forest : Forest
    """

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self._log_area = np.log(self.forest.areas)
        self._general = general_figures(self.forest)
        self._looks = comparable(self.forest)
        self._colours = self.forest.colours / COLOUR_UNIT
        self._where = positions(self.forest)
        self._stops = self.forest.starts + self.forest.areas.astype(np.int64)
        bounds = np.searchsorted(self.forest.tree, np.arange(len(self.forest.trees) + 1))
        self._spans = [slice(int(a), int(b)) for a, b in itertools.pairwise(bounds)]
        self._seen: dict[bytes, Pointed] = {}

    @classmethod
    def prepared(cls, image: NDArray[np.float32], merge_tree: Nested | None = None) -> "ByExample":
        """Return what finds objects in an image; takes seconds, each answer of `alike` then a fraction of one.

        Parameters
        ----------
        image : (C, *spatial) float32
            In about [0, 1]; three channels are taken as RGB.
        merge_tree : Nested, optional
            Of the trained network.
        """
        return cls(grow(image, merge_tree))

    def alike(
        self,
        examples: Sequence[Example],
        counter_examples: Sequence[Example] = (),
        how_alike: float = HOW_ALIKE,
    ) -> NDArray[np.int32]:
        """Return all alike objects (*spatial), numbered from 1, the examples first; 0 is background.

        Parameters
        ----------
        examples, counter_examples : sequence of (*spatial) bool, of pixel positions, or of Sized
            An example stays as it is. What was a counter-example, or the same a little smaller or larger, never comes
            back; nothing covers a pixel given as a counter-example.
        how_alike : float
            From 0, everything, to 1, nothing but what is very like the examples.
        """
        if not len(examples):
            raise ValueError("examples must be at least one mask or pixel, got none; click on an object first")
        if not 0 <= how_alike <= 1:
            raise ValueError(f"how_alike must be from 0 to 1, got {how_alike}; move the slider")
        given = [self.pointed(example, "examples") for example in examples]
        against = [self.pointed(example, "counter_examples") for example in counter_examples]
        nodes = [one.node for one in given]
        near = np.flatnonzero(np.abs(self._log_area - self._log_area[nodes].mean()) < REACH)
        shared = [one.iou[near] for one in given]
        shunned = [one.iou[near] for one in against]
        figures = self.figures(nodes, near, shared)
        odds = figures @ learned(figures, shared, shunned)
        gain = 1 / (1 + np.exp(-odds)) - how_alike
        for iou in shunned:
            gain[iou > PART] = 0
        for place in counter_examples:
            if isinstance(place, tuple):
                gain[self.covers(place, near)] = 0
        good = gain > 0
        return exclusive(self.forest, near[good], gain[good], [one.pixels for one in given])

    def pointed(self, example: Example, name: str = "examples") -> Pointed:
        """Return the node and pixels of an example: a mask, or an object around a pixel."""
        shown = example.tobytes() if is_mask(example) else repr(example).encode()
        key = bytes(is_mask(example)) + shown
        if key not in self._seen:
            self._seen[key] = self._find(example, name)
        return self._seen[key]

    def _find(self, example: Example, name: str) -> Pointed:
        forest = self.forest
        everything = np.arange(len(forest.areas))
        if is_mask(example):
            mask = np.asarray(example)
            if mask.shape != forest.shape:
                raise ImageError(f"{name} must have the shape {forest.shape}, got {mask.shape}; draw on the same image")
            if not mask.any():
                raise ImageError(f"{name} must hold at least one pixel, got an empty mask; draw it again")
            pixels = np.flatnonzero(mask)
            iou = self.overlap(pixels, everything)
            return Pointed(int(iou.argmax()), pixels, iou.astype(np.float32))
        node = self.node_at(example if isinstance(example, Sized) else tuple(example), name)
        pixels = forest.pixels_of(node).astype(np.int64)
        return Pointed(node, pixels, self.overlap(pixels, everything).astype(np.float32))

    def node_at(self, example: Place | Sized, name: str = "examples") -> int:
        """Return the likeliest node around a pixel, or the one whose size is nearest to what is wanted."""
        place = example.place if isinstance(example, Sized) else example
        around = self.around(place, name)
        if not len(around):
            raise ImageError(f"{name} must lie on an object, got {place}, the background; click elsewhere")
        if isinstance(example, Sized):
            return int(around[np.abs(self.forest.areas[around] - example.size).argmin()])
        likely = self._general[around] @ weights()[: len(GENERAL)]
        return int(around[likely.argmax()])

    def around(self, place: Place, name: str = "examples") -> NDArray[np.int64]:
        """Return the nodes of all trees around a pixel, from the smallest: what the mouse wheel goes through."""
        shape = self.forest.shape
        if len(place) != len(shape) or any(not 0 <= p < n for p, n in zip(place, shape, strict=True)):
            raise ImageError(f"{name} must lie in the image {shape}, got {place}; click on the image")
        pixel = int(np.ravel_multi_index(place, shape))
        parts = []
        for tree, span in enumerate(self._spans):
            at = self._where[tree, pixel]
            parts.append(span.start + np.flatnonzero((self.forest.starts[span] <= at) & (self._stops[span] > at)))
        nodes = np.concatenate(parts)
        return nodes[np.argsort(self.forest.areas[nodes], kind="stable")]

    def covers(self, place: Place, nodes: NDArray[np.int64]) -> Mask:
        """Return which nodes (n,) hold a pixel."""
        forest = self.forest
        pixel = int(np.ravel_multi_index(place, forest.shape))
        at = self._where[forest.tree[nodes], pixel] - forest.starts[nodes]
        found: Mask = (at >= 0) & (at < forest.areas[nodes])
        return found

    def overlap(self, pixels: NDArray[np.int64], nodes: NDArray[np.int64]) -> Floats:
        """Return the IoU (n,) of nodes with a set of pixels (m,)."""
        forest = self.forest
        grid = np.stack(np.unravel_index(pixels, forest.shape), axis=1)
        low, high = grid.min(0), grid.max(0)
        # the centre of what shares a third of a thing lies close to it: the rest is not looked at
        reach = np.maximum(high - low, 1)
        middles = forest.middles[nodes]
        close = ((middles >= low - reach) & (middles <= high + reach)).all(axis=1)
        some = np.flatnonzero(close)
        shared = np.zeros(len(some))
        for tree in range(len(forest.trees)):
            mine = np.flatnonzero(forest.tree[nodes[some]] == tree)
            at = np.sort(self._where[tree, pixels])
            start = forest.starts[nodes[some[mine]]]
            stop = start + forest.areas[nodes[some[mine]]].astype(np.int64)
            shared[mine] = np.searchsorted(at, stop) - np.searchsorted(at, start)
        iou = np.zeros(len(nodes))
        iou[some] = shared / (forest.areas[nodes[some]] + len(pixels) - shared)
        return iou

    def figures(self, nodes: Sequence[int], near: NDArray[np.int64], shared: Sequence[Floats]) -> Floats:
        """Return what likeness is judged by (n, len(WEIGHTS) + 1) of nodes near in size, the last column 1.

        Parameters
        ----------
        nodes : sequence of int
            Of the examples.
        near : (n,) int64
        shared : sequence of (n,) float64
            IoU with each example.
        """
        fit = tree_fit(self.forest, near, shared)
        mean = self._looks[nodes].mean(axis=0)
        apart = np.minimum((self._looks[near] - mean) ** 2, FAR).mean(axis=2)
        colour = np.minimum((self._colours[near] - self._colours[nodes].mean(axis=0)) ** 2, FAR).mean(axis=1)
        bigger = self._log_area[near] - self._log_area[nodes].mean()
        edge = self._general[:, GENERAL.index("edge")]
        usual = edge[nodes].mean()
        rest = (colour, bigger, np.full(len(near), usual), (edge[near] - usual) ** 2, np.ones(len(near)))
        return np.column_stack([self._general[near], fit, apart, *rest])


def weights() -> Floats:
    """Return the fitted weights (len(FIGURES) + 1,), the offset last."""
    return np.array([WEIGHTS[name][0] for name in FIGURES] + [OFFSET])


def general_figures(forest: Forest) -> Floats:
    """Return what speaks for any object (N, len(GENERAL)), each bounded, so that nothing decides alone."""
    every = np.arange(len(forest.areas))

    def of(name: str) -> Floats:
        found: Floats = forest.looks[every, forest.own, NAMES.index(name)].astype(np.float64)
        return found

    kinds = [MADE[name] for name, _ in forest.trees]
    enclosed = np.array([kind.family == "ridge" for kind in kinds])[forest.tree]
    sign = np.array([float(kind.sign) for kind in kinds])[forest.tree]
    side = np.where(sign == 0, np.sign(of("consistency") + 1e-9), sign)
    # the line around a bright thing is dark, if there is any; what bright lines enclose has bright ones
    bright_line = np.where(enclosed, side > 0, side < 0)
    drop = np.minimum(of("drop"), 4)
    line = np.clip(np.where(bright_line, of("bright_share"), of("dark_share")), -1, 1)
    columns = (of("roundness") ** 2, drop, np.minimum(of("height"), 4), np.log1p(np.clip(of("edge"), 0, 20)), line)
    twins = np.minimum(forest.twins, 6) / 2
    return np.column_stack([*columns, twins, of("frame"), enclosed, enclosed * drop, enclosed * line])


def comparable(forest: Forest) -> NDArray[np.float32]:
    """Return the figures that are compared with the examples' (N, len(UNITS), L), in their units."""
    columns = []
    for name, unit in UNITS.items():
        values = forest.looks[:, :, NAMES.index(name)]
        columns.append((np.log(np.maximum(values, 1e-4)) if name == "spread" else values) / np.float32(unit))
    return np.stack(columns, axis=1)


def positions(forest: Forest) -> NDArray[np.int32]:
    """Return where in the row of all trees' pixels each pixel stands (trees, P)."""
    size = int(np.prod(forest.shape))
    where = np.empty((len(forest.trees), size), np.int32)
    for tree in range(len(where)):
        part = forest.pixels[tree * size : (tree + 1) * size]
        where[tree, part] = np.arange(tree * size, (tree + 1) * size, dtype=np.int32)
    return where


def tree_fit(forest: Forest, near: NDArray[np.int64], shared: Sequence[Floats]) -> Floats:
    """Return for each node (n,) how well its tree shows the examples, against the tree that shows them best."""
    fits = np.zeros(len(forest.trees))
    for iou in shared:
        best = np.zeros(len(fits))
        np.maximum.at(best, forest.tree[near], iou)
        fits += best / len(shared)
    return (fits / max(float(fits.max()), 0.1))[forest.tree[near]]


def learned(figures: Floats, shared: Sequence[Floats], shunned: Sequence[Floats]) -> Floats:
    """Return the weights (F + 1,) moved by what the clicks say of this image: a logistic regression by Newton's method.

    Parameters
    ----------
    figures : (n, F + 1) float64
    shared, shunned : sequence of (n,) float64
        IoU with each example and counter-example.
    """
    best = np.max(shared, axis=0)
    worst = np.max(shunned, axis=0) if len(shunned) else np.zeros(len(best))
    every = np.linspace(0, len(best) - 1, min(SOME, len(best))).astype(np.int64) if len(best) else np.zeros(0, np.int64)
    sides = (
        (np.flatnonzero(best > SAME), 1.0, PER_CLICK * len(shared)),
        (np.flatnonzero((best > LEAST_SHARED) & (best < PART)), 0.0, PER_CLICK * len(shared)),
        (np.flatnonzero((worst > PART) & (best < PART)), 0.0, PER_CLICK * len(shunned)),
        (every, 0.0, BACKGROUND),
    )
    some = np.concatenate([nodes for nodes, _, _ in sides])
    told = np.concatenate([np.full(len(nodes), side) for nodes, side, _ in sides])
    counts = np.concatenate([np.full(len(nodes), total / max(len(nodes), 1)) for nodes, _, total in sides])
    fitted, seen = weights(), figures[some]
    trust = TRUST * np.array([WEIGHTS[name][1] ** 2 for name in FIGURES] + [1.0])
    moved = fitted.copy()
    for _ in range(STEPS):
        sure = 1 / (1 + np.exp(-np.clip(seen @ moved, -STEEP, STEEP)))
        slope = seen.T @ (counts * (sure - told)) + trust * (moved - fitted)
        curve = (seen * (counts * sure * (1 - sure))[:, None]).T @ seen + np.diag(trust)
        moved = moved - np.linalg.solve(curve, slope)
    return moved

"""By example: of all trees' nodes together, those most like what the user has pointed at, none over another."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.objects.candidates import NAMES
from napari_backprop_segmentation.objects.choose import exclusive
from napari_backprop_segmentation.objects.forest import MADE, Forest, grow
from napari_backprop_segmentation.objects.light_trees import Nested
from napari_backprop_segmentation.teaching.likeness import (
    GENERAL,
    PART,
    UNITS,
    Look,
    Told,
    learned,
    weights,
)
from napari_backprop_segmentation.teaching.pointed import HOW_ALIKE, Example, Mask, Place, Sized, is_mask

Floats = NDArray[np.floating[Any]]

COLOUR_UNIT = 0.35  # spreads of the image
FAR = 9.0  # squared units: further away than this counts no more
REACH = 1.8  # of log area: what is 6 times smaller or larger is another kind of thing


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
        look = Look.mean([self.look_of(one) for one in given])
        moved = learned([self.told(look, given, against)], len(given), len(against))
        return self.found((look, moved), given, counter_examples, how_alike)

    def found(
        self,
        likeness: tuple[Look, Floats],
        given: Sequence[Pointed],
        counter_examples: Sequence[Example],
        how_alike: float,
    ) -> NDArray[np.int32]:
        """Return all objects that are like examples, which may lie elsewhere; see `alike`.

        Parameters
        ----------
        likeness : (Look, (F + 1,) float64)
            Of the examples, and what each figure counts.
        given : sequence of Pointed
            Examples that lie here.
        counter_examples : sequence of (*spatial) bool, of pixel positions, or of Sized
            That lie here.
        how_alike : float
        """
        look, moved = likeness
        near = self.near(look)
        gain = 1 / (1 + np.exp(-(self.figures(look, near) @ moved))) - how_alike
        for example in counter_examples:
            gain[self.pointed(example, "counter_examples").iou[near] > PART] = 0
            if isinstance(example, tuple):
                gain[self.covers(example, near)] = 0
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

    def look_of(self, example: Pointed) -> Look:
        """Return what an example looks like."""
        forest, node = self.forest, example.node
        fits = np.zeros(len(forest.trees))
        np.maximum.at(fits, forest.tree, example.iou)
        return Look(
            self._looks[node].astype(np.float64),
            self._colours[node].astype(np.float64),
            float(self._log_area[node]),
            float(self._general[node, GENERAL.index("edge")]),
            dict(zip(forest.trees, fits.tolist(), strict=True)),
        )

    def near(self, look: Look) -> NDArray[np.int64]:
        """Return the nodes (n,) whose size is not another kind of thing's."""
        return np.flatnonzero(np.abs(self._log_area - look.log_area) < REACH)

    def figures(self, look: Look, near: NDArray[np.int64]) -> Floats:
        """Return what likeness is judged by (n, len(WEIGHTS) + 1) of nodes near in size, the last column 1."""
        fit = np.array([look.fit(tree) for tree in self.forest.trees])[self.forest.tree[near]]
        apart = np.minimum((self._looks[near] - look.looks) ** 2, FAR).mean(axis=2)
        colour = np.minimum((self._colours[near] - look.colours) ** 2, FAR).mean(axis=1)
        bigger = self._log_area[near] - look.log_area
        edge = self._general[near, GENERAL.index("edge")]
        rest = (colour, bigger, np.full(len(near), look.edge), (edge - look.edge) ** 2, np.ones(len(near)))
        return np.column_stack([self._general[near], fit, apart, *rest])

    def told(self, look: Look, given: Sequence[Pointed], against: Sequence[Pointed]) -> Told:
        """Return what examples and counter-examples say of the nodes near in size."""
        near = self.near(look)
        return Told.of(self.figures(look, near), [one.iou[near] for one in given], [one.iou[near] for one in against])


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

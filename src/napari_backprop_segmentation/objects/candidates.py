"""Candidates: the nodes of a tree of nested parts, described so that objects can be chosen among them.

What a node looks like needs no label: shape from its moments, contrast between the two sides of its outline, what lies
on its outline.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.hierarchy.higra_module import hg
from napari_backprop_segmentation.objects.light_trees import Nested, sides
from napari_backprop_segmentation.objects.moments import from_middle, moments, shape_of

Floats = NDArray[np.float64]

SEEING = 1.0  # pixels: sigma through which outlines are looked at
GROWN = 1.5  # times its own area: where a part has become another one
IN, OUT = 1, 2  # pixels from the pixel at the outline to the samples inside and outside
RIDGE_NEAR, RIDGE_AROUND = 1.0, 4.0  # pixels: sigma of a line, and of what it is compared with
TEXTURE = 2.0  # pixels: sigma of the window in which texture is measured
TINY = 1e-9
HIGHEST = 1e30  # altitude
SHARES = ("edge", "bright", "dark")
# What is summed up on outlines: what a face has on either side, and what changes across it; and what inside.
EITHER_SIDE = ("gradient", "bright", "dark", *(f"{name}_share" for name in SHARES))
ACROSS = ("step", "step2", "sign", "out", "texture")
INNER = ("light", "square", "frame", "texture", *EITHER_SIDE)

NAMES = (
    "log_area",
    "roundness",
    "elongation",
    "compactness",
    "consistency",
    "sharpness",
    "contrast",
    "gradient",
    "bright_ridge",
    "dark_ridge",
    "frame",
    "growth",
    "level",
    "spread",
    "texture",
    "drop",
    "height",
    "outline",
    "edge",
    "edge_share",
    "bright_share",
    "dark_share",
    "rough",
)


@dataclass(frozen=True)
class Seen:
    """What outlines of one image are judged by; made once for all trees.

    Attributes
    ----------
    light : (*spatial) float32
        One value a pixel, from about 0 to 1.
    smooth, gradient, bright, dark, texture : (*spatial) float32
        Light seen through a small Gaussian, its gradient, the height of bright and of dark lines, the logarithm of
        the local spread.
    noise : float
        Spread of the light between neighbouring pixels.
    shares : three of (*spatial) float32
        How sure there is an edge, a bright line, a dark line: from 0 to 1.
    """

    light: NDArray[np.float32]
    smooth: NDArray[np.float32]
    gradient: NDArray[np.float32]
    bright: NDArray[np.float32]
    dark: NDArray[np.float32]
    texture: NDArray[np.float32]
    noise: float
    shares: tuple[NDArray[np.float32], ...]


@dataclass(frozen=True)
class Kind:
    """What a tree shows.

    Attributes
    ----------
    family : {"level", "texture", "ridge", "edge", "net"}
        Made by levels, by levels of texture, by lines, by edges, or by the trained network.
    sign : int
        1 for bright objects or lines, -1 for dark ones, 0 for either.
    """

    family: str
    sign: int


@dataclass(frozen=True)
class Candidates:
    """The nodes of one tree as candidate objects.

    Attributes
    ----------
    tree : Nested
    areas : (n,) float64
        Pixels.
    features : (n, len(NAMES)) float64
    """

    tree: Nested
    areas: Floats
    features: Floats

    def feature(self, name: str) -> Floats:
        """Return one feature (n,) by its name, one of `NAMES`."""
        return self.features[:, NAMES.index(name)]


def look(light: NDArray[np.float32]) -> Seen:
    """Return what outlines are judged by, of light (*spatial)."""
    light = np.ascontiguousarray(light, np.float32)
    smooth = ndimage.gaussian_filter(light, SEEING)
    slopes = [ndimage.sobel(smooth, axis) / (2 * 4 ** (light.ndim - 1)) for axis in range(light.ndim)]
    gradient = np.sqrt(sum(slope**2 for slope in slopes))
    near = smooth if SEEING == RIDGE_NEAR else ndimage.gaussian_filter(light, RIDGE_NEAR)
    rise = near - ndimage.gaussian_filter(light, RIDGE_AROUND, truncate=3)
    noise = float(np.median(np.abs(light - smooth))) * 1.4826 + 1e-3
    local = ndimage.gaussian_filter((light - ndimage.gaussian_filter(light, TEXTURE)) ** 2, TEXTURE)
    texture = 0.5 * np.log(local + 1e-5)
    bright, dark = np.maximum(rise, 0), np.maximum(-rise, 0)
    shares = tuple(np.tanh(v / (v.mean() + TINY)) for v in (gradient, bright, dark))
    return Seen(light, smooth, gradient, bright, dark, texture, noise, shares)


def describe(tree: Nested, seen: Seen) -> Candidates:
    """Return the nodes of a tree with their features; see `NAMES`.

    - log_area; roundness (area over that of the ellipse with the same moments), elongation (shortest over longest
      axis), compactness (1 for a square, less for ragged outlines);
    - consistency: mean over the outline of the sign of inside minus outside, -1 to 1;
    - sharpness: mean of inside minus outside along the outline over its spread there;
    - contrast: mean inside minus mean outside the outline, over the spread inside;
    - gradient: logarithm of the gradient on the outline over that inside;
    - bright_ridge, dark_ridge: height of lines on the outline less that inside, over the mean height in the image;
    - frame: share of the outline that is the edge of the image;
    - growth: logarithm of the parent's area over its own; drop: how far up its tree a node is another
      thing (`GROWN` times its area), height: how far down its tree its last part is, both as log(1 + altitude);
    - outline: logarithm of 1 and the pixel faces on the outline; edge: the gradient there over that of the image;
    - edge_share, bright_share, dark_share: how sure there is an edge or a line on the outline, less inside;
    - level, spread: mean and spread of light inside; texture: of the texture inside less that outside; rough: mean
      texture inside.
    """
    ndim = seen.light.ndim
    of_shape, inner = _inner_sums(tree, seen, INNER)
    outline = _outline_sums(tree, seen, (*EITHER_SIDE, *ACROSS))
    area = of_shape[0]
    frame = inner["frame"]
    length = np.maximum(outline["length"], TINY)
    mean = inner["light"] / area
    spread = np.sqrt(np.maximum(inner["square"] / area - mean**2, 0)) + seen.noise
    step = outline["step"] / length
    step_spread = np.sqrt(np.maximum(outline["step2"] / length - step**2, 0)) + seen.noise
    roundness, elongation = shape_of(of_shape, ndim)
    grown = area[tree.parents]
    drop, height = _lasting(tree, area)
    full = 2.0 * ndim * area ** ((ndim - 1) / ndim)
    columns = {
        "log_area": np.log(area),
        "roundness": roundness,
        "elongation": elongation,
        "compactness": full / (outline["length"] + frame + TINY),
        "consistency": outline["sign"] / length,
        "sharpness": np.clip(step / step_spread, -5, 5),
        "contrast": np.clip((mean - outline["out"] / length) / spread, -10, 10),
        "gradient": np.log((outline["gradient"] / length + 1e-3) / (inner["gradient"] / area + 1e-3)),
        "bright_ridge": (outline["bright"] / length - inner["bright"] / area) / (seen.bright.mean() + 1e-3),
        "dark_ridge": (outline["dark"] / length - inner["dark"] / area) / (seen.dark.mean() + 1e-3),
        "frame": frame / (length + frame),
        "growth": np.log(np.maximum(grown, area) / area),
        "level": mean,
        "spread": spread,
        "texture": outline["texture"] / length,
        "drop": drop,
        "height": height,
        "outline": np.log(outline["length"] + frame + 1),
        "edge": outline["gradient"] / length / (seen.gradient.mean() + 1e-3),
        **{f"{name}_share": outline[f"{name}_share"] / length - inner[f"{name}_share"] / area for name in SHARES},
        "rough": inner["texture"] / area,
    }
    return Candidates(tree, area, np.stack([columns[name] for name in NAMES], axis=1))


def _inner_sums(tree: Nested, seen: Seen, wanted: Collection[str]) -> tuple[list[Floats], dict[str, Floats]]:
    """Return sums over the pixels of each node (n,) of the tree: of `moments`, and what is wanted of `INNER`."""
    n, node, shape = len(tree.parents), tree.node.ravel(), seen.light.shape
    looks = _looks(seen)
    values: dict[str, NDArray[Any]] = {name: looks[name].ravel() for name in wanted if name in looks}
    if "square" in wanted:
        values["square"] = seen.light.ravel().astype(np.float64) ** 2
    if "frame" in wanted:
        values["frame"] = _frame(shape).ravel()
    of_shape = list(moments(from_middle([axis.ravel() for axis in np.indices(shape)], shape)))
    sums = np.stack([np.bincount(node, value, n) for value in (*of_shape, *values.values())], axis=1)
    total = hg.accumulate_sequential(tree.doubled, sums, hg.Accumulators.sum)[n:].T
    return list(total[: len(of_shape)]), dict(zip(values, total[len(of_shape) :], strict=True))


def _looks(seen: Seen) -> dict[str, NDArray[np.float32]]:
    """Return what is summed up inside and on outlines, under its name."""
    shares = {f"{name}_share": share for name, share in zip(SHARES, seen.shares, strict=True)}
    return {"light": seen.light, "gradient": seen.gradient, "bright": seen.bright, "dark": seen.dark,
            "texture": seen.texture, **shares}  # fmt: skip


def _frame(shape: tuple[int, ...]) -> Floats:
    """Return on how many sides each pixel (*spatial) is the last one of the image."""
    frame = np.zeros(shape)
    for axis in range(len(shape)):
        ends = np.moveaxis(frame, axis, 0)
        ends[0] += 1
        ends[-1] += 1
    return frame


def _outline_sums(tree: Nested, seen: Seen, wanted: Collection[str]) -> dict[str, Floats]:
    """Return sums over the outline of each node (n,), of pixel faces with one side inside: length and what is wanted.

    A face counts for its two pixels' nodes and for what holds them, up to the first node that holds both: there it is
    taken away again.
    """
    n, ndim = len(tree.parents), seen.light.ndim
    looks = {name: look for name, look in _looks(seen).items() if name in wanted and name in EITHER_SIDE}
    names = ["length", *looks, *(name for name in wanted if name not in looks)]
    stepping = len(names) > 1 + len(looks)
    own = np.zeros((n, len(names)))
    nodes = tree.doubled
    for axis in range(ndim):
        before, after = sides(seen.light.shape)[axis]
        apart = tree.node[before] != tree.node[after]
        place = np.nonzero(apart)
        one, other = tree.node[before][apart], tree.node[after][apart]
        if not len(one):
            continue
        both = nodes.lowest_common_ancestor(one.astype(np.int64) + n, other.astype(np.int64) + n) - n

        sample = partial(_sampled, place=place, axis=axis)
        same = {"length": np.ones(len(one))}
        same |= {name: np.maximum(sample(look, 0), sample(look, 1)) for name, look in looks.items()}
        for node, first in ((one, True), (other, False)):
            values = same | (_steps(seen, sample, first) if stepping else {})
            for k, name in enumerate(names):
                own[:, k] += np.bincount(node, values[name], n) - np.bincount(both, values[name], n)
    total = hg.accumulate_sequential(nodes, own, hg.Accumulators.sum)[n:]
    return dict(zip(names, total.T, strict=True))


def _steps(seen: Seen, sample: Callable[[NDArray[np.float32], int], Floats], first: bool) -> dict[str, Floats]:
    """Return how light and texture change from the inside of faces to their outside.

    Seen from the first pixel of a face the outside lies ahead, from the second behind.
    """
    behind, ahead = (-OUT, 1 + OUT) if first else (1 + OUT, -OUT)
    outside = sample(seen.smooth, ahead)
    step = sample(seen.smooth, -IN if first else 1 + IN) - outside
    texture = sample(seen.texture, behind) - sample(seen.texture, ahead)
    return {
        "step": step,
        "step2": step**2,
        "sign": np.tanh(step / (2 * seen.noise)),
        "out": outside,
        "texture": texture,
    }


def _sampled(values: NDArray[np.float32], shift: int, place: tuple[NDArray[np.int64], ...], axis: int) -> Floats:
    """Return values some pixels along an axis from places, at the frame those of the frame."""
    where = list(place)
    where[axis] = np.clip(place[axis] + shift, 0, values.shape[axis] - 1)
    return values[tuple(where)].astype(np.float64)


def _lasting(tree: Nested, area: Floats) -> tuple[Floats, Floats]:
    """Return how far the altitude goes up (n,) until a node is another thing, and down to its last part."""
    n = len(tree.parents)
    up = np.arange(n)
    for jump in reversed(tree.ways_up):  # the last node that is still the same thing
        same = area[jump[up]] < GROWN * area
        up[same] = jump[up[same]]
    up = tree.parents[up]
    finite = np.minimum(tree.altitudes, HIGHEST)  # regions that share no border merge at infinity
    altitudes = np.concatenate([finite, finite])
    lowest = hg.accumulate_sequential(tree.doubled, altitudes[:n], hg.Accumulators.min)[n:]
    drop, height = finite[up] - finite, finite - lowest
    return np.log1p(np.maximum(drop, 0)), np.log1p(np.maximum(height, 0))

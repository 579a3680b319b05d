"""The thing at a place: of all parts of an image around a pixel, the one that looks most like an object.

Parts are the regions of the merge tree, and what is brighter or darker than each level of the light around the pixel:
what is smaller than the regions is found among the latter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.hierarchy.region_graph import follow
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.objects.splitting import roundness

Mask = NDArray[np.bool_]
Light = NDArray[np.float32]

LARGEST_SHARE = 0.2  # of what is looked at: larger parts are the ground
REACH = {2: 72, 3: 22}  # pixels around the place that are looked at, at least
FURTHEST = {2: 160, 3: 32}  # at most: an answer must not take longer than a blink
REACH_SIDES = 3.0  # sides of a usual object
SIGMAS = {2: (0.7, 1.5), 3: (0.7,)}  # pixels of smoothing, for what is small and for what is noisy
N_LEVELS = {2: 24, 3: 16}
GROWN = 1.08  # times the area: smaller steps of one growing part are one
SMALLEST_OPENED = 12  # pixels: what is smaller would be gone without its arms
KEPT = 0.5  # share of a part that is left without its arms; else it is nothing but arms, such as a thread
LEAST_PIXELS = 5
MOST_CHANNELS = 4

# What speaks for a part: weights of the order of those that `teaching.examples` fits to many kinds of images.
ROUND, EDGE, STRONGEST = 4.0, 0.9, 20.0
STEEPEST = 3.0
SIZE_SPREAD = 0.8  # of log area within one kind of object
MOST_AGAINST_SIZE = 0.8  # what is small among large ones may be an object, too
LEAST_MERIT = 3.6  # below, it is noise
SOME = 5  # objects from which on they say how large others are


@dataclass(frozen=True)
class Present:
    """What is there already.

    Attributes
    ----------
    free : (*spatial) bool
        Where the object may be; it holds the place.
    areas : (n,) int
        Pixels of each object.
    smallest : float
        Pixels an object must have.
    largest : float
        Pixels it may have.
    """

    free: Mask
    areas: NDArray[np.int64]
    smallest: float = 1.0
    largest: float = np.inf

    @property
    def usual(self) -> float | None:
        """Median area; None where there are too few to say."""
        return float(np.median(self.areas)) if len(self.areas) >= SOME else None


def window_around(place: tuple[int, ...], shape: tuple[int, ...], usual: float | None = None) -> tuple[slice, ...]:
    """Return what is looked at around a pixel: a few sides of a usual object each way."""
    ndim = len(place)
    side = 0.0 if usual is None else usual ** (1 / ndim)
    reach = int(np.clip(REACH_SIDES * side, REACH[ndim], FURTHEST[ndim]))
    return tuple(slice(max(0, i - reach), min(n, i + reach + 1)) for i, n in zip(place, shape, strict=True))


def object_at(
    place: tuple[int, ...], light: NDArray[Any], window: tuple[slice, ...], present: Present, tree: Hierarchy | None
) -> Mask | None:
    """Return where the object at a pixel is.

    A good one is round, has an edge all around, and is about as large as those that are there.

    Parameters
    ----------
    place : tuple of int
        Index of the pixel in the image.
    light : (C, *window) array
        The image in a window around the place; see `window_around`.
    window : tuple of slice
    present : Present
    tree : Hierarchy, optional
        Merge tree of the image.

    Returns
    -------
    (*spatial) bool, or None
        None where there is no object to be told from the ground.
    """
    inner = tuple(i - part.start for i, part in zip(place, window, strict=True))
    free = present.free[window]
    largest = min(present.largest, max(LEAST_PIXELS, LARGEST_SHARE * free.size))
    smallest = max(present.smallest, LEAST_PIXELS)
    channels = [_scaled(channel) for channel in light[:MOST_CHANNELS]]
    found = []
    for part in _parts(inner, channels, free, largest, None if tree is None else _Part(tree, window)):
        whole = _compact(part, inner, free)
        if whole[inner] and smallest <= whole.sum() <= largest:
            found.append(whole)
    best = _likeliest(found, channels, free, present.usual)
    if best is None:
        return None
    everywhere = np.zeros(present.free.shape, bool)
    everywhere[window] = best
    return everywhere


@dataclass(frozen=True)
class _Part:
    """A window of a merge tree."""

    tree: Hierarchy
    window: tuple[slice, ...]

    def around(self, inner: tuple[int, ...]) -> Iterator[Mask]:
        """Yield the regions that hold a pixel, from the smallest."""
        tree, index = self.tree, self.tree.index[self.window]
        node = int(index[inner])
        while (parent := int(tree.parents[node])) != node:
            yield _below(tree, node)[index]
            node = parent


def _parts(
    inner: tuple[int, ...], channels: list["_Channel"], free: Mask, largest: float, regions: _Part | None
) -> Iterator[Mask]:
    """Yield what may be the object, of each tree from the smallest on."""
    chains = [] if regions is None else [regions.around(inner)]
    chains += [
        _levels(sign * ndimage.gaussian_filter(channel.light, sigma), inner, free)
        for channel in channels
        for sigma in SIGMAS[free.ndim]
        for sign in (1, -1)
    ]
    for chain in chains:
        last = 0
        for part in chain:
            inside = part & free
            area = int(inside.sum())
            if area > largest * GROWN / KEPT:  # a part may become as much smaller without its arms
                break
            if area >= GROWN * last:
                last = area
                yield inside


def _levels(light: Light, inner: tuple[int, ...], free: Mask) -> Iterator[Mask]:
    """Yield the part around a pixel that is brighter than each level, from the brightest level down."""
    top, low = float(light[inner]), float(np.percentile(light, 1))
    for level in np.linspace(top, low, N_LEVELS[light.ndim], endpoint=False):
        parts, _ = ndimage.label((light >= level) & free)
        yield parts == parts[inner]


def _compact(part: Mask, inner: tuple[int, ...], free: Mask) -> Mask:
    """Return a part without arms of one pixel's width, and with its holes."""
    box = _box(part)
    small = np.pad(part[box], 1)
    small = ndimage.binary_fill_holes(small)
    if small.sum() >= SMALLEST_OPENED:
        opened = ndimage.binary_opening(small)
        parts, _ = ndimage.label(opened)
        here = parts[tuple(i - edge.start + 1 for i, edge in zip(inner, box, strict=True))]
        opened = parts == here if here else opened & False
        if opened.sum() >= KEPT * small.sum():
            small = opened
    whole = np.zeros_like(part)
    whole[box] = small[(slice(1, -1),) * part.ndim]
    return whole & free


@dataclass(frozen=True)
class _Channel:
    """One channel, and how much neighbouring pixels of it differ without reason."""

    light: Light
    noise: float


def _scaled(channel: NDArray[Any]) -> _Channel:
    light = np.nan_to_num(np.ma.getdata(channel).astype(np.float32))
    smooth = ndimage.gaussian_filter(light, 1)
    spread = float(np.ptp(light)) or 1.0
    noise = 1.4826 * float(np.median(np.abs(light - smooth))) + 0.01 * spread
    return _Channel(smooth, noise)


def _likeliest(parts: list[Mask], channels: list[_Channel], free: Mask, usual: float | None) -> Mask | None:
    """Return the part for which most speaks; None if too little does for any."""
    boxes = [_box(part, 2) for part in parts]
    edges = [
        max(_edge(part[box], free[box], channel.light[box]) / channel.noise for channel in channels)
        for part, box in zip(parts, boxes, strict=True)
    ]
    best, found = LEAST_MERIT, None
    for part, box, edge in zip(parts, boxes, edges, strict=True):
        worth = ROUND * roundness(part[box]) ** 4 + EDGE * float(np.log1p(min(edge, STRONGEST)))
        if usual is not None:
            worth -= min(0.5 * float(np.log(part.sum() / usual) / SIZE_SPREAD) ** 2, MOST_AGAINST_SIZE)
        if worth < LEAST_MERIT:
            continue
        worth += STEEPEST * edge / max(edges)  # of parts of one thing, that whose outline lies where light changes
        if worth > best:
            best, found = worth, part
    return found


def _edge(inside: Mask, free: Mask, light: Light) -> float:
    """Return how much the pixels within the outline differ from those outside of it, where these are free."""
    rim, ring = inside & ~ndimage.binary_erosion(inside), ndimage.binary_dilation(inside) & ~inside & free
    if not ring.any():
        return 0.0
    return abs(float(light[rim].mean() - light[ring].mean()))


def _box(part: Mask, margin: int = 0) -> tuple[slice, ...]:
    """Return where a mask is, and so many pixels around."""
    found = []
    for axis in range(part.ndim):
        there = np.flatnonzero(part.any(axis=tuple(i for i in range(part.ndim) if i != axis)))
        found.append(slice(max(0, int(there[0]) - margin), int(there[-1]) + 1 + margin))
    return tuple(found)


def _below(hierarchy: Hierarchy, node: int) -> Mask:
    """Return which nodes (n_nodes,) lie under a node."""
    pointers = hierarchy.parents.copy()
    pointers[node] = node
    found: Mask = follow(pointers) == node
    return found

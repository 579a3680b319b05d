"""Measurements of labels that do not fit the memory: whatever is measured of an object adds up over blocks."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.axes import CHANNEL_LETTERS, channel_axis
from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.labels import present
from napari_backprop_segmentation.image.passes import PASS_SIDE
from napari_backprop_segmentation.objects.ball import UNIT_BALL
from napari_backprop_segmentation.objects.shape import (
    Shapes,
    corners_of,
    eccentricities,
    hull_of,
    hull_points,
    shape_names,
)

Floats = NDArray[np.float64]
PERIMETER_HALO = 2  # pixels: whether a neighbour lies on the outline depends on its own neighbours
# What a pixel on the outline adds by 1 + 2 * (those beside it) + 10 * (those across corners) on the outline of the same
# object, as of skimage.measure.perimeter.
STEPS = {1.0: (5, 7, 15, 17, 25, 27), math.sqrt(2): (21, 33), (1 + math.sqrt(2)) / 2: (13, 23)}
SIDES, CORNERS = ((-1, 0), (0, -1), (0, 1), (1, 0)), ((-1, -1), (-1, 1), (1, -1), (1, 1))


@dataclass(frozen=True, eq=False)
class Figures:
    """What was measured of n labels.

    Attributes
    ----------
    labels : (n,) int
    counts : (n,) int
        Pixels.
    shapes : mapping of (n,) float64 arrays
        See `shape.shapes`.
    centres : (n, ndim) float64
        In pixels.
    channels : sequence of ((n,) float64, (n,) float64)
        Mean and standard deviation of each channel.
    """

    labels: NDArray[Any]
    counts: NDArray[Any]
    shapes: Shapes
    centres: Floats
    channels: Sequence[tuple[Floats, Floats]]


def measured_in_blocks(labels: Any, image: Any, letters: str, spacing: tuple[float, ...]) -> Figures:
    """Return what `measure` measures, up to rounding.

    Parameters
    ----------
    labels : (*spatial) int, read by windows
    image : array-like, read by windows
    letters : str
        One an axis of the image.
    spacing : tuple of float
        Size of a pixel along each axis.
    """
    ndim = len(labels.shape)
    windows = list(blocks(labels.shape, PASS_SIDE[ndim]))
    numbers, boxes = _places(labels, windows)
    n, start = len(numbers), boxes[..., 0]
    counts, firsts, seconds = np.zeros(n, np.int64), np.zeros((n, ndim)), np.zeros((n, ndim, ndim))
    outline, channels = _Outline(ndim, spacing, n), [_Spread(n) for _ in range(_n_channels(image, letters))]
    hulls = _Hulls(boxes, spacing)
    for window in windows:
        here = np.asarray(labels[window])
        if not here.any():
            continue
        there, where = _numbered(here, numbers)
        inside = where.ravel() > 0
        own = where.ravel()[inside] - 1
        counts[there] += np.bincount(own, minlength=len(there))
        grid = np.stack([axis.ravel()[inside] for axis in np.broadcast_arrays(*np.ogrid[window])]) - start[there][own].T
        for i, one in enumerate(grid):
            firsts[there, i] += np.bincount(own, one, len(there))
            for j, other in enumerate(grid):
                seconds[there, i, j] += np.bincount(own, one * other, len(there))
        outline.add(labels, window, there, where)
        hulls.add(window, there, where)
        for spread, channel in zip(channels, _pixels(image, letters, window), strict=True):
            spread.add(there, where, channel)
    means = firsts / counts[:, None]
    covariance = seconds / counts[:, None, None] - means[:, :, None] * means[:, None, :]
    found = {
        "perimeter": outline.lengths(),
        "eccentricity": eccentricities(covariance, spacing),
        **hulls.shapes(counts),
    }
    shapes = {name: found[name] for name in shape_names(ndim, spacing)}
    return Figures(numbers, counts, shapes, means + start, [spread.figures() for spread in channels])


def _places(labels: Any, windows: Sequence[Window]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the labels that occur, and the box (n, ndim, 2) around each."""
    low: dict[int, NDArray[np.int64]] = {}
    high: dict[int, NDArray[np.int64]] = {}
    for window in windows:
        here = np.asarray(labels[window])
        if here.min() < 0:
            raise ImageError(f"labels must be whole numbers from 0, got {here.min()}; give the labels of this image")
        there, where = present(here)
        for number, box in zip(there.tolist(), ndimage.find_objects(where + 1), strict=True):
            if number:
                begin = np.array([s.start + w.start for s, w in zip(box, window, strict=True)])
                end = np.array([s.stop + w.start for s, w in zip(box, window, strict=True)])
                low[number] = np.minimum(low.get(number, begin), begin)
                high[number] = np.maximum(high.get(number, end), end)
    numbers = np.array(sorted(low), np.int64)
    boxes = [np.stack([low[number], high[number]], axis=1) for number in numbers.tolist()]
    return numbers, np.array(boxes, np.int64).reshape(len(numbers), len(labels.shape), 2)


def _numbered(here: NDArray[Any], numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return which of all labels occur in a window, and for each pixel which of these, from 1, it has; 0 for none."""
    there, where = present(here)
    ground = int(there[0] == 0)
    return np.searchsorted(numbers, there[ground:]), where + 1 - ground


def _n_channels(image: Any, letters: str) -> int:
    axis = channel_axis(letters)
    return 1 if axis is None else int(image.shape[axis])


def _pixels(image: Any, letters: str, window: Window) -> NDArray[Any]:
    """Return the pixels (C, *window) of an image."""
    sides = iter(window)
    index = tuple(slice(None) if letter in CHANNEL_LETTERS else next(sides) for letter in letters)
    pixels, axis = np.asanyarray(image[index]), channel_axis(letters)
    return pixels[None] if axis is None else np.moveaxis(pixels, axis, 0)


class _Spread:
    """Mean and spread of one channel in each label, block by block.

    References
    ----------
    Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample variances, 1979.
    """

    def __init__(self, n: int) -> None:
        self._counts, self._means, self._squares = np.zeros(n), np.zeros(n), np.zeros(n)

    def add(self, there: NDArray[np.int64], where: NDArray[np.int64], channel: NDArray[Any]) -> None:
        """Take note of a channel (*window) in some labels."""
        seen = (where > 0) & ~np.ma.getmaskarray(channel)
        own, values = where[seen] - 1, np.ma.getdata(channel)[seen].astype(np.float64)
        n = np.bincount(own, minlength=len(there))
        mean = np.bincount(own, values, len(there)) / np.maximum(n, 1)
        squares = np.bincount(own, (values - mean[own]) ** 2, len(there))
        before, apart = self._counts[there], mean - self._means[there]
        total = np.maximum(before + n, 1)
        self._squares[there] += squares + apart**2 * before * n / total
        self._means[there] += apart * n / total
        self._counts[there] += n

    def figures(self) -> tuple[Floats, Floats]:
        """Return mean and standard deviation (n,); not-a-number where all pixels of a label are masked."""
        none = self._counts == 0
        counts = np.maximum(self._counts, 1)
        return np.where(none, np.nan, self._means), np.where(none, np.nan, np.sqrt(self._squares / counts))


class _Outline:
    """The length of the outline of each label of a plane whose pixels are square."""

    def __init__(self, ndim: int, spacing: tuple[float, ...], n: int) -> None:
        self._size = spacing[0]
        self._wanted = "perimeter" in shape_names(ndim, spacing)
        self._counts = np.zeros((n, len(STEPS)), np.int64)

    def add(self, labels: Any, window: Window, there: NDArray[np.int64], where: NDArray[np.int64]) -> None:
        """Take note of the labels in a window."""
        if not self._wanted:
            return
        grown, inner = with_halo(window, PERIMETER_HALO, labels.shape)
        around = np.pad(np.asarray(labels[grown]), 1)
        outer = around > 0
        apart = np.logical_or.reduce([around != np.roll(around, step, (0, 1)) for step in SIDES]) & outer
        code = np.ones(around.shape, np.int64)
        for weight, steps in ((2, SIDES), (10, CORNERS)):
            for step in steps:
                code += weight * (np.roll(apart, step, (0, 1)) & (np.roll(around, step, (0, 1)) == around))
        part = tuple(slice(i.start + 1, i.stop + 1) for i in inner)
        on, own = apart[part], where - 1
        for column, codes in enumerate(STEPS.values()):
            counted = own[on & np.isin(code[part], codes)]
            self._counts[there, column] += np.bincount(counted, minlength=len(there))

    def lengths(self) -> Floats:
        """Return them (n,)."""
        found: Floats = self._counts @ np.array(list(STEPS)) * self._size
        return found


class _Hulls:
    """The convex hull of each label: that of the hulls of its parts."""

    def __init__(self, boxes: NDArray[np.int64], spacing: tuple[float, ...]) -> None:
        self._boxes, self._spacing = boxes, spacing
        self._parts: dict[int, list[Floats]] = defaultdict(list)
        self._longest, self._sizes = np.zeros(len(boxes)), np.zeros(len(boxes))

    def add(self, window: Window, there: NDArray[np.int64], where: NDArray[np.int64]) -> None:
        """Take note of the labels in a window."""
        begin, end = (np.array([getattr(w, side) for w in window]) for side in ("start", "stop"))
        for label, box, number in _each(where, there):
            start = np.array([s.start for s in box]) + begin
            corners = corners_of(where[box] == number, self._spacing, start.tolist())
            whole = self._boxes[label]
            if (whole[:, 0] >= begin).all() and (whole[:, 1] <= end).all():
                self._longest[label], self._sizes[label] = hull_of(corners)
            else:
                self._parts[label].append(hull_points(corners))

    def shapes(self, counts: NDArray[np.int64]) -> Shapes:
        """Return what follows from them and the pixels (n,) of each label."""
        for label, parts in self._parts.items():
            self._longest[label], self._sizes[label] = hull_of(np.concatenate(parts))
        ndim, sizes = len(self._spacing), counts * math.prod(self._spacing)
        diameters: Floats = (2 * (sizes / UNIT_BALL[ndim]) ** (1 / ndim)).astype(np.float64)
        return {
            "equivalent diameter": diameters,
            "feret diameter max": self._longest,
            "solidity": sizes / self._sizes,
        }


def _each(where: NDArray[np.int64], there: NDArray[np.int64]) -> Iterator[tuple[int, Window, int]]:
    """Yield each label of a window, its box in it, and its number there."""
    for number, box in enumerate(ndimage.find_objects(where), start=1):
        if box is not None:
            yield int(there[number - 1]), box, number

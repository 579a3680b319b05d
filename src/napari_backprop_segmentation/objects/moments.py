"""Shape from moments: how round a thing is, from sums over its pixels that need no outline."""

from collections.abc import Iterator, Sequence
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.objects.ball import UNIT_BALL

Floats = NDArray[np.float64]

PIXEL_MOMENT = 12  # a pixel spreads as far as its own square or cube: 1 / 12 in each direction


def moments(coordinates: Sequence[Floats]) -> Iterator[Floats]:
    """Yield one, each coordinate (n,), and each product of two, for every pixel."""
    yield np.ones(len(coordinates[0]))
    yield from coordinates
    for one, other in combinations_with_replacement(coordinates, 2):
        yield one * other


def from_middle(places: Sequence[NDArray[np.integer]], shape: Sequence[int]) -> list[Floats]:
    """Return coordinates of pixels from the middle of an image (*spatial): sums of their products stay exact enough."""
    return [place.astype(np.float64) - size / 2 for place, size in zip(places, shape, strict=True)]


def covariances(sums: Sequence[Floats], spacing: Sequence[float]) -> Floats:
    """Return how the pixels of things lie around their middle (n, ndim, ndim).

    Parameters
    ----------
    sums : sequence of (n,) float64
        Over the pixels of each thing, in the order of `moments`.
    spacing : sequence of float
        Size of a pixel along each axis, as the coordinates count it.
    """
    ndim = len(spacing)
    areas, firsts, seconds = sums[0], sums[1 : 1 + ndim], sums[1 + ndim :]
    found = np.empty((len(areas), ndim, ndim))
    for (i, j), second in zip(combinations_with_replacement(range(ndim), 2), seconds, strict=True):
        value = second / areas - firsts[i] * firsts[j] / areas**2
        found[:, i, j] = found[:, j, i] = value + (i == j) * spacing[i] ** 2 / PIXEL_MOMENT
    return found


def shape_of(sums: Sequence[Floats], ndim: int) -> tuple[Floats, Floats]:
    """Return how round things are, and how elongated (n,), from the sums of `moments` over the pixels of each.

    Roundness is their area over that of the ellipse with the same moments, elongation its shortest over longest axis.
    """
    axes = np.maximum(np.linalg.eigvalsh(covariances(sums, (1.0,) * ndim)), 1 / PIXEL_MOMENT / 2)
    ellipse = UNIT_BALL[ndim] * np.sqrt((ndim + 2) ** ndim * np.prod(axes, axis=1))
    return np.minimum(sums[0] / ellipse, 1), np.sqrt(axes[:, 0] / axes[:, -1])

"""Shape from moments: how round a thing is, from sums over its pixels that need no outline."""

from collections.abc import Mapping, Sequence
from itertools import combinations_with_replacement

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.objects.ball import UNIT_BALL

Floats = NDArray[np.float64]

PIXEL_MOMENT = 1 / 12  # a pixel spreads as far as its own square in each direction


def moments_at(places: Sequence[NDArray[np.integer]], shape: Sequence[int]) -> dict[str, Floats]:
    """Return what is summed up over pixels for `shape_of`: each coordinate and each product of two, (n,) each.

    Parameters
    ----------
    places : for each axis (n,) int array
    shape : sequence of int
        Of the image: coordinates count from its middle, so that sums of their products stay exact enough.
    """
    grid = [place.astype(np.float64) - size / 2 for place, size in zip(places, shape, strict=True)]
    pairs = combinations_with_replacement(range(len(shape)), 2)
    return {f"x{i}": axis for i, axis in enumerate(grid)} | {f"x{i}{j}": grid[i] * grid[j] for i, j in pairs}


def shape_of(areas: Floats, sums: Mapping[str, Floats], ndim: int) -> tuple[Floats, Floats]:
    """Return how round things are, and how elongated (n,).

    Roundness is their area over that of the ellipse with the same moments, elongation its shortest over longest axis.

    Parameters
    ----------
    areas : (n,) float64
        Pixels.
    sums : mapping of str to (n,) float64
        Of `moments_at` over the pixels of each.
    ndim : int
    """
    cov = np.empty((len(areas), ndim, ndim))
    for i, j in combinations_with_replacement(range(ndim), 2):
        value = sums[f"x{i}{j}"] / areas - sums[f"x{i}"] * sums[f"x{j}"] / areas**2
        cov[:, i, j] = cov[:, j, i] = value + (i == j) * PIXEL_MOMENT
    axes = np.maximum(np.linalg.eigvalsh(cov), PIXEL_MOMENT / 2)
    ellipse = UNIT_BALL[ndim] * np.sqrt((ndim + 2) ** ndim * np.prod(axes, axis=1))
    return np.minimum(areas / ellipse, 1), np.sqrt(axes[:, 0] / axes[:, -1])

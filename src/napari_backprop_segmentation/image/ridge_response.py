"""Where the ridges of an image are: how far each pixel stands out as part of one, and what lies between them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.filters import difference_of_gaussians
from skimage.segmentation import watershed

from napari_backprop_segmentation.image.blocks import BLOCK_SIDE, blocks, with_halo
from napari_backprop_segmentation.image.colour import INTENSITY_RANGE
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source

NEAR_SIGMA, AROUND_SIGMA = 1.0, 8.0  # pixels: of a line, and of what it is compared with
REACH = 3.0  # standard deviations at which a Gaussian ends
RIDGE_HALO = int(REACH * AROUND_SIGMA) + 1  # pixels


def basins(pixels: NDArray[np.float32], ridges: Ridges) -> NDArray[np.int64]:
    """Return what lies between the lines of a plane: the catchment basins of its lightness, numbered from 1.

    Parameters
    ----------
    pixels : (C, Y, X) float32
    ridges : Ridges
    """
    light = gaussian_filter(ridges.sign * ridges.light(pixels), NEAR_SIGMA)
    found: NDArray[np.int64] = watershed(light).astype(np.int64)
    return found


def ridge_height(light: NDArray[np.float32], sign: int, spacing: Sequence[float]) -> NDArray[np.float32]:
    """Return how far each pixel stands out from what is around it as a line would, never below 0.

    Parameters
    ----------
    light : (*spatial) float32
        From 0 to 1.
    sign : int
        `BRIGHT` or `DARK`.
    spacing : sequence of float
        Size of a pixel along each axis, the smallest being 1.

    Returns
    -------
    (*spatial) float32
        In the units of `colour_features`.
    """
    near, around = ([sigma / size for size in spacing] for sigma in (NEAR_SIGMA, AROUND_SIGMA))
    rise = difference_of_gaussians(light, near, around, mode="reflect", truncate=REACH)
    found: NDArray[np.float32] = np.maximum(np.float32(sign * INTENSITY_RANGE) * rise, 0)
    return found


def ridge_strength(source: Source, ridges: Ridges) -> list[NDArray[np.float16]]:
    """Return how much of a line each pixel face lies on: the higher of both pixels, see `ridge_height`.

    Parameters
    ----------
    source : Source
    ridges : Ridges

    Returns
    -------
    list of arrays
        For each axis one of the shape of the image, shorter by one along that axis.
    """
    height = np.zeros(source.shape[1:], np.float16)
    for window in blocks(source.shape[1:], BLOCK_SIDE[height.ndim]):
        grown, inner = with_halo(window, RIDGE_HALO, source.shape[1:])
        height[window] = ridge_height(ridges.light(source.read(grown)), ridges.sign, source.spacing)[inner]
    return [higher_of_faces(height, axis) for axis in range(height.ndim)]


def higher_of_faces(height: NDArray[np.float16], axis: int) -> NDArray[np.float16]:
    """Return for each pixel face along an axis the higher of its two pixels."""
    n = height.shape[axis]
    found: NDArray[np.float16] = np.maximum(height.take(range(n - 1), axis), height.take(range(1, n), axis))
    return found

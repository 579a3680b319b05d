"""Ridges that outline things: halos in phase contrast, membranes in electron microscopy.

Where cells are neither brighter nor darker than what is around them, the line between them tells them apart. An edge
has a slope; a line is a crest, and what lies on either side of it may look alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.filters import difference_of_gaussians
from skimage.segmentation import watershed

from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.colour import INTENSITY_RANGE, RGB, lightness
from napari_backprop_segmentation.image.source import Source

BRIGHT, DARK = 1, -1
CREST_SIGMA = 1.5  # pixels: about half the width of the lines that are seen best
SIGHT = 512  # pixels: side of the part that says what lines are like
NEAR_SIGMA, AROUND_SIGMA = 1.0, 8.0  # pixels: of a line, and of what it is compared with
REACH = 3.0  # standard deviations at which a Gaussian ends
TINY = 1e-12
RIDGE_HALO = int(REACH * AROUND_SIGMA) + 1  # pixels


@dataclass(frozen=True)
class Ridges:
    """What lines an image is looked through for.

    Attributes
    ----------
    sign : int
        `BRIGHT` or `DARK`.
    channel : int, optional
        The one that shows them, of several that are no colours; else they are lines of the lightness.
    """

    sign: int
    channel: int | None = None

    def light(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what shows the lines (*spatial) of pixels (C, *spatial)."""
        return lightness(pixels) if self.channel is None else pixels[self.channel]


def source_ridges(source: Source) -> Ridges:
    """Return `find_ridges` of an image of which only the middle is read."""
    return find_ridges(source.read(middle(source.shape[1:])))


def find_ridges(pixels: NDArray[np.float32]) -> Ridges:
    """Return what lines (C, *spatial) pixels have: dark or bright ones, whichever are stronger, see `ridge_balance`.

    Of several channels the one is taken where that makes the largest part of the contrast: in the mean of a stain of
    membranes and one of cytoplasm, the lines would drown.
    """
    if len(pixels) in (1, RGB):
        return Ridges(ridge_sign(lightness(pixels)))
    channel = int(np.argmax([_line_share(light) for light in pixels]))
    return Ridges(ridge_sign(pixels[channel]), channel)


def _line_share(light: NDArray[np.float32]) -> float:
    """Return by how much one kind of lines outweighs the other, noise being both alike, as a share of all contrast."""
    seen = light[middle(light.shape)]
    dark, bright = ridge_energies(light, CREST_SIGMA)
    return abs(dark - bright) / max(float(seen.var()) * seen.size, TINY)


def ridge_sign(light: NDArray[np.float32]) -> int:
    """Return whether lines (*spatial) are `BRIGHT` or `DARK`, whichever are stronger, see `ridge_balance`."""
    return DARK if ridge_balance(light) > 1 else BRIGHT


def ridge_balance(light: NDArray[np.float32]) -> float:
    """Return how many times stronger dark lines are than bright ones in the middle of the image.

    Across a line the second derivative is large, along it small: they are the eigenvalues of the Hessian.

    Parameters
    ----------
    light : (*spatial) float32
        Of a volume the plane in the middle is looked at.

    References
    ----------
    Steger, An unbiased detector of curvilinear structures, IEEE TPAMI 20(2), 1998.
    """
    dark, bright = ridge_energies(light, CREST_SIGMA)
    return dark / max(bright, TINY)


def ridge_energies(light: NDArray[np.float32], sigma: float) -> tuple[float, float]:
    """Return the sum over the middle of the image of the squared strengths of dark and of bright lines.

    Parameters
    ----------
    light : (*spatial) float32
        Of a volume the plane in the middle is looked at.
    sigma : float
        Standard deviation in pixels of the Gaussian through which the image is seen.
    """
    seen = light[middle(light.shape)]
    plane = seen.reshape(seen.shape[-2:])
    yy, yx, xx = (gaussian_filter(plane, sigma, order=order) for order in ((2, 0), (1, 1), (0, 2)))
    mean, spread = (yy + xx) / 2, np.sqrt(((yy - xx) / 2) ** 2 + yx**2)
    high, low = mean + spread, mean - spread
    dark, bright = np.maximum(high - np.abs(low), 0), np.maximum(-low - np.abs(high), 0)
    return float((dark**2).sum()), float((bright**2).sum())


def middle(shape: Sequence[int]) -> Window:
    """Return the window of the part of an image, of one plane, that says what its lines are like."""
    depth = [slice(n // 2, n // 2 + 1) for n in shape[:-2]]
    plane = [slice(max(0, (n - SIGHT) // 2), max(0, (n - SIGHT) // 2) + min(n, SIGHT)) for n in shape[-2:]]
    return (*depth, *plane)


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


def ridge_strength(source: Source, side: int) -> list[NDArray[np.float16]]:
    """Return how much of a line each pixel face lies on: the higher of both pixels, see `ridge_height`.

    Parameters
    ----------
    source : Source
    side : int
        Of the blocks in which the image is read, in pixels.

    Returns
    -------
    list of arrays
        For each axis one of the shape of the image, shorter by one along that axis.
    """
    ridges = source_ridges(source)
    height = np.zeros(source.shape[1:], np.float16)
    for window in blocks(source.shape[1:], side):
        grown, inner = with_halo(window, RIDGE_HALO, source.shape[1:])
        height[window] = ridge_height(ridges.light(source.read(grown)), ridges.sign, source.spacing)[inner]
    return [higher_of_faces(height, axis) for axis in range(height.ndim)]


def higher_of_faces(height: NDArray[np.float16], axis: int) -> NDArray[np.float16]:
    """Return for each pixel face along an axis the higher of its two pixels."""
    n = height.shape[axis]
    found: NDArray[np.float16] = np.maximum(height.take(range(n - 1), axis), height.take(range(1, n), axis))
    return found

"""How large an image shows things: the width of its lines, beside that at which objects are found best."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.background import smooth_background
from napari_backprop_segmentation.image.ridges import find_ridges, middle, ridge_energies
from napari_backprop_segmentation.image.source import Source

RATIO = 2**0.5
WIDTHS = 0.7 * RATIO ** np.arange(8)  # pixels
HALO_WIDTH, MEMBRANE_WIDTH = 1.7, 3.1  # pixels: read off phase contrast at half size, and electron microscopy


def source_magnification(source: Source) -> float:
    """Return `magnification` of an image of which only the middle is read."""
    pixels = source.read(middle(source.shape[1:]))
    seen = find_ridges(pixels).light(pixels)
    return magnification(seen, smooth_background(seen.reshape(seen.shape[-2:])) is not None)


def magnification(light: NDArray[np.float32], has_ground: bool) -> float:
    """Return how many times wider lines are than those of the images that objects are found best in.

    Parameters
    ----------
    light : (*spatial) float32
    has_ground : bool
        Whether there is a smooth ground, see `smooth_background`: lines are then halos, else membranes.
    """
    return ridge_width(light) / (HALO_WIDTH if has_ground else MEMBRANE_WIDTH)


def ridge_width(light: NDArray[np.float32]) -> float:
    """Return the standard deviation, in pixels, of the Gaussian that lines show best through.

    Second derivatives, times the square of that deviation, have most energy where it is about as wide as the lines:
    twice that of a line that is a Gaussian itself. Noise has no width and counts as the narrowest lines there are.

    Parameters
    ----------
    light : (*spatial) float32
        Only the middle is looked at.

    References
    ----------
    Lindeberg, Edge detection and ridge detection with automatic scale selection, IJCV 30(2), 1998.
    """
    strengths = np.array([sum(ridge_energies(light, width)) * width**4 for width in WIDTHS])
    if not strengths.all():
        return float(WIDTHS[0])
    best = int(np.clip(strengths.argmax(), 1, len(WIDTHS) - 2))
    before, there, after = np.log(strengths[best - 1 : best + 2])
    bend = before - 2 * there + after
    step = np.clip((before - after) / (2 * bend), -1, 1) if bend < 0 else np.sign(after - before)
    return float(WIDTHS[best] * RATIO**step)

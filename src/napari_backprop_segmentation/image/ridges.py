"""Ridges that outline things: halos in phase contrast, membranes in electron microscopy.

Where cells are neither brighter nor darker than what is around them, the line between them tells them apart. An edge
has a slope; a line is a crest, and what lies on either side of it may look alike.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.colour import RGB, lightness
from napari_backprop_segmentation.image.source import Source

BRIGHT, DARK = 1, -1
CREST_SIGMA = 1.5  # pixels: about half the width of the lines that are seen best
SIGHT = 512  # pixels: side of the part that says what lines are like
TINY = 1e-12
RATIO = 2**0.5
WIDTHS = 0.7 * RATIO ** np.arange(8)  # pixels: the widths that are tried


@dataclass(frozen=True)
class Ridges:
    """What lines an image is looked through for.

    Attributes
    ----------
    sign : int
        `BRIGHT` or `DARK`.
    channel : int, optional
        The one that shows them, of several that are no colours; else they are lines of the lightness.
    width : float
        Standard deviation in pixels of the Gaussian through which they show best, see `ridge_width`.
    """

    sign: int
    channel: int | None = None
    width: float = 1.0

    def binned(self, factor: int) -> "Ridges":
        """Return them as they are where squares of so many pixels a side are seen as one."""
        return replace(self, width=self.width / factor)

    def record(self) -> dict[str, Any]:
        """Return them in plain values."""
        return {"sign": "dark" if self.sign == DARK else "bright", "channel": self.channel, "width": self.width}

    def light(self, pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return what shows the lines (*spatial) of pixels (C, *spatial)."""
        return lightness(pixels) if self.channel is None else pixels[self.channel]


def source_ridges(source: Source) -> Ridges:
    """Return `find_ridges` of an image of which only the middle is read."""
    return find_ridges(source.read(middle(source.shape[1:])))


def find_ridges(pixels: NDArray[np.float32]) -> Ridges:
    """Return what lines (C, *spatial) pixels have: dark or bright ones, whichever are stronger, and how wide they are.

    This is decided once in a run, and recorded.

    Of several channels the one is taken where that makes the largest part of the contrast: in the mean of a stain of
    membranes and one of cytoplasm, the lines would drown.
    """
    if len(pixels) in (1, RGB):
        light, channel = lightness(pixels), None
    else:
        channel = int(np.argmax([_ridge_share(each) for each in pixels]))
        light = pixels[channel]
    return Ridges(ridge_sign(light), channel, ridge_width(light))


def _ridge_share(light: NDArray[np.float32]) -> float:
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

"""How far pixels stand out from the ground: one smoothed value each, and the numbers that divide it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.threshold import counts_between, otsu_of
from napari_backprop_segmentation.image.whole_sums import spread_sums, variance_of
from napari_backprop_segmentation.params.sections import Objects

REGION_SHARE = 0.5  # of a pixel's brightness that is the mean of its region
CLEAN_SMOOTHING, NOISY_SMOOTHING = 0.7, 1.5  # pixels
RELAXED = 0.7  # of the way from the ground to Otsu's threshold: dim objects are above it, and so is noise
NOISY = 0.5  # share of the standard deviation that is finer than a pixel's neighbours
FINER = 1.0  # pixels: sigma of the Gaussian that takes away what is finer
REACH = 4.0  # standard deviations at which a Gaussian ends
FINER_HALO, HALO = (math.ceil(REACH * sigma) for sigma in (FINER, NOISY_SMOOTHING))  # pixels

Light = NDArray[np.float32]


@dataclass(frozen=True)
class Contrast:
    """How objects stand out.

    Attributes
    ----------
    threshold, ground : float
        Of the value by which they do: between objects and ground, of the ground.
    noisy : bool
    """

    threshold: float
    ground: float
    noisy: bool

    @classmethod
    def of(cls, light: Light, noisy: bool) -> Self | None:
        """Return how objects stand out in light (*spatial); None where all is alike."""
        low, high = light.min(), light.max()
        if low == high:
            return None
        threshold = otsu_of(counts_between(light, low, high), low, high)
        return cls(threshold, float(np.median(light[light < threshold])), noisy)

    def level(self, rules: Objects) -> float:
        """Return what a pixel of an object is above."""
        relaxed = RELAXED if rules.split_objects and not self.noisy else 1
        return self.ground + rules.strictness * relaxed * (self.threshold - self.ground)


def noise_sums(light: Light, inner: tuple[slice, ...] = ()) -> NDArray[np.int64]:
    """Return what `is_noisy` goes by (2, 3), of a part of light (*window); those of several windows add up."""
    fine = light - ndimage.gaussian_filter(light, FINER)
    return np.stack([spread_sums(each[inner]) for each in (fine, light)])


def is_noisy(sums: NDArray[np.int64]) -> bool:
    """Return whether much of what differs is finer than a pixel's neighbours, see `noise_sums`."""
    fine, all_of_it = (variance_of(each) for each in sums)
    return bool(fine > NOISY**2 * all_of_it)


def steadied(light: Light, steady: Light, noisy: bool, spacing: Sequence[float]) -> Light:
    """Return light (*window), to which the means of regions were added, smoothed.

    Parameters
    ----------
    light : (*window) float32
    steady : (*window) float32
        The mean of the region of each pixel.
    noisy : bool
    spacing : sequence of float
        Size of a pixel along each axis.
    """
    sigma = NOISY_SMOOTHING if noisy else CLEAN_SMOOTHING
    light = light + REGION_SHARE * (steady - light)
    found: Light = ndimage.gaussian_filter(light, [sigma * min(spacing) / step for step in spacing])
    return found

"""Smooth ground between textured objects, as in phase contrast."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as connected_components

from napari_backprop_segmentation.image.threshold import otsu
from napari_backprop_segmentation.image.whole_sums import spread_sums, variance_of

SLOPE_SIGMA, TEXTURE_SIGMA = 1.0, 1.5  # pixels
LEAST_SLOPE = 1e-3
GROUND = 0.7  # separation of smooth and textured pixels from which on there is a ground; of one bell curve it is 0.64
ONE_PART = 0.5  # of the ground that hangs together
SHRINK = 2  # pixels by which the smoothing of the texture has widened what is textured


def smooth_background(light: NDArray[np.float32]) -> NDArray[np.bool_] | None:
    """Return where the smooth ground (*spatial) between textured objects is; None where there is no such thing.

    Texture is the logarithm of the local slope. Otsu's threshold divides any image; only where its sides lie further
    apart than the halves of one bell curve are they two kinds of pixels. And the ground surrounds objects: where what
    is smooth is in many parts, they are the insides of objects themselves.
    """
    texture = roughness(light)
    if texture.min() == texture.max():
        return None
    rough = texture >= otsu(texture)
    if not 0 < rough.mean() < 1 or separation_of(spread_sums(texture[rough]), spread_sums(texture)) < GROUND:
        return None
    parts = np.bincount(connected_components(~rough, connectivity=1).ravel())[1:]
    if parts.max() < ONE_PART * parts.sum():
        return None
    return ~shrunk(ndimage.binary_fill_holes(rough))


def roughness(light: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the texture (*spatial) of light."""
    slope = ndimage.gaussian_gradient_magnitude(light, SLOPE_SIGMA)
    found: NDArray[np.float32] = np.log(np.sqrt(ndimage.gaussian_filter(slope**2, TEXTURE_SIGMA)) + LEAST_SLOPE)
    return found


def separation_of(rough: NDArray[Any], both: NDArray[Any]) -> float:
    """Return the share of the variance that lies between what is rough and what is not, from `spread_sums` of both."""
    n, total, _ = (int(each) for each in rough)
    n_all, total_all, _ = (int(each) for each in both)
    share, gap = n / n_all, total / n - (total_all - total) / (n_all - n)
    return float(share * (1 - share) * gap**2 / float(variance_of(both)))


def shrunk(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return what is textured (*spatial) without what the smoothing has added."""
    found: NDArray[np.bool_] = ndimage.binary_erosion(mask, iterations=SHRINK, border_value=1)
    return found

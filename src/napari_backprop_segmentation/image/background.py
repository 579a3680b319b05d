"""Smooth ground between textured objects, as in phase contrast."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as connected_components

from napari_backprop_segmentation.image.threshold import otsu, separation

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
    slope = ndimage.gaussian_gradient_magnitude(light, SLOPE_SIGMA)
    texture = np.log(np.sqrt(ndimage.gaussian_filter(slope**2, TEXTURE_SIGMA)) + LEAST_SLOPE)
    if texture.min() == texture.max():
        return None
    rough = texture >= otsu(texture)
    if not 0 < rough.mean() < 1 or separation(texture, rough) < GROUND:
        return None
    parts = np.bincount(connected_components(~rough, connectivity=1).ravel())[1:]
    if parts.max() < ONE_PART * parts.sum():
        return None
    inside = ndimage.binary_erosion(ndimage.binary_fill_holes(rough), iterations=SHRINK, border_value=1)
    found: NDArray[np.bool_] = ~inside
    return found

"""Lab of RGB by scikit-image, piece by piece: what lies between stays in the cache of the processor."""

import numpy as np
from numpy.typing import NDArray
from skimage.color import rgb2lab

AT_ONCE = 2**16  # pixels; all of a megapixel at once take twice the time


def lab_of(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return RGB (3, *spatial) in [0, 1] as lightness from 0 to 100, a and b.

    Parameters
    ----------
    pixels : (3, *spatial) float32
        What is outside [0, 1] counts as its nearer end.
    """
    flat = pixels.reshape(len(pixels), -1)
    found = np.empty(flat.shape, np.float32)
    for first in range(0, flat.shape[1], AT_ONCE):
        part = slice(first, first + AT_ONCE)
        found[:, part] = rgb2lab(np.clip(flat[:, part], 0, 1), channel_axis=0)
    return found.reshape(pixels.shape)

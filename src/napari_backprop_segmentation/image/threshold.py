"""Two kinds of pixels by their brightness: where to divide them, and how far apart they are."""

import numpy as np
from numpy.typing import NDArray
from skimage.filters import threshold_otsu

LEVELS = 256


def separation(light: NDArray[np.float32], bright: NDArray[np.bool_]) -> float:
    """Return the share of the variance that lies between the bright side and the dark one, from 0 to 1."""
    share, gap = bright.mean(), light[bright].mean() - light[~bright].mean()
    return float(share * (1 - share) * gap**2 / light.var())


def otsu(light: NDArray[np.float32]) -> float:
    """Return Otsu's threshold: from there on is bright.

    The upper end of the last dark bin; its middle would divide the pixels of an even ground.
    """
    counts, edges = np.histogram(light, LEVELS)
    return float(threshold_otsu(hist=(counts, edges[1:])))

"""A watershed in which no part of the mask has any influence on what is found in another."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed


def flooded(heights: NDArray[Any], markers: NDArray[Any], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return which marker each pixel of a mask (*window) belongs to, lowest heights first; 0 outside.

    Of markers of one height scikit-image takes the first that its queue holds, which depends on all others in the
    queue. Parts of the mask in which that can happen are flooded by themselves.

    Parameters
    ----------
    heights : (*window) float
    markers : (*window) int
        From 1; 0 is nowhere.
    mask : (*window) bool
    """
    parts, n = ndimage.label(mask)
    alone = _tied(heights, markers, parts, n)
    together = mask & ~alone[parts]
    found: NDArray[np.int32] = np.zeros(mask.shape, np.int32)
    if together.any():
        found += watershed(heights, np.where(together, markers, 0), mask=together)
    windows = ndimage.find_objects(np.where(alone[parts], parts, 0)) if alone.any() else []
    for number in np.flatnonzero(alone):
        window = windows[number - 1]
        inside = parts[window] == number
        own = watershed(heights[window], np.where(inside, markers[window], 0), mask=inside)
        found[window][inside] = own[inside]
    return found


def _tied(heights: NDArray[Any], markers: NDArray[Any], parts: NDArray[np.int32], n: int) -> NDArray[np.bool_]:
    """Return which parts (n + 1,) have pixels of markers that are equally high."""
    places = np.flatnonzero((markers.ravel() > 0) & (parts.ravel() > 0))
    high, part = heights.ravel()[places], parts.ravel()[places]
    order = np.lexsort((high, part))
    high, part = high[order], part[order]
    found = np.zeros(n + 1, bool)
    found[part[1:][(high[1:] == high[:-1]) & (part[1:] == part[:-1])]] = True
    return found

"""Planes brought to another size, as the published code does it: bilinear, without smoothing first."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

PLANE = "YX"
HALF = 0.5 + 1e-9  # whole numbers are rounded half up, whatever double precision makes of a half


def resized(array: Any, axes: str, side: int) -> NDArray[Any]:
    """Return an image whose planes are squares, as an array of the same type.

    Parameters
    ----------
    array : array-like
    axes : str
        One letter an axis.
    side : int
        Of a plane, in pixels.
    """
    pixels = np.asarray(array)
    factors = [side / n if letter in PLANE else 1.0 for letter, n in zip(axes, pixels.shape, strict=True)]
    found: NDArray[Any] = zoom(pixels.astype(np.float64), factors, order=1, mode="nearest", grid_mode=True)
    found = found if pixels.dtype.kind == "f" else np.floor(found + HALF)
    return found.astype(pixels.dtype)

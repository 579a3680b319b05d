"""A checksum of the pixels of an image: whether a file still holds what a run has seen."""

import hashlib
import logging
import math
from typing import Any

import numpy as np

logger = logging.getLogger(__name__)
BLOCK_BYTES = 2**26  # read at a time
MOST_BYTES = 2**30  # larger images are not read a second time for it


def pixel_checksum(array: Any) -> str | None:
    """Return what tells the pixels of two images apart, their type and shape included.

    None for very large ones, and for those that cannot be read again: a run that has ended is not lost for it.

    Parameters
    ----------
    array : array-like
        Anything with `shape`, `dtype` and basic slicing, else what NumPy makes an array of.

    Examples
    --------
    >>> pixel_checksum(np.zeros((2, 3), np.uint8)) == pixel_checksum(np.zeros((2, 3), np.uint16))
    False
    """
    try:
        return _checksum(array)
    except Exception:
        logger.warning("the checksum of the image could not be made", exc_info=True)
        return None


def _checksum(array: Any) -> str | None:
    if not hasattr(array, "dtype") or not hasattr(array, "shape"):
        array = np.asarray(array)
    dtype, shape = np.dtype(array.dtype), tuple(int(n) for n in array.shape)
    if math.prod(shape) * dtype.itemsize > MOST_BYTES or not shape or dtype.kind not in "biufc":
        return None
    plain = dtype.newbyteorder("<")
    found = hashlib.blake2b(repr((shape, plain.str)).encode(), digest_size=16)
    rows = max(1, BLOCK_BYTES // max(1, math.prod(shape[1:]) * dtype.itemsize))
    for start in range(0, shape[0], rows):
        window = (slice(start, min(start + rows, shape[0])), *(slice(0, n) for n in shape[1:]))
        found.update(np.ascontiguousarray(array[window], plain).data)
    return found.hexdigest()

"""An image seen at a fraction of its size: the mean of each square of pixels as one pixel."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce

PLANE = "YX"
EXACT_BYTES = 8  # of whole numbers that a float64 does not hold
WRAP, LARGEST_EXACT = 2**64, float(2**64 - 2**11)  # the highest float64 that is a uint64


class Binned:
    """An array of means over squares of pixels of another array, made where it is read.

    Parameters
    ----------
    array : array-like
        Anything with `shape`, `dtype` and basic slicing.
    axes : str
        One letter an axis.
    factor : int
        Side of the squares, in pixels; what is left over at the far edges is left out.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
        That of the array; means of whole numbers are rounded.
    """

    def __init__(self, array: Any, axes: str, factor: int) -> None:
        self._array = array
        self._factors = tuple(factor if letter in PLANE else 1 for letter in axes)
        self.shape = tuple(n // f for n, f in zip(array.shape, self._factors, strict=True))
        self.dtype = array.dtype

    def __getitem__(self, index: tuple[slice, ...]) -> NDArray[Any]:
        """Return the means that slices, one an axis and none backwards, choose."""
        spans = [part.indices(n) for part, n in zip(index, self.shape, strict=True)]
        # Squares lie side by side only where none are skipped; along other axes there is nothing to average.
        read = [
            slice(a, b, step) if f == 1 else slice(a * f, b * f)
            for (a, b, step), f in zip(spans, self._factors, strict=True)
        ]
        means, base = self._means(np.asanyarray(self._array[tuple(read)]))
        means = means[
            tuple(slice(None, None, s if f > 1 else 1) for (*_, s), f in zip(spans, self._factors, strict=True))
        ]
        if np.dtype(self.dtype).kind not in "bui":
            return means.astype(self.dtype)
        if not base:
            return np.rint(means).astype(self.dtype)
        rounded = np.rint(np.minimum(means, LARGEST_EXACT)).astype(np.uint64)
        return (rounded + np.uint64(base % WRAP)).astype(self.dtype)

    def _means(self, values: NDArray[Any]) -> tuple[NDArray[np.float64], int]:
        """Return the means of squares less a whole number; squares that are masked altogether stay masked."""
        base = 0
        if values.dtype.kind in "ui" and values.dtype.itemsize == EXACT_BYTES and values.size:
            base = int(np.ma.getdata(values).min()) & ~1  # even, so that halves are rounded the same way everywhere
            values = values.astype(np.uint64) - np.uint64(base % WRAP)  # right modulo 2**64, whatever the sign
        if not isinstance(values, np.ma.MaskedArray):
            return self._reduced(np.asarray(values), np.mean), base
        seen = ~np.ma.getmaskarray(values)
        counts = self._reduced(seen, np.sum)
        sums = self._reduced(np.where(seen, np.ma.getdata(values), 0), np.sum)
        return np.ma.masked_array(sums / np.maximum(counts, 1), counts == 0), base

    def _reduced(self, values: NDArray[Any], how: Callable[..., Any]) -> NDArray[np.float64]:
        return np.asarray(block_reduce(values, self._factors, how, func_kwargs={"dtype": np.float64}))

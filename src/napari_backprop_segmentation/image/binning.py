"""An image seen at a fraction of its size: the mean of each square of pixels as one pixel."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce

PLANE = "YX"


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
        values = np.asarray(self._array[tuple(read)])
        means = block_reduce(values, self._factors, np.mean, func_kwargs={"dtype": np.float64})
        means = means[
            tuple(slice(None, None, s if f > 1 else 1) for (*_, s), f in zip(spans, self._factors, strict=True))
        ]
        whole = np.dtype(self.dtype).kind in "bui"
        found: NDArray[Any] = (np.rint(means) if whole else means).astype(self.dtype)
        return found

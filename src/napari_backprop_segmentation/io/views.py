"""A part of an array that is neither read nor written before it is asked for."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Kept:
    """An array without axes of length 1.

    Parameters
    ----------
    array : array-like
        Anything with `shape`, `dtype` and basic slicing.
    kept : tuple of int
        Its axes that are looked at, in order; all others have length 1.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    ndim : int
    chunks : tuple of int
        In which it is best read and written; all of it where the array does not say.
    """

    def __init__(self, array: Any, kept: tuple[int, ...]) -> None:
        self._array, self._kept, self._axes = array, kept, len(array.shape)
        self.shape = tuple(int(array.shape[i]) for i in kept)
        chunks = getattr(array, "chunks", None) or array.shape
        self.chunks = tuple(int(chunks[i]) for i in kept)
        self.dtype, self.ndim = np.dtype(array.dtype), len(kept)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Read what is asked for, and nothing else."""
        return np.asarray(self._array[self._index(key)])

    def __setitem__(self, key: Any, values: Any) -> None:
        """Write into the array."""
        self._array[self._index(key)] = values

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Read all of it; NumPy asks for this, and would else take the whole for one object."""
        return np.asarray(self[...], dtype)

    def _index(self, key: Any) -> tuple[Any, ...]:
        asked = list(key) if isinstance(key, tuple) else [key]
        if Ellipsis in asked:
            place = asked.index(Ellipsis)
            asked[place : place + 1] = [slice(None)] * (self.ndim - len(asked) + 1)
        asked += [slice(None)] * (self.ndim - len(asked))
        index: list[Any] = [0] * self._axes
        for axis, part in zip(self._kept, asked, strict=True):
            index[axis] = part
        return tuple(index)

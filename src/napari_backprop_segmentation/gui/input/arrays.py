"""Parts of arrays and stacks of arrays that read nothing before they are sliced themselves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Index = tuple[slice | int, ...]


def part_of(array: Any, index: Index) -> Any:
    """Return a part of an array without reading it; the array itself where the part is all of it.

    Parameters
    ----------
    array : array-like
        Anything with `shape`, `dtype` and basic slicing.
    index : tuple of slice or int
        One an axis; slices with whole limits, without a step.
    """
    if all(i == slice(0, n) for i, n in zip(index, array.shape, strict=True)):
        return array
    return array[index] if isinstance(array, np.ndarray) else Window(array, index)


class Window:
    """A part of an array, read when it is sliced.

    Parameters as of `part_of`.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    """

    def __init__(self, array: Any, index: Index) -> None:
        self._array, self._index = array, index
        self.shape = tuple(i.stop - i.start for i in index if isinstance(i, slice))
        self.dtype = np.dtype(array.dtype)

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Read what is asked for, and nothing else."""
        asked = iter(_complete(key, len(self.shape)))
        return np.asarray(
            self._array[tuple(_within(i, next(asked)) if isinstance(i, slice) else i for i in self._index)]
        )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Read all of it; NumPy asks for this, and would else take the whole for one object."""
        return np.asarray(self[:], dtype)


class Stack:
    """Arrays of one shape as the channels of one array, which is its first axis.

    Parameters
    ----------
    arrays : sequence of array-like

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
    """

    def __init__(self, arrays: Sequence[Any]) -> None:
        self._arrays = arrays
        self.shape = (len(arrays), *arrays[0].shape)
        self.dtype = np.result_type(*(array.dtype for array in arrays))

    def __getitem__(self, key: Any) -> NDArray[Any]:
        """Read what is asked for, from those arrays that it is in."""
        channels, *rest = _complete(key, len(self.shape))
        if isinstance(channels, slice):
            chosen = self._arrays[channels] or self._arrays[:1]  # no channel has the shape of one, without it
            pixels = np.stack([np.asarray(array[tuple(rest)], self.dtype) for array in chosen])
            return pixels[: len(self._arrays[channels])]
        return np.asarray(self._arrays[channels][tuple(rest)], self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """Read all of it; NumPy asks for this, and would else take the whole for one object."""
        return np.asarray(self[:], dtype)


def _complete(key: Any, ndim: int) -> list[slice | int]:
    given = list(key) if isinstance(key, tuple) else [key]
    return [*given, *[slice(None)] * (ndim - len(given))]


def _within(outer: slice, inner: slice | int) -> slice | int:
    """Return where an index into a part lies in the whole."""
    size = outer.stop - outer.start
    if not isinstance(inner, slice):
        return int(outer.start + range(size)[inner])
    start, stop, step = inner.indices(size)
    return slice(outer.start + start, outer.start + max(start, stop), step)

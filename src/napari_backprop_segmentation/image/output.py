"""Where labels are written piece by piece: checked before anything is computed, and again with every piece."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.labels import label_dtype

UNWRITABLE = (OSError, ValueError, TypeError, RuntimeError, AttributeError, KeyError, IndexError, NotImplementedError)


class Output:
    """An array of the user's that takes labels, and refuses those that do not fit its type.

    Parameters
    ----------
    out : array-like (*spatial)
        NumPy, zarr, HDF5, ...: whatever can be assigned to. Its `shape` and `dtype` are checked where it has them.

    Attributes
    ----------
    array : array-like
        What was given.
    dtype : dtype or None
        Of the array.
    """

    def __init__(self, out: Any) -> None:
        self.array = out
        self.dtype = np.dtype(out.dtype) if hasattr(out, "dtype") else None

    @property
    def room(self) -> int | None:
        """The highest label that fits; None where the array does not say."""
        return None if self.dtype is None or self.dtype.kind not in "ui" else int(np.iinfo(self.dtype).max)

    def __setitem__(self, index: Any, labels: NDArray[Any]) -> None:
        """Write labels.

        Raises
        ------
        ImageError
            If one of them is larger than the type of the array can hold; what was written before stays.
        """
        if self.dtype is not None:
            _check_type(self.dtype, int(np.max(labels, initial=0)))
        self.array[index] = labels

    def __getitem__(self, index: Any) -> Any:
        """Return what stands in the array."""
        return self.array[index]


def check_output(out: Any, shape: Sequence[int], n_labels: int) -> Output | None:
    """Refuse an array that cannot take the labels of an image, before they are computed.

    Parameters
    ----------
    out : array-like or None
        As the user gave it.
    shape : sequence of int
        Of the labels.
    n_labels : int
        The highest label there can be, as far as it is known beforehand; `Output` refuses what is higher.

    Returns
    -------
    Output or None
        To be written to instead of `out`; None where nothing was given.

    Raises
    ------
    ImageError
        If it is no array, has another shape or no whole numbers, holds fewer labels, or cannot be written to.
    """
    if out is None or isinstance(out, Output):
        return out
    if not hasattr(out, "__setitem__"):
        raise ImageError(f"out must be an array that can be written to, got {type(out).__name__}; give NumPy or zarr")
    if isinstance(out, (list, dict)) or tuple(getattr(out, "shape", shape)) != tuple(shape):
        given = tuple(out.shape) if hasattr(out, "shape") else type(out).__name__
        raise ImageError(f"out must have the spatial shape of the image {tuple(shape)}, got {given}; make a new one")
    found = Output(out)
    if found.dtype is not None:
        _check_type(found.dtype, n_labels)
    if hasattr(out, "__getitem__"):
        _check_writable(out, (slice(0, 1),) * len(shape))
    return found


def _check_writable(out: Any, corner: tuple[slice, ...]) -> None:
    """Write what is there already."""
    try:
        out[corner] = np.asarray(out[corner])
    except UNWRITABLE as error:
        raise ImageError(
            f"out must be an array that can be written to, got one that says {str(error)!r}; open it for writing"
        ) from error


def _check_type(dtype: np.dtype[Any], largest: int) -> None:
    if dtype.kind not in "ui" or largest > np.iinfo(dtype).max:
        fitting = np.dtype(label_dtype(largest)).name
        raise ImageError(f"out must hold whole numbers up to {largest}, got {dtype}; make it {fitting} or wider")

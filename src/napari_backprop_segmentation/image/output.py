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
        NumPy, zarr, HDF5, ...: whatever has `shape` and `dtype` and can be assigned to.

    Attributes
    ----------
    array : array-like
        What was given.
    shape, dtype
        Of the array.
    """

    def __init__(self, out: Any) -> None:
        self.array = out
        self.shape: tuple[int, ...] = tuple(out.shape)
        self.dtype = np.dtype(out.dtype)

    def __setitem__(self, index: Any, labels: NDArray[Any]) -> None:
        """Write labels.

        Raises
        ------
        ImageError
            If one of them is larger than the type of the array can hold; what was written before stays.
        """
        largest = int(np.max(labels, initial=0))
        if not _holds(self.dtype, largest):
            raise ImageError(_too_small(self.dtype, largest))
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
    if not all(hasattr(out, name) for name in ("shape", "dtype", "__setitem__", "__getitem__")):
        raise ImageError(f"out must be an array that can be written to, got {type(out).__name__}; give NumPy or zarr")
    if tuple(out.shape) != tuple(shape):
        raise ImageError(
            f"out must have the spatial shape of the image {tuple(shape)}, got {tuple(out.shape)}; make a new one"
        )
    dtype = np.dtype(out.dtype)
    if not _holds(dtype, n_labels):
        raise ImageError(_too_small(dtype, n_labels))
    corner = (slice(0, 1),) * len(shape)
    try:
        out[corner] = np.asarray(out[corner])
    except UNWRITABLE as error:
        raise ImageError(
            f"out must be an array that can be written to, got one that says {str(error)!r}; open it for writing"
        ) from error
    return Output(out)


def _holds(dtype: np.dtype[Any], largest: int) -> bool:
    return dtype.kind in "ui" and largest <= np.iinfo(dtype).max


def _too_small(dtype: np.dtype[Any], largest: int) -> str:
    fitting = np.dtype(label_dtype(largest)).name
    return f"out must hold whole numbers up to {largest}, got {dtype}; make it {fitting} or wider"

"""An array of any kind as a Source: read window by window, channels first, normalised."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.data.axes import channel_axis, check_axes, spatial_axes
from napari_backprop_segmentation.data.normalise import Normaliser, sample_strides
from napari_backprop_segmentation.errors import ImageError

SAMPLE_PIXELS = 1_000_000
RGBA = 4


class ArraySource:
    """Pixels of a NumPy, dask, zarr or xarray array.

    Nothing is read but the window that is asked for, and a sparse sample to fix the normalisation.

    Parameters
    ----------
    array : array-like
        Anything with `shape`, `dtype` and basic slicing.
    axes : str, optional
        One letter an axis, see `data.axes`; guessed where the shape leaves no doubt.
    normalisation : str
        See `Normaliser.fit`.

    Attributes
    ----------
    shape : tuple of int
        (C, *spatial); the alpha channel of an RGBA image (axis S of length 4) is left out.
    axes : str
        Of the array.
    spatial_axes : str
        Of the label image.

    Raises
    ------
    ImageError
        If the array is empty, constant, without finite values or its axes do not fit.
    """

    def __init__(self, array: Any, axes: str | None = None, normalisation: str = "percentile") -> None:
        if not hasattr(array, "shape") or not hasattr(array, "dtype"):
            array = np.asarray(array)
        if 0 in array.shape or not array.shape:
            raise ImageError(f"image must hold pixels, got shape {tuple(array.shape)}; choose another image")
        self._array = array
        self.axes = check_axes(axes, array.shape)
        self.spatial_axes = spatial_axes(self.axes)
        self._channel_axis = channel_axis(self.axes)
        sizes = dict(zip(self.axes, array.shape, strict=True))
        n_channels = sizes.get("C", sizes.get("S", 1))
        if sizes.get("S") == RGBA:
            n_channels = RGBA - 1
        self.shape = (n_channels, *(sizes[letter] for letter in self.spatial_axes))
        sample = self._raw(sample_strides(self.shape[1:], SAMPLE_PIXELS))
        self.normaliser = Normaliser.fit(sample.reshape(n_channels, -1), normalisation, "S" in self.axes)

    @property
    def whole(self) -> tuple[slice, ...]:
        """The window of all pixels."""
        return tuple(slice(0, n) for n in self.shape[1:])

    def read(self, window: tuple[slice, ...]) -> NDArray[np.float32]:
        """Return the normalised pixels (C, *window) of a spatial window."""
        return self.normaliser(self._raw(window))

    def overview(self, stride: int) -> NDArray[np.float32]:
        """Return every `stride`-th normalised pixel of each spatial axis, (C, *reduced)."""
        return self.read(tuple(slice(None, None, stride) for _ in self.spatial_axes))

    def _raw(self, window: tuple[slice, ...]) -> NDArray[Any]:
        index: list[slice] = list(window)
        if self._channel_axis is None:
            return np.asarray(self._array[tuple(index)])[None]
        index.insert(self._channel_axis, slice(0, self.shape[0]))
        return np.moveaxis(np.asarray(self._array[tuple(index)]), self._channel_axis, 0)

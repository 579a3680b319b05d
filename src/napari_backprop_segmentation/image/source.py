"""An array of any kind as a Source: read window by window, channels first, normalised."""

import copy
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import product
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError, SegmentationError, of_memory
from napari_backprop_segmentation.image.axes import channel_axis, check_axes, named_axes, relative_spacing, spatial_axes
from napari_backprop_segmentation.image.binning import PLANE, Binned
from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.colour import stand_apart
from napari_backprop_segmentation.image.limits import Extent, extent, united, valid
from napari_backprop_segmentation.image.mapped import received, sent
from napari_backprop_segmentation.image.normalise import Normaliser, check_type, sample_strides
from napari_backprop_segmentation.image.preparation import Preparation
from napari_backprop_segmentation.image.resize import resized

ALL_PIXELS = 2**24  # up to here the normalisation looks at every pixel, above at a sample
SAMPLE_PIXELS = 1_000_000
SAMPLE_FRAMES = 16  # reading a frame of a lazy series can take seconds
BLOCK_SIDE = 4096
RGB, RGBA = 3, 4
GLIMPSE_PIXELS = 2**18
GLIMPSE_FRAMES = 8
EMPTY = 0.5  # of the spread of another frame: objects spread the values of a frame more than its noise
SPACED = "ZYX"

Place = tuple[int, ...]


class Source(Protocol):
    """An image that can be read piece by piece.

    Attributes
    ----------
    shape : tuple of int
        (C, *spatial).
    spacing : tuple of float
        Size of a pixel along each spatial axis, the smallest being 1.
    """

    shape: tuple[int, ...]
    spacing: tuple[float, ...]

    @property
    def preparation(self) -> Preparation:
        """What was done to the image before it is read."""
        ...

    @property
    def whole(self) -> Window:
        """The window of all pixels."""
        ...

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return the normalised pixels (C, *window) of a spatial window."""
        ...

    def overview(self, stride: int) -> NDArray[np.float32]:
        """Return every `stride`-th normalised pixel of each spatial axis, (C, *reduced)."""
        ...


class View:
    """What is read through another image: a part of it, or the same with something added.

    Parameters
    ----------
    source : Source
    shape : tuple of int
        (C, *spatial) of what is seen.
    spacing : tuple of float
        See `Source`.
    """

    def __init__(self, source: Source, shape: tuple[int, ...], spacing: tuple[float, ...]) -> None:
        self._source, self.shape, self.spacing = source, shape, spacing

    @property
    def preparation(self) -> Preparation:
        """What is done to the image before it is read."""
        return self._source.preparation

    @property
    def whole(self) -> Window:
        """The window of all pixels."""
        return tuple(slice(0, n) for n in self.shape[1:])

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return the normalised pixels (C, *window) of a spatial window."""
        raise NotImplementedError

    def overview(self, stride: int) -> NDArray[np.float32]:
        """Return every `stride`-th normalised pixel of each spatial axis, (C, *reduced)."""
        return self.read(tuple(slice(None, None, stride) for _ in self.shape[1:]))


class ArraySource:
    """Pixels of a NumPy, dask, zarr or xarray array.

    Nothing is read but the window that is asked for, and what the normalisation is fixed by: all of an image of up to
    `ALL_PIXELS`, else a sample; the rest of it block by block where that cannot tell its lowest and highest value.
    What is masked counts as not-a-number.

    Parameters
    ----------
    array : array-like
        Anything with `shape`, `dtype` and basic slicing.
    axes : str, optional
        One letter an axis, see `image.axes`; of xarray the names of dimensions; else guessed where the shape leaves no
        doubt.
    normalisation : str
        See `Normaliser.fit`.
    normaliser : Normaliser, optional
        Instead of `normalisation`: intensities as they were scaled for another image.
    channels : sequence of int, optional
        Which channels to take, from 0, in this order; all if left out.
    spacing : sequence of float, optional
        Size of a pixel along each of Z, Y, X that is there, in any one unit; all alike if left out.
    binning : int
        Of how many pixels along Y and X one of the array is the mean already.

    Attributes
    ----------
    shape : tuple of int
        (C, *spatial), time included; the alpha channel of an RGBA image (axis S of length 4) is left out.
    is_rgb : bool
        Whether the channels are the three colour samples of an image, not a choice of them.
    axes : str
        Of the array.
    spatial_axes : str
        Of the label image.
    spacing : tuple of float
        Size of a pixel along each of Z, Y, X that is there, the smallest being 1.

    Raises
    ------
    ImageError
        If the array is empty, constant, without finite values or its axes, channels or spacing do not fit.
    """

    def __init__(
        self,
        array: Any,
        axes: str | None = None,
        normalisation: str = "percentile",
        *,
        normaliser: Normaliser | None = None,
        channels: Sequence[int] | None = None,
        spacing: Sequence[float] | None = None,
        binning: int = 1,
    ) -> None:
        self._array = array = _checked_array(array)
        self._binning = binning
        self.axes = check_axes(named_axes(array) if axes is None else axes, array.shape)
        self.spatial_axes = spatial_axes(self.axes)
        self._channel_axis = channel_axis(self.axes)
        sizes = dict(zip(self.axes, array.shape, strict=True))
        self._chosen = _checked_channels(channels, sizes.get("C", sizes.get("S", 1)))
        n_channels = RGBA - 1 if sizes.get("S") == RGBA else sizes.get("C", sizes.get("S", 1))
        self.shape = (
            n_channels if self._chosen is None else len(self._chosen),
            *(sizes[letter] for letter in self.spatial_axes),
        )
        self.is_rgb = sizes.get("S") in (RGB, RGBA) and self._chosen in (None, tuple(range(RGB)))
        self.spacing = relative_spacing(spacing, [a for a in self.spatial_axes if a in SPACED])
        self.normaliser = normaliser or self._fitted(normalisation)
        if len(self.normaliser.offsets) != self.shape[0]:
            raise ImageError(
                f"image must have {len(self.normaliser.offsets)} channels, as the network was trained on so many, "
                f"got {self.shape[0]}; choose channels or train anew"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_array": sent(self._array)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _array=received(state["_array"]))

    @property
    def preparation(self) -> Preparation:
        """What is done to the image before it is read."""
        return Preparation(self.normaliser, self._chosen, self._binning)

    @property
    def whole(self) -> tuple[slice, ...]:
        """The window of all pixels."""
        return tuple(slice(0, n) for n in self.shape[1:])

    @cached_property
    def channels_apart(self) -> bool:
        """Whether there are three channels that are no colour, see `stand_apart`."""
        return self.shape[0] == RGB and stand_apart(self.glimpse(), self.is_rgb)

    def read(self, window: tuple[slice, ...]) -> NDArray[np.float32]:
        """Return the normalised pixels (C, *window) of a spatial window."""
        return self.normaliser(self._raw(window))

    def overview(self, stride: int) -> NDArray[np.float32]:
        """Return every `stride`-th normalised pixel of each spatial axis, (C, *reduced)."""
        return self.read(tuple(slice(None, None, stride) for _ in self.spatial_axes))

    def glimpse(self) -> NDArray[np.float32]:
        """Return a plane from the middle of the image, reduced to about `GLIMPSE_PIXELS`, (C, Y, X).

        Of a series in which the middle frame shows next to nothing, it is the frame with most contrast of a few.
        """
        middle = self._glimpse([n // 2 for n in self.shape[1:-2]])
        if self.spatial_axes[0] != "T":
            return middle
        frames = range(0, self.shape[1], math.ceil(self.shape[1] / GLIMPSE_FRAMES))
        planes = [self._glimpse([frame, *(n // 2 for n in self.shape[2:-2])]) for frame in frames]
        fullest = max(planes, key=np.std)
        return fullest if middle.std() < EMPTY * fullest.std() else middle

    def _glimpse(self, place: Sequence[int]) -> NDArray[np.float32]:
        pixels = self.read((*(slice(i, i + 1) for i in place), *sample_strides(self.shape[-2:], GLIMPSE_PIXELS)))
        return pixels.reshape(len(pixels), *pixels.shape[-2:])

    def binned(
        self, factor: int, normalisation: str = "percentile", normaliser: Normaliser | None = None
    ) -> "ArraySource":
        """Return the image with the mean of each square of pixels as one pixel, see `Binned`."""
        return ArraySource(
            Binned(self._array, self.axes, factor),
            self.axes,
            normalisation,
            normaliser=normaliser,
            channels=self._chosen,
            spacing=[size * factor if a in PLANE else size for a, size in self._sizes()],
            binning=factor,
        )

    def resized(self, side: int) -> "ArraySource":
        """Return the image with its planes resized to squares, read at once; intensities are scaled as before."""
        array, normaliser = resized(self._array, self.axes, side), self.normaliser
        return ArraySource(array, self.axes, normaliser=normaliser, channels=self._chosen, binning=self._binning)

    def _sizes(self) -> Iterator[tuple[str, float]]:
        """Yield the axes that have a size, and the size of a pixel along each."""
        yield from zip((a for a in self.spatial_axes if a in SPACED), self.spacing, strict=True)

    def places(self, n_iterated: int) -> Iterator[Place]:
        """Yield the indices along the first `n_iterated` spatial axes, the last of them fastest."""
        yield from product(*(range(n) for n in self.shape[1 : n_iterated + 1]))

    def at(self, place: Place) -> "Part":
        """Return one frame or slice: the image at these indices of its first spatial axes."""
        return Part(self, place)

    def scaled(self, normaliser: Normaliser) -> "ArraySource":
        """Return the same image with its intensities scaled otherwise."""
        found = copy.copy(self)
        found.normaliser = normaliser
        return found

    def sample(self) -> NDArray[Any]:
        """Return evenly spread pixels of the array, about `SAMPLE_PIXELS` at most, (C, n)."""
        strides = sample_strides(self.shape[1:], SAMPLE_PIXELS)
        if self.spatial_axes[0] == "T":
            frames = slice(None, None, math.ceil(self.shape[1] / SAMPLE_FRAMES))
            n_frames = len(range(*frames.indices(self.shape[1])))
            strides = (frames, *sample_strides(self.shape[2:], SAMPLE_PIXELS // n_frames))
        return self._raw(strides).reshape(self.shape[0], -1)

    def _fitted(self, kind: str) -> Normaliser:
        if math.prod(self.shape[1:]) <= ALL_PIXELS:
            return Normaliser.fit(self._all(), kind, self.is_rgb)
        return Normaliser.fit(self.sample(), kind, self.is_rgb, self._extents)

    def _all(self) -> NDArray[Any]:
        """Return all pixels (C, n), read one frame at a time where there are frames."""
        frames = self.shape[1] if self.spatial_axes[0] == "T" else 1
        if frames == 1:
            return self._raw(self.whole).reshape(self.shape[0], -1)
        windows = ((slice(t, t + 1), *self.whole[1:]) for t in range(frames))
        parts = [self._raw(window).reshape(self.shape[0], -1) for window in windows]
        return _joined(parts, 1)

    def _extents(self) -> list[Extent | None]:
        """Return the lowest and the highest value of each channel, reading the image block by block."""
        found: list[Extent | None] = [None] * self.shape[0]
        for place in self.places(len(self.spatial_axes) - len(PLANE)):
            for window in blocks(self.shape[-2:], BLOCK_SIDE):
                pixels = self._raw((*(slice(i, i + 1) for i in place), *window))
                found = [united([known, extent(valid(c))]) for known, c in zip(found, pixels, strict=True)]
        return found

    def _raw(self, window: tuple[slice, ...]) -> NDArray[Any]:
        if self._channel_axis is None:
            return self._at(tuple(window))[None]
        if self._chosen is None:
            return np.moveaxis(self._with_channels(window, slice(0, self.shape[0])), self._channel_axis, 0)
        # One by one: not every kind of array can be indexed by a list.
        taken = [np.moveaxis(self._with_channels(window, slice(c, c + 1)), self._channel_axis, 0) for c in self._chosen]
        return _joined(taken, 0)

    def _with_channels(self, window: tuple[slice, ...], channels: slice) -> NDArray[Any]:
        index = list(window)
        index.insert(self._channel_axis or 0, channels)
        return self._at(tuple(index))

    def _at(self, index: Window) -> NDArray[Any]:
        """Read a part of the array; stores that are damaged raise whatever their codecs do."""
        try:
            return _pixels(self._array[index])
        except (SegmentationError, MemoryError):
            raise
        except Exception as error:
            if isinstance(self._array, np.ndarray) or of_memory(error):
                raise
            told = str(error) or type(error).__name__
            raise ImageError(
                f"image must be readable, got {told!r} where a part of it was read; check what it is read from, or "
                "copy that again"
            ) from error


class Part(View):
    """One frame or slice of an image, as a Source; nothing is read before it is asked for.

    Parameters
    ----------
    source : ArraySource
    place : tuple of int
        Indices along the first spatial axes of the image.

    Attributes
    ----------
    shape : tuple of int
        (C, *spatial) of the part.
    spacing : tuple of float
        Of its axes, the smallest being 1.
    """

    def __init__(self, source: ArraySource, place: Place) -> None:
        self._fixed = tuple(slice(index, index + 1) for index in place)
        shape = (source.shape[0], *source.shape[1 + len(place) :])
        spacing = source.spacing[-(len(shape) - 1) :]
        super().__init__(source, shape, tuple(size / min(spacing) for size in spacing))

    def read(self, window: tuple[slice, ...]) -> NDArray[np.float32]:
        """Return the normalised pixels (C, *window) of a spatial window."""
        pixels = self._source.read((*self._fixed, *window))
        return pixels.reshape(len(pixels), *pixels.shape[1 + len(self._fixed) :])


def _checked_array(array: Any) -> Any:
    """Return what can be read like an array.

    Raises
    ------
    ImageError
        If it cannot, or it holds no pixels.
    """
    if not hasattr(array, "shape") or not hasattr(array, "dtype"):
        try:
            array = np.asarray(array)
        except (ValueError, TypeError) as error:
            raise ImageError(
                f"image must be an array of numbers, got {type(array).__name__} ({error}); convert it first"
            ) from error
    if not all(isinstance(n, (int, np.integer)) for n in array.shape):
        raise ImageError(
            f"image must have a known shape, got {tuple(array.shape)}; let dask compute it: compute_chunk_sizes()"
        )
    if 0 in array.shape or not array.shape:
        raise ImageError(f"image must hold pixels, got shape {tuple(array.shape)}; choose another image")
    check_type(array)
    return array


def _pixels(values: Any) -> NDArray[Any]:
    """Return what was read as a NumPy array, masked where it was masked."""
    pixels = np.asanyarray(values)
    return pixels if isinstance(pixels, np.ma.MaskedArray) else np.asarray(pixels)


def _joined(parts: list[NDArray[Any]], axis: int) -> NDArray[Any]:
    masked = any(isinstance(part, np.ma.MaskedArray) for part in parts)
    return np.ma.concatenate(parts, axis) if masked else np.concatenate(parts, axis)  # type: ignore[no-untyped-call]


def _checked_channels(channels: Sequence[int] | None, n: int) -> tuple[int, ...] | None:
    if channels is None:
        return None
    several = isinstance(channels, Iterable) and getattr(channels, "shape", (1,)) != ()
    chosen: tuple[Any, ...] = tuple(channels) if several else (channels,)
    numbers = all(isinstance(channel, (int, np.integer)) for channel in chosen)
    if not chosen or not numbers or len(set(chosen)) != len(chosen) or not all(0 <= channel < n for channel in chosen):
        raise ImageError(
            f"channels must be different numbers from 0 to {n - 1}, got {', '.join(map(str, chosen)) or 'none'}; "
            f"the image has {n} channel{'s' * (n != 1)}, the first is 0"
        )
    return tuple(int(channel) for channel in chosen)

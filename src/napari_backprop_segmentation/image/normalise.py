"""Intensities of any dtype to float32 in about [0, 1], channel by channel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.limits import Extent, Limits, extent, percentile_limits, united, valid

EIGHT_BIT = 255
FLOAT32_WHOLE = 2**24  # whole numbers up to here are exact in float32
FLOAT32_SAFE = 1e30  # limits up to here, and spans down to its inverse, neither overflow nor underflow in float32
NEAR = 64  # spans: an offset up to here costs no more than 4e-6 of the span in float32
WRAP = 2**64


def check_type(image: Any) -> None:
    """Refuse an array whose values are no real numbers.

    Raises
    ------
    ImageError
    """
    if getattr(image.dtype, "kind", "f") not in "buif":  # those of other libraries have no such letter
        raise ImageError(f"image must be of a number type, got {image.dtype}; convert it first")


@dataclass(frozen=True)
class Normaliser:
    """A linear map of each channel, ``(x - base - offset) / span``, fixed once for all of an image.

    Attributes
    ----------
    offsets, spans : tuple of float
        One a channel.
    clip : bool
        Whether values outside [0, 1] are cut off.
    bases : tuple of int
        One a channel, subtracted exactly before anything is rounded; all 0 where there is none.
    """

    offsets: tuple[float, ...]
    spans: tuple[float, ...]
    clip: bool
    bases: tuple[int, ...] = ()

    @classmethod
    def fit(
        cls,
        sample: NDArray[Any],
        kind: str,
        alike: bool = False,
        extents: Callable[[], Sequence[Extent | None]] | None = None,
    ) -> Self:
        """Fix the map from the pixels of an image, or a sample of them.

        Parameters
        ----------
        sample : (C, n) array
            Pixels of each channel; not-a-number, infinite and masked values are ignored.
        kind : str
            "published": 8-bit images divided by 255, other types stretched from their lowest to their highest value.
            "percentile": each channel from its 0.5 to its 99.5 percentile, or from its lowest to its highest value
            where most of it is one value (sparse counts).
        alike : bool
            Whether all channels are stretched by the same factor, which keeps the colours of RGB images.
        extents : callable, optional
            Returns the lowest and the highest value of each channel of all of the image, None where a channel has
            none. Asked where a sample cannot tell; left out where the sample is everything.

        Raises
        ------
        ImageError
            If there is nothing to tell pixels apart by: no finite value, or one value only.
        """
        check_type(sample)
        channels = [valid(channel) for channel in sample]
        known = _Extents(channels, extents)
        if _constant(known.of_sample):
            _check_extents(known.of_all)
        if kind == "percentile":
            limits = _percentiles(channels, known, alike)
        elif sample.dtype == np.uint8:
            limits = [Limits(0, 0.0, float(EIGHT_BIT))] * len(sample)
        else:
            limits = [_limits(united(known.of_all))] * len(sample)
        bases = tuple(each.base for each in limits)
        return cls(
            offsets=tuple(each.low for each in limits),
            spans=tuple(each.high - each.low or 1.0 for each in limits),
            clip=kind == "percentile",
            bases=bases if any(bases) else (),
        )

    def __call__(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Return the pixels (C, *spatial) as float32; what is masked or not-a-number becomes the lower limit."""
        values = np.ma.getdata(pixels)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):  # what is not finite is replaced below
            scaled = self._in_float64(values) if self._needs_float64(values.dtype) else self._in_float32(values)
        if values.dtype.kind == "f":
            np.nan_to_num(scaled, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
        if np.ma.is_masked(pixels):
            scaled[np.ma.getmaskarray(pixels)] = 0.0
        return np.clip(scaled, 0.0, 1.0, out=scaled) if self.clip else scaled

    def _needs_float64(self, dtype: np.dtype[Any]) -> bool:
        """Return whether float32 would lose more than it must of pixels of this type."""
        ends = [(abs(low), abs(low + span)) for low, span in zip(self.offsets, self.spans, strict=True)]
        largest, smallest = max(max(pair) for pair in ends), min(self.spans)
        if self.bases or largest > FLOAT32_SAFE or smallest < 1 / FLOAT32_SAFE:
            return True
        if dtype.kind != "f":
            return dtype.itemsize > 2 and largest > FLOAT32_WHOLE
        far = any(max(pair) > NEAR * span for pair, span in zip(ends, self.spans, strict=True))
        return dtype.itemsize > 2 and far

    def _in_float32(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        shape = (-1,) + (1,) * (pixels.ndim - 1)
        offsets, spans = (np.asarray(v, dtype=np.float32).reshape(shape) for v in (self.offsets, self.spans))
        scaled = pixels.astype(np.float32)
        scaled -= offsets
        scaled /= spans
        return scaled

    def _in_float64(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        scaled = np.empty(pixels.shape, np.float32)
        bases = self.bases or (0,) * len(self.offsets)
        for number, parts in enumerate(zip(pixels, bases, self.offsets, self.spans, strict=True)):
            channel, base, offset, span = parts
            values = _less(channel, base)
            values -= offset
            values /= span
            scaled[number] = values
        return scaled


class _Extents:
    """The lowest and highest value of each channel: of a sample at once, of all of the image when asked for."""

    def __init__(self, channels: Sequence[NDArray[Any]], extents: Callable[[], Sequence[Extent | None]] | None) -> None:
        self.of_sample: Sequence[Extent | None] = [extent(channel) for channel in channels]
        self._ask = extents
        self._all: Sequence[Extent | None] | None = self.of_sample if extents is None else None

    @property
    def of_all(self) -> Sequence[Extent | None]:
        """Of all of the image, which is read for it at most once."""
        if self._all is None and self._ask is not None:
            self._all = self._ask()
        return self._all or self.of_sample


def _percentiles(channels: Sequence[NDArray[Any]], known: _Extents, alike: bool) -> list[Limits]:
    """Return the percentile limits of each channel, or where they are equal its lowest and highest value."""
    if alike:
        limits = percentile_limits(np.concatenate(channels)) if any(c.size for c in channels) else Limits(0, 0, 0)
        return [limits if limits.apart else _limits(united(known.of_all))] * len(channels)
    found = []
    for number, channel in enumerate(channels):
        limits = percentile_limits(channel) if channel.size else Limits(0, 0.0, 0.0)
        found.append(limits if limits.apart else _limits(known.of_all[number]))
    return found


def _limits(known: Extent | None) -> Limits:
    return Limits(0, 0.0, 0.0) if known is None else Limits.between(*known)


def _constant(extents: Sequence[Extent | None]) -> bool:
    return all(low == high for low, high in filter(None, extents))


def _check_extents(extents: Sequence[Extent | None]) -> None:
    known = [each for each in extents if each is not None]
    if not known:
        raise ImageError("image must hold finite values, got only not-a-number or infinite ones; check the file")
    if _constant(known):
        raise ImageError(
            f"image must hold at least two different values, got {known[0][0]} everywhere; choose another image"
        )


def _less(channel: NDArray[Any], base: int) -> NDArray[np.float64]:
    """Return whole numbers less a whole number: exact as far as a float can hold the difference."""
    if not base or channel.dtype.kind == "f":
        return channel.astype(np.float64) - base
    # Modulo 2**64 the difference is right whichever sign the numbers have.
    values, start = channel.astype(np.uint64), np.uint64(base % WRAP)
    above, below = (values - start).astype(np.float64), (start - values).astype(np.float64)
    return np.where(channel < base, -below, above)


def sample_strides(shape: Sequence[int], most: int) -> tuple[slice, ...]:
    """Return slices that take at most about `most` evenly spread elements of an array."""
    stride = max(1, int(np.ceil((np.prod([float(n) for n in shape]) / most) ** (1 / max(1, len(shape))))))
    return tuple(slice(None, None, stride) for _ in shape)

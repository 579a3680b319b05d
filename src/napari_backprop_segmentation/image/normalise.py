"""Intensities of any dtype to float32 in about [0, 1], channel by channel."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError

PERCENTILES = (0.5, 99.5)
EIGHT_BIT = 255


@dataclass(frozen=True)
class Normaliser:
    """A linear map of each channel, ``(x - offset) / span``, fixed once for all of an image.

    Attributes
    ----------
    offsets, spans : tuple of float
        One a channel.
    clip : bool
        Whether values outside [0, 1] are cut off.
    """

    offsets: tuple[float, ...]
    spans: tuple[float, ...]
    clip: bool

    @classmethod
    def fit(cls, sample: NDArray[Any], kind: str, alike: bool = False) -> Self:
        """Fix the map from a sample of the image.

        Parameters
        ----------
        sample : (C, n) array
            Pixels of each channel; not-a-number and infinite values are ignored.
        kind : str
            "published": 8-bit images divided by 255, other types stretched from their lowest to their highest value.
            "percentile": each channel from its 0.5 to its 99.5 percentile.
        alike : bool
            Whether all channels are stretched by the same factor, which keeps the colours of RGB images.

        Raises
        ------
        ImageError
            If there is nothing to tell pixels apart by: no finite value, or one value only.
        """
        _check_sample(sample)
        finite = [channel[np.isfinite(channel)].astype(np.float64) for channel in sample]
        finite = [channel if channel.size else np.zeros(1) for channel in finite]
        if kind == "percentile" and alike:
            limits = [_stretch(np.concatenate(finite))] * len(sample)
        elif kind == "percentile":
            limits = [_stretch(channel) for channel in finite]
        elif sample.dtype == np.uint8:
            limits = [(0.0, float(EIGHT_BIT))] * len(sample)
        else:
            low, high = min(c.min() for c in finite), max(c.max() for c in finite)
            limits = [(float(low), float(high))] * len(sample)
        offsets = tuple(low for low, _ in limits)
        spans = tuple(float(top - low) or 1.0 for low, top in limits)
        return cls(offsets=offsets, spans=spans, clip=kind == "percentile")

    def __call__(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Return the pixels (C, *spatial) as float32; not-a-number becomes the channel's lower limit."""
        shape = (-1,) + (1,) * (pixels.ndim - 1)
        offsets, spans = (np.asarray(v, dtype=np.float32).reshape(shape) for v in (self.offsets, self.spans))
        scaled = pixels.astype(np.float32)
        scaled -= offsets
        scaled /= spans
        if pixels.dtype.kind == "f":
            np.nan_to_num(scaled, copy=False, nan=0.0, posinf=1.0, neginf=0.0)
        return np.clip(scaled, 0.0, 1.0, out=scaled) if self.clip else scaled


def _check_sample(sample: NDArray[Any]) -> None:
    if sample.dtype.kind not in "buif":
        raise ImageError(f"image must be of a number type, got {sample.dtype}; convert it first")
    finite = sample[np.isfinite(sample)]
    if finite.size == 0:
        raise ImageError("image must hold finite values, got only not-a-number or infinite ones; check the file")
    channels = [channel[np.isfinite(channel)] for channel in sample]
    if all(channel.min() == channel.max() for channel in channels if channel.size):
        raise ImageError(
            f"image must hold at least two different values, got {finite[0]} everywhere; choose another image"
        )


def _stretch(channel: NDArray[np.float64]) -> tuple[float, float]:
    """Return the percentile limits; all of the range where most of the channel is one value (sparse counts)."""
    low, high = np.percentile(channel, PERCENTILES)
    if high <= low:
        low, high = channel.min(), channel.max()
    return float(low), float(high)


def sample_strides(shape: Sequence[int], most: int) -> tuple[slice, ...]:
    """Return slices that take at most about `most` evenly spread elements of an array."""
    stride = max(1, int(np.ceil((np.prod([float(n) for n in shape]) / most) ** (1 / max(1, len(shape))))))
    return tuple(slice(None, None, stride) for _ in shape)

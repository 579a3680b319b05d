"""Three channels that make no colour, such as stains on a dark ground: each is looked at alone, and all together."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.preparation import Preparation
from napari_backprop_segmentation.image.source import ArraySource, Source


def seen_apart(source: ArraySource, part: Source) -> Source:
    """Return a part of an image as objects are looked for in it, see `ArraySource.channels_apart`."""
    return Apart(part) if source.channels_apart else part


class Apart:
    """A `Source` of three channels with their mean as a fourth one, so that they are not taken for RGB.

    Parameters
    ----------
    source : Source
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self.shape = (source.shape[0] + 1, *source.shape[1:])
        self.spacing = source.spacing

    @property
    def preparation(self) -> Preparation:
        """What is done to the image before it is read."""
        return self._source.preparation

    @property
    def whole(self) -> Window:
        """The window of all pixels."""
        return self._source.whole

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return the normalised pixels (C + 1, *window) of a spatial window."""
        return _with_mean(self._source.read(window))

    def overview(self, stride: int) -> NDArray[np.float32]:
        """Return every `stride`-th normalised pixel of each spatial axis, (C + 1, *reduced)."""
        return _with_mean(self._source.overview(stride))


def _with_mean(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.concatenate([pixels, pixels.mean(axis=0, keepdims=True, dtype=np.float32)])

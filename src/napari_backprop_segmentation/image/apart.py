"""Three channels that make no colour, such as stains on a dark ground: each is looked at alone, and all together."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.source import ArraySource, Source, View


def seen_apart(source: ArraySource, part: Source) -> Source:
    """Return a part of an image as objects are looked for in it, see `ArraySource.channels_apart`."""
    return Apart(part) if source.channels_apart else part


def pixels_apart(source: ArraySource, part: Source) -> NDArray[np.float32]:
    """Return all normalised pixels (C, *spatial) of the same."""
    return seen_apart(source, part).read(part.whole)


class Apart(View):
    """A `Source` of three channels with their mean as a fourth one, so that they are not taken for RGB.

    Parameters
    ----------
    source : Source
    """

    def __init__(self, source: Source) -> None:
        super().__init__(source, (source.shape[0] + 1, *source.shape[1:]), source.spacing)

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return the normalised pixels (C + 1, *window) of a spatial window."""
        pixels = self._source.read(window)
        return np.concatenate([pixels, pixels.mean(axis=0, keepdims=True, dtype=np.float32)])

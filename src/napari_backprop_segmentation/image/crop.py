"""Samples of an image that does not fit the memory: small ones, spread where there is something to see."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.source import Source, View

CROP_SIDE = {2: 512, 3: 64}  # pixels
LOOKED_AT = 5  # places along each axis of each quarter of the image, of which the one with most contrast is taken
STRIDE = 4  # pixels, from one to the next that is looked at
EMPTY = 0.5  # of the contrast of the best: below, there is nothing to see


class Crop(View):
    """A window of an image, as a Source.

    Parameters
    ----------
    source : Source
    window : tuple of slice

    Attributes
    ----------
    shape : tuple of int
        (C, *window).
    spacing : tuple of float
        See `Source`.
    """

    def __init__(self, source: Source, window: Window) -> None:
        super().__init__(source, (source.shape[0], *(side.stop - side.start for side in window)), source.spacing)
        self.window = window

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return the normalised pixels (C, *window) of a window within this one."""
        places = (side.indices(n) for side, n in zip(window, self.shape[1:], strict=True))
        first = (side.start for side in self.window)
        return self._source.read(
            tuple(slice(f + a, f + b, step) for f, (a, b, step) in zip(first, places, strict=True))
        )


def some_crops(source: Source) -> list[Crop]:
    """Return up to four samples of an image, one of each quarter of its planes that shows something."""
    shape = source.shape[1:]
    found: list[tuple[float, Window]] = []
    halves = [[(0, n // 2), (n // 2, n)] for n in shape[-2:]]
    for quarter in product(*([(0, n)] for n in shape[:-2]), *halves):
        places = _places(quarter, CROP_SIDE[len(shape)])
        found.append(max(((_contrast(source, window), window) for window in places), key=lambda each: each[0]))
    least = EMPTY * max(contrast for contrast, _ in found)
    return [Crop(source, window) for contrast, window in found if contrast >= least]


def _places(quarter: Sequence[tuple[int, int]], side: int) -> list[Window]:
    """Return windows of a part of an image, evenly spread, in order."""
    spans = []
    for first, stop in quarter:
        last = max(first, stop - side)
        starts = np.unique(np.linspace(first, last, LOOKED_AT).round().astype(int))
        spans.append([slice(int(start), int(min(start + side, stop))) for start in starts])
    return list(product(*spans))


def _contrast(source: Source, window: Window) -> float:
    pixels = source.read(tuple(slice(side.start, side.stop, STRIDE) for side in window))
    return float(pixels.reshape(len(pixels), -1).std(axis=1).mean())

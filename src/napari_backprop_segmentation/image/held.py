"""A part of an image that is read once, for all who look at pieces of it."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.colour import RGB
from napari_backprop_segmentation.image.lab import lab_of
from napari_backprop_segmentation.image.source import Source, View

APART = 2.0  # times the pixels of some windows: what lies around all of them may have so many to be read at once


class Held(View):
    """A `Source` that has one part of another one in memory.

    Blocks are smaller than the chunks of most files, and each is looked at several times with what lies around it: read
    each time, chunks would be unpacked ten times over.

    Parameters
    ----------
    source : Source
    part : Window
        What is read at once; anything else is read when it is asked for.
    """

    def __init__(self, source: Source, part: Window) -> None:
        super().__init__(source, source.shape, source.spacing)
        self._part, self._pixels = part, source.read(part)

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return the normalised pixels (C, *window) of a spatial window; they are not to be written to."""
        inner = self._inside(window)
        return self._source.read(window) if inner is None else self._pixels[inner]

    def lab(self, window: Window) -> NDArray[np.float32] | None:
        """Return what `lab_of` makes of RGB in a window (3, *window), not to be written to; None if it is not there."""
        inner = self._inside(window) if self.shape[0] == RGB else None
        return None if inner is None else self._lab[inner]

    @cached_property
    def _lab(self) -> NDArray[np.float32]:
        return lab_of(self._pixels)

    def _inside(self, window: Window) -> Window | None:
        sides = list(zip(window, self._part, strict=True))
        if any(side.start < part.start or side.stop > part.stop for side, part in sides):
            return None
        return (slice(None), *(slice(side.start - part.start, side.stop - part.start) for side, part in sides))

    def overview(self, stride: int) -> NDArray[np.float32]:
        """Return every `stride`-th normalised pixel of each spatial axis, (C, *reduced)."""
        return self._source.overview(stride)


def colours_in(source: Source, window: Window) -> tuple[NDArray[np.float32], NDArray[np.float32] | None]:
    """Return the pixels (C, *window) of an image, and of RGB that is held its Lab, which three look at."""
    return source.read(window), source.lab(window) if isinstance(source, Held) else None


def held(source: Source, windows: Sequence[Window], halos: Sequence[int]) -> Source:
    """Return an image of which some windows are in memory, where they lie together, and so many pixels around them.

    Parameters
    ----------
    source : Source
    windows : sequence of Window
    halos : sequence of int
        One an axis.
    """
    around = tuple(slice(min(w.start for w in side), max(w.stop for w in side)) for side in zip(*windows, strict=True))
    if _n_pixels(around) > APART * sum(map(_n_pixels, windows)):
        return source
    sides = zip(around, halos, source.shape[1:], strict=True)
    return Held(source, tuple(slice(max(0, w.start - halo), min(w.stop + halo, n)) for w, halo, n in sides))


def _n_pixels(window: Window) -> int:
    return int(np.prod([float(side.stop - side.start) for side in window]))

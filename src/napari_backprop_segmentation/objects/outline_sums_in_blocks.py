"""Sums over the leaves of a merge tree of an image that does not fit the memory, see `outline_sums`."""

from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.blockwise_background import Background
from napari_backprop_segmentation.image.blockwise_ridges import blockwise_heights
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.passes import PASS_SIDE, passed
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.objects.outline_sums import Sums, sums_in

OUTLINES = "outlines"  # name of what is kept
Item = tuple[Window, NDArray[np.int32], NDArray[np.bool_], NDArray[np.float32]]


def blockwise_sums(index: Any, n: int, background: Background, lines: tuple[Source, Ridges], work: Work) -> Sums:
    """Return the sums over n leaves.

    Parameters
    ----------
    index : (*spatial) int32, read by windows
        The leaf of each pixel.
    n : int
    background : Background
    lines : (Source, Ridges)
        The image, and what lines it is looked through for.
    work : Work
    """
    shape, heights = tuple(index.shape), blockwise_heights(*lines, work)

    def item(window: Window) -> Item:
        behind = tuple(slice(w.start, min(w.stop + 1, size)) for w, size in zip(window, shape, strict=True))
        return window, index[behind], background.inside(window), heights[behind]

    def take(_: int, __: int, found: Arrays) -> Arrays:
        return found

    items = [partial(item, window) for window in blocks(shape, PASS_SIDE[len(shape)])]
    return Sums.of(passed(work, OUTLINES, _sums_in, None, items, take=take), n)


def _sums_in(_: None, item: Item) -> Arrays:
    return sums_in(*item)

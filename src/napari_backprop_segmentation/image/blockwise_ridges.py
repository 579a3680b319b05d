"""Lines of an image that does not fit the memory: how far each pixel stands out as part of one, on disk."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.blocks import Window, blocks, with_halo
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work
from napari_backprop_segmentation.image.passes import PASS_SIDE, passed
from napari_backprop_segmentation.image.ridge_response import RIDGE_HALO, ridge_height
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source

HEIGHTS = "heights"  # name of what is kept


def blockwise_heights(source: Source, ridges: Ridges, work: Work) -> Any:
    """Return `ridge_height` of an image (*spatial) float32, read by windows."""
    file: Any = work.kept.labels(HEIGHTS, source.shape[1:], np.float32)
    windows = list(blocks(file.shape, PASS_SIDE[file.ndim]))

    def take(number: int, _: int, found: NDArray[np.float32]) -> Arrays:
        file[windows[number]] = found
        return {}

    passed(work, HEIGHTS, _heights_in, (source, ridges), items_of(windows), take=take)
    return file


def items_of(windows: Sequence[Window]) -> list[Any]:
    """Return windows as the items of a pass."""
    return [partial(tuple, window) for window in windows]


def _heights_in(common: tuple[Source, Ridges], window: Window) -> NDArray[np.float32]:
    source, ridges = common
    grown, inner = with_halo(window, RIDGE_HALO, source.shape[1:])
    return ridge_height(ridges.light(source.read(grown)), ridges.sign, source.spacing)[inner]

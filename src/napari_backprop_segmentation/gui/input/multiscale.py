"""The levels of a multiscale layer: their arrays, how much smaller each is, and which one to take."""

import math
from collections.abc import Sequence
from typing import Any

from napari.layers import Image

from napari_backprop_segmentation.pipeline.estimate import MOST_TREE_PIXELS


def levels(layer: Image) -> list[Any]:
    """Return the arrays of a layer, the finest first; one where it has no pyramid.

    Never ask NumPy for the data of a multiscale layer: it gives the coarsest level.
    """
    return list(layer.data) if layer.multiscale else [layer.data]


def factors(finest: Sequence[int], level: Sequence[int]) -> tuple[float, ...]:
    """Return by how much a level is smaller along each axis.

    Halving an odd number leaves a remainder, so a whole number is taken where it explains the size.

    Examples
    --------
    >>> factors((1001, 512, 7), (500, 128, 7)), factors((1000,), (300,))
    ((2.0, 4.0, 1.0), (3.3333333333333335,))
    """
    return tuple(_factor(large, small) for large, small in zip(finest, level, strict=True))


def _factor(large: int, small: int) -> float:
    whole = round(large / small)
    return float(whole) if small in (large // whole, math.ceil(large / whole)) else large / small


def fitting_level(sizes: Sequence[Sequence[float]]) -> int:
    """Return the finest level whose regions can still be merged; the coarsest where none is so small.

    Parameters
    ----------
    sizes : sequence of sequence of float
        What one image measures at each level, channels and time left out.
    """
    fitting = [number for number, size in enumerate(sizes) if math.prod(size) <= MOST_TREE_PIXELS]
    return fitting[0] if fitting else len(sizes) - 1

"""What an example can be: a mask, a pixel, or a pixel and a size. Nothing heavy is imported here: windows need it."""

from dataclasses import dataclass
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
Place = tuple[int, ...]
HOW_ALIKE = 0.65


@dataclass(frozen=True)
class Sized:
    """An object of one size around a pixel, where the likeliest one is not meant.

    Attributes
    ----------
    place : tuple of int
        The pixel.
    size : int
        Pixels; the node whose size is nearest is meant.
    """

    place: Place
    size: int


Example = Mask | Place | Sized


def is_mask(example: Any) -> TypeGuard[Mask]:
    """Return whether an example is a mask, not a pixel."""
    return isinstance(example, np.ndarray) and example.dtype == bool

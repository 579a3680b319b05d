"""Which level of a pyramid is read."""

import math
from collections.abc import Sequence

from napari_backprop_segmentation.errors import ParameterError


def chosen_level(parts: Sequence[Sequence[int]], level: int | None, most_pixels: int | None, where: str) -> int:
    """Return the level that is asked for, else the finest one that is not too large; the coarsest if all are.

    Parameters
    ----------
    parts : sequence of sequence of int
        What one plane or volume of each level measures, the finest first.
    level : int, optional
    most_pixels : int, optional
        Of a plane or volume.
    where : str
        Where the image is, for errors.

    Raises
    ------
    ParameterError
        If there is no such level.

    Examples
    --------
    >>> chosen_level([(400, 400), (200, 200), (100, 100)], None, 50_000, "a store")
    1
    """
    if level is not None:
        if not 0 <= level < len(parts):
            raise ParameterError(
                f"level must be from 0 to {len(parts) - 1}, got {level}, as {where!r} has {len(parts)} "
                f"level{'s' * (len(parts) != 1)}; 0 is the finest"
            )
        return level
    fitting = [n for n, part in enumerate(parts) if most_pixels is None or math.prod(part) <= most_pixels]
    return fitting[0] if fitting else len(parts) - 1

"""What the axes of an array mean, in the field's letters: T time, C channel, Z depth, Y, X; S colour samples RGB(A)."""

import math
from collections.abc import Sequence
from typing import Any

from napari_backprop_segmentation.errors import ImageError

KNOWN = "TCZYXS"
CHANNEL_LETTERS = "CS"
SAMPLES = (3, 4)
ORDERS = ("YX", "ZYX", "TYX", "TZYX")  # of the axes that are not channels
NAMES = {"T": "time ", "Z": "depth ", "Y": "", "X": ""}
MOST_UNLIKE = 10_000  # times a side of a pixel another: more is a unit that was mistaken, and too much for small floats
MANY_CHANNELS = 64  # beyond the stains and detectors of most microscopes
DOUBT = " (unusually many: if they are slices or frames, call this axis depth, Z, or time, T)"
DIMENSIONS = {letter.lower(): letter for letter in KNOWN} | {
    "time": "T",
    "channel": "C",
    "channels": "C",
    "band": "C",
    "depth": "Z",
    "rgb": "S",
}
# What an array could be, for the user to choose from; channels may also stand last.
MEANINGS = {
    3: "CYX or YXC (channels), ZYX (a volume) or TYX (a time series)",
    4: "CZYX (a volume with channels), TCYX (a time series with channels) or TZYX (volumes over time)",
    5: "TCZYX or TZCYX (volumes over time with channels)",
}


def guess_axes(shape: Sequence[int]) -> str:
    """Return the axes of an array whose shape leaves no doubt: "YX" or "YXS".

    Parameters
    ----------
    shape : sequence of int

    Raises
    ------
    ImageError
        If the shape could mean several things.
    """
    if len(shape) == 2:
        return "YX"
    if len(shape) == 3 and shape[-1] in SAMPLES and min(shape[:2]) > max(SAMPLES):
        return "YXS"
    if len(shape) not in MEANINGS:
        raise ImageError(f"image must have 2 to 5 axes, got shape {tuple(shape)}; choose a part of it")
    raise ImageError(
        f"axes must be given for an array of shape {tuple(shape)}, which could mean several things; "
        f"say axes {MEANINGS[len(shape)]}, one letter an axis in the order of the array"
    )


def named_axes(array: Any) -> str | None:
    """Return the axes of an array that names its dimensions, as those of xarray do; None where it does not say.

    Examples
    --------
    >>> class Named:
    ...     dims = ("time", "channel", "y", "x")
    >>> named_axes(Named())
    'TCYX'
    """
    dims = getattr(array, "dims", None)
    if not isinstance(dims, tuple) or not all(isinstance(name, str) for name in dims):
        return None
    letters = [DIMENSIONS.get(name.lower(), "") for name in dims]
    return "".join(letters) if all(letters) and len(set(letters)) == len(letters) else None


def check_axes(axes: str | None, shape: Sequence[int]) -> str:
    """Return the axes in capitals, guessed where they are None.

    Raises
    ------
    ImageError
        If they do not fit the array, or stand in an order that cannot be segmented.
    """
    if axes is None:
        return guess_axes(shape)
    letters = axes.upper() if isinstance(axes, str) else ""
    if len(letters) != len(shape) or len(set(letters)) != len(letters) or not set(letters) <= set(KNOWN):
        raise ImageError(
            f"axes must be {len(shape)} different letters of {KNOWN} for an array of shape {tuple(shape)}, "
            f"got {axes!r}; give one letter an axis"
        )
    if not {"Y", "X"} <= set(letters) or len(set(letters) & set(CHANNEL_LETTERS)) > 1:
        raise ImageError(f"axes must hold Y and X and at most one of C and S, got {axes!r}; name the axes again")
    if spatial_axes(letters) not in ORDERS:
        raise ImageError(f"axes must be in the order T, Z, Y, X, got {axes!r}; transpose the image first")
    return letters


def in_words(axes: str, shape: Sequence[int]) -> str:
    """Return how an array is understood, to be read by the user.

    Examples
    --------
    >>> in_words("TCZYX", (10, 2, 20, 512, 512))
    'time 10 x depth 20 x 512 x 512, 2 channels'
    >>> in_words("YXS", (300, 400, 3))
    '300 x 400, RGB'
    """
    sizes = dict(zip(axes, shape, strict=True))
    words = " x ".join(f"{NAMES[letter]}{sizes[letter]}" for letter in spatial_axes(axes))
    if "S" in sizes:
        return words + (", RGBA (alpha ignored)" if sizes["S"] == max(SAMPLES) else ", RGB")
    if "C" in sizes:
        doubt = DOUBT if sizes["C"] > MANY_CHANNELS else ""
        return f"{words}, {sizes['C']} channel{'s' * (sizes['C'] != 1)}{doubt}"
    return words


def spatial_axes(axes: str) -> str:
    """Return the axes without channels, in the order of the array: those of the label image."""
    return "".join(letter for letter in axes if letter not in CHANNEL_LETTERS)


def channel_axis(axes: str) -> int | None:
    """Return the position of the channel axis, or None."""
    return next((i for i, letter in enumerate(axes) if letter in CHANNEL_LETTERS), None)


def checked_spacing(spacing: Sequence[float] | None, axes: Sequence[str]) -> tuple[float, ...]:
    """Return the size of a pixel along each of some axes, in one unit; 1 where nothing is said.

    Raises
    ------
    ImageError
        If there are not as many positive numbers as axes.
    """
    if spacing is None:
        return (1.0,) * len(axes)
    try:
        sizes = tuple(float(size) for size in spacing)
    except (TypeError, ValueError, OverflowError):
        sizes = ()
    if len(sizes) != len(axes) or not all(math.isfinite(size) and size > 0 for size in sizes):
        raise ImageError(
            f"spacing must be {len(axes)} positive numbers, the sizes of a pixel along {', '.join(axes)}, got "
            f"{spacing!r}; give all in one unit"
        )
    return sizes


def relative_spacing(spacing: Sequence[float] | None, axes: Sequence[str]) -> tuple[float, ...]:
    """Return the size of a pixel along each of some axes, the smallest being 1.

    Raises
    ------
    ImageError
        If there are not as many positive numbers as axes, or if they cannot be of one unit.
    """
    sizes = checked_spacing(spacing, axes)
    relative = tuple(size / min(sizes) for size in sizes)
    if max(relative, default=1.0) > MOST_UNLIKE:
        raise ImageError(
            f"spacing must be sizes of which none is more than {MOST_UNLIKE:,} times another, got {spacing!r}; "
            "give all in one unit"
        )
    return relative

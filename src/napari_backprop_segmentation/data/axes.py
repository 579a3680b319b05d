"""What the axes of an array mean, in the field's letters: T time, C channel, Z depth, Y, X; S colour samples RGB(A)."""

from collections.abc import Sequence

from napari_backprop_segmentation.errors import ImageError

KNOWN = "TCZYXS"
CHANNEL_LETTERS = "CS"
SAMPLES = (3, 4)


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
    raise ImageError(
        f"axes must be given for an array of shape {tuple(shape)}, which could mean several things; "
        "say axes CYX or YXC where one axis holds channels, ZYX for a volume"
    )


def check_axes(axes: str | None, shape: Sequence[int]) -> str:
    """Return the axes in capitals, guessed where they are None.

    Raises
    ------
    ImageError
        If they do not fit the array, or name an axis that cannot be segmented yet.
    """
    if axes is None:
        return guess_axes(shape)
    letters = axes.upper()
    if len(letters) != len(shape) or len(set(letters)) != len(letters) or not set(letters) <= set(KNOWN):
        raise ImageError(
            f"axes must be {len(shape)} different letters of {KNOWN} for an array of shape {tuple(shape)}, "
            f"got {axes!r}; give one letter an axis"
        )
    if not {"Y", "X"} <= set(letters) or len(set(letters) & set(CHANNEL_LETTERS)) > 1:
        raise ImageError(f"axes must hold Y and X and at most one of C and S, got {axes!r}; name the axes again")
    if spatial_axes(letters) not in ("YX", "ZYX", "TYX", "TZYX"):
        raise ImageError(
            f"axes must name depth, height and width in the order Z, Y, X, got {axes!r}; transpose the image first"
        )
    if "T" in letters:
        raise ImageError(f"axes must be without time for now, got {axes!r}; choose one frame")
    return letters


def spatial_axes(axes: str) -> str:
    """Return the axes without channels, in the order of the array: those of the label image."""
    return "".join(letter for letter in axes if letter not in CHANNEL_LETTERS)


def channel_axis(axes: str) -> int | None:
    """Return the position of the channel axis, or None."""
    return next((i for i, letter in enumerate(axes) if letter in CHANNEL_LETTERS), None)

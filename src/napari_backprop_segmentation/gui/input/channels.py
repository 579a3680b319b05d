"""Which channels go in: several layers as one image, and a choice written as a short text."""

import re
from collections.abc import Sequence

from napari.layers import Image

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.multiscale import levels
from napari_backprop_segmentation.gui.input.transforms import same_place

EVERY = "all"
MOST_NAMES = 3
SPAN = re.compile(r"(\d+)(?:\s*-\s*(\d+))?")


def parse_channels(text: str, count: int) -> tuple[int, ...] | None:
    """Return the channels a text names, or None for all of them.

    Parameters
    ----------
    text : str
        Numbers from 0 and spans of them, such as "0,2-4"; "all" or nothing.
    count : int
        How many there are.

    Raises
    ------
    ImageError
        If the text cannot be read, or names a channel that is not there.

    Examples
    --------
    >>> parse_channels("0, 2-4", 41)
    (0, 2, 3, 4)
    """
    text = text.strip()
    if text.lower() in ("", EVERY):
        return None
    found: dict[int, None] = {}
    for part in text.split(","):
        span = SPAN.fullmatch(part.strip())
        if span is None:
            raise ImageError(f"channels must be numbers and spans such as 0,2-4, got {text!r}; or write {EVERY}")
        first, last = int(span[1]), int(span[2] or span[1])
        if last < first or last >= count:
            raise ImageError(
                f"channels must be from 0 to {count - 1}, got {part.strip()}; the first channel is 0, or write {EVERY}"
            )
        found.update(dict.fromkeys(range(first, last + 1)))
    return None if list(found) == list(range(count)) else tuple(found)


def check_group(layers: Sequence[Image]) -> None:
    """Raise unless layers can be the channels of one image.

    Raises
    ------
    ImageError
        Names the first layer that does not fit the first one, and why.
    """
    first, *others = layers
    for other in others:
        got = _misfit(first, other)
        if got:
            raise ImageError(
                f"layers selected together must fit on each other, to be channels of one image, got {got}; "
                "select only those that fit, or choose one image above"
            )


def names_of(layers: Sequence[Image]) -> str:
    """Return the names of layers in a row; the last ones are only counted where they are many."""
    names = [layer.name for layer in layers]
    more = [f"and {len(names) - MOST_NAMES} more"] if len(names) > MOST_NAMES + 1 else names[MOST_NAMES:]
    return ", ".join([*names[:MOST_NAMES], *more])


def group_name(layers: Sequence[Image]) -> str:
    """Return what a group is called: all names, or the first where they are many."""
    names = [layer.name for layer in layers]
    return " + ".join(names) if len(names) <= MOST_NAMES else f"{names[0]} + {len(names) - 1} more"


def _misfit(first: Image, other: Image) -> str:
    """Return why a layer does not fit; empty where it does."""
    for layer in (first, other):
        if layer.rgb:
            return f"'{layer.name}', which is RGB"
    sizes = [[tuple(array.shape) for array in levels(layer)] for layer in (first, other)]
    if sizes[0] != sizes[1]:
        own, others = (" x ".join(map(str, size[0])) for size in sizes)
        return f"'{other.name}' of {others} and '{first.name}' of {own} pixels"
    return "" if same_place(first, other) else f"'{other.name}' at another place or scale than '{first.name}'"

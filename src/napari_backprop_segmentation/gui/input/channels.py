"""Several layers as the channels of one image: whether they fit on each other, and what they are called."""

from collections.abc import Sequence

from napari.layers import Image

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.multiscale import levels
from napari_backprop_segmentation.gui.input.transforms import same_place

MOST_NAMES = 3


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
                f"Select only layers that fit on each other, to be the channels of one image, not {got}. "
                "Or choose one image above."
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

"""How large a pixel is: as a layer says, or as the user has written it in a short text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from napari.layers import Image

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.transforms import Grid, spacing, unit_name

SPACED = "ZYX"
NO_UNIT = "pixel"
UNITS = ("Å", "nm", "µm", "mm", "cm", "m", "km")
SPELLED = {
    **dict.fromkeys(("um", "μm", "micron", "microns", "micrometer", "micrometre"), "µm"),
    **dict.fromkeys(("nanometer", "nanometre"), "nm"),
    **dict.fromkeys(("millimeter", "millimetre"), "mm"),
    **dict.fromkeys(("angstrom", "A"), "Å"),
    **dict.fromkeys((NO_UNIT, "pixels", "px", "voxel", "voxels", ""), ""),
}
PARTS = re.compile(r"(?P<sizes>[\d.,eE+\-\sx*;]*?)\s*(?P<unit>[^\W\d_]*)\s*")
BETWEEN = re.compile(r"\s*[x*;]\s*|\s*,\s+|\s+")
DIGITS = 6


@dataclass(frozen=True)
class PixelSize:
    """The size of a pixel of the finest level of a layer.

    Attributes
    ----------
    sizes : tuple of float
        Along those of Z, Y, X that the layer has.
    unit : str
        Of all of them, such as µm; empty where it is not known.
    """

    sizes: tuple[float, ...]
    unit: str = ""


def pixel_size_of(layer: Image, axes: str) -> PixelSize:
    """Return how large a pixel is as the layer says; `axes` are the letters of its axes."""
    spaced = [axis for axis, letter in enumerate(axes) if letter in SPACED]
    return PixelSize(spacing(layer, spaced, [Grid()] * layer.ndim), unit_name(layer, spaced[-1]))


def parse_pixel_size(text: str, n_axes: int, own_unit: str = "") -> PixelSize | None:
    """Return what a text says of the size of a pixel; None where it says nothing.

    Parameters
    ----------
    text : str
        One number for all axes or one for each, and a unit of length; that of the layer where none is given.
    n_axes : int
        How many of Z, Y, X there are.
    own_unit : str
        Of the layer, which may be any.

    Raises
    ------
    ImageError
        If the text cannot be read.

    Examples
    --------
    >>> parse_pixel_size("0.29 x 0.26 x 0.26 um", 3)
    PixelSize(sizes=(0.29, 0.26, 0.26), unit='µm')
    >>> parse_pixel_size("0,5 µm", 2)
    PixelSize(sizes=(0.5, 0.5), unit='µm')
    """
    if not text.strip():
        return None
    found = PARTS.fullmatch(text.strip().replace("\N{MULTIPLICATION SIGN}", "x"))
    sizes = _numbers(found["sizes"]) if found is not None else ()
    if found is None or len(sizes) not in (1, n_axes) or not all(0 < size < float("inf") for size in sizes):
        example = " x ".join(["0.3", "0.1", "0.1"][-n_axes:])
        raise ImageError(
            f"pixel size must be one positive number or {n_axes}, and a unit, got {text!r}; write it as {example} µm"
        )
    unit = SPELLED.get(found["unit"], found["unit"]) if found["unit"] else own_unit
    if unit not in ("", own_unit, *UNITS):
        raise ImageError(f"unit of the pixel size must be one of {', '.join(UNITS)}, got {unit!r}; or leave it out")
    return PixelSize(tuple(sizes) if len(sizes) == n_axes else tuple(sizes) * n_axes, unit)


def in_words(size: PixelSize) -> str:
    """Return the size of a pixel as a text that can be read again.

    Examples
    --------
    >>> in_words(PixelSize((0.29, 0.26, 0.26), "µm")), in_words(PixelSize((1.0, 1.0)))
    ('0.29 x 0.26 x 0.26 µm', '1 pixel')
    """
    numbers = [f"{each:.{DIGITS}g}" for each in size.sizes]
    numbers = numbers[:1] if len(set(numbers)) == 1 else numbers
    return f"{' x '.join(numbers)} {size.unit or NO_UNIT}"


def _numbers(text: str) -> Sequence[float]:
    try:
        return [float(part.replace(",", ".")) for part in BETWEEN.split(text.strip())]
    except ValueError:
        return ()

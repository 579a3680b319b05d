"""The size of a pixel, as TIFF files tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree

import tifffile

CENTIMETRE = 3
MICROMETRES_A_CENTIMETRE = 1e4
IMAGEJ_MICROMETRE = ("micron", "microns", "um", "µm", "\\u00B5m", "micrometer")


@dataclass(frozen=True)
class Calibration:
    """The size of a pixel, as far as a file tells it.

    Attributes
    ----------
    sizes : mapping of str to (float, str)
        Axis letter to length and unit, such as ``{"X": (0.5, "µm")}``.
    resolution : (float, float), optional
        Pixels per `resolution_unit` along X and Y: the plain TIFF tags.
    resolution_unit : int
        1 none, 2 inch, 3 centimetre.
    """

    sizes: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    resolution: tuple[float, float] | None = None
    resolution_unit: int = 1

    def spacing(self, axes: str) -> tuple[float, ...] | None:
        """Return the size of a pixel along each of Z, Y, X in `axes`; None unless all are known in one unit."""
        known = [self.sizes.get(letter) for letter in axes if letter in "ZYX"]
        if not all(known) or len({unit for _, unit in filter(None, known)}) > 1:
            return None
        return tuple(size for size, _ in filter(None, known))

    def unit(self, axes: str) -> str:
        """Return the unit of `spacing`; nothing where that is unknown."""
        return "" if self.spacing(axes) is None else self.sizes["X"][1]


def calibration_of(tif: tifffile.TiffFile) -> Calibration:
    """Return what a TIFF file tells of the size of its pixels: in OME, in ImageJ, or in plain tags."""
    tags = tif.pages.first.tags
    resolution = _resolution(tags)
    unit = int(tags.valueof(296, default=1))
    sizes: dict[str, tuple[float, str]] = {}
    if tif.ome_metadata:
        sizes = _ome_sizes(tif.ome_metadata)
    elif tif.imagej_metadata and resolution:
        sizes = _imagej_sizes(tif.imagej_metadata, resolution)
    elif unit == CENTIMETRE and resolution:
        sizes = {a: (MICROMETRES_A_CENTIMETRE / r, "µm") for a, r in zip("XY", resolution, strict=True)}
    return Calibration(sizes, resolution, unit)


def _resolution(tags: tifffile.TiffTags) -> tuple[float, float] | None:
    """Return XResolution and YResolution; None unless both are positive."""
    fractions = [tags.valueof(code) for code in (282, 283)]
    if not all(f and f[0] and f[1] for f in fractions):
        return None
    (x, per_x), (y, per_y) = fractions
    return x / per_x, y / per_y


def _ome_sizes(xml: str) -> dict[str, tuple[float, str]]:
    try:
        pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    except ElementTree.ParseError:
        return {}
    known = {} if pixels is None else pixels.attrib
    keys = {axis: f"PhysicalSize{axis}" for axis in "XYZ"}
    return {a: (float(known[key]), known.get(f"{key}Unit", "µm")) for a, key in keys.items() if key in known}


def _imagej_sizes(metadata: Mapping[str, Any], resolution: tuple[float, float]) -> dict[str, tuple[float, str]]:
    unit = str(metadata.get("unit", "pixel"))
    if unit in ("pixel", "pixels"):
        return {}
    unit = "µm" if unit in IMAGEJ_MICROMETRE else unit
    sizes = {axis: (1 / pixels, unit) for axis, pixels in zip("XY", resolution, strict=True)}
    return sizes | ({"Z": (float(metadata["spacing"]), unit)} if "spacing" in metadata else {})

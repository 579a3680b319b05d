"""The size of a pixel, as TIFF files tell it. What they tell wrongly is left out, never an error."""

import logging
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard, TypeVar
from xml.etree import ElementTree

import tifffile

NO_UNIT, INCH, CENTIMETRE = 1, 2, 3
MICROMETRES_A_CENTIMETRE = 1e4
IMAGEJ_MICROMETRE = ("micron", "microns", "um", "µm", "\\u00B5m", "micrometer")
logger = logging.getLogger(__name__)

T = TypeVar("T")
Sizes = dict[str, tuple[float, str]]


@dataclass(frozen=True)
class Calibration:
    """The size of a pixel, as far as a file tells it.

    Attributes
    ----------
    sizes : mapping of str to (float, str)
        Axis letter to length and unit, such as ``{"X": (0.5, "µm")}``; positive and finite.
    resolution : (float, float), optional
        Pixels per `resolution_unit` along X and Y: the plain TIFF tags.
    resolution_unit : int
        1 none, 2 inch, 3 centimetre.
    """

    sizes: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    resolution: tuple[float, float] | None = None
    resolution_unit: int = NO_UNIT

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
    resolution = unless_odd(lambda: _resolution(tags))
    unit = unless_odd(lambda: int(tags.valueof(296, default=NO_UNIT)))
    unit = unit if unit in (NO_UNIT, INCH, CENTIMETRE) else NO_UNIT
    return Calibration(unless_odd(lambda: _sizes(tif, resolution, unit)) or {}, resolution, unit)


def unless_odd(read: Callable[[], T]) -> T | None:
    """Return what is read of metadata, None where they cannot be understood."""
    try:
        return read()
    except Exception:  # wrong types, missing keys, zeros, broken XML, and whatever tifffile makes of them
        logger.debug("odd metadata are left out", exc_info=True)
        return None


def _sizes(tif: tifffile.TiffFile, resolution: tuple[float, float] | None, unit: int) -> Sizes:
    if tif.ome_metadata:
        return _ome_sizes(tif.ome_metadata)
    if tif.is_svs:
        return _svs_sizes(str(tif.pages.first.description))
    if tif.imagej_metadata and resolution:
        return _imagej_sizes(tif.imagej_metadata, resolution)
    if unit == CENTIMETRE and resolution:
        return {a: (MICROMETRES_A_CENTIMETRE / r, "µm") for a, r in zip("XY", resolution, strict=True)}
    return {}


def _resolution(tags: tifffile.TiffTags) -> tuple[float, float] | None:
    """Return XResolution and YResolution; None unless both are positive."""
    (x, per_x), (y, per_y) = (tags.valueof(code) for code in (282, 283))
    found = x / per_x, y / per_y
    return found if all(map(_is_size, found)) else None


def _ome_sizes(xml: str) -> Sizes:
    pixels = ElementTree.fromstring(xml).find(".//{*}Pixels")
    known = {} if pixels is None else pixels.attrib
    sizes = {}
    for axis, key in ((axis, f"PhysicalSize{axis}") for axis in "XYZ"):
        size = unless_odd(lambda key=key: float(known[key]))  # type: ignore[misc]
        if _is_size(size):
            sizes[axis] = (size, known.get(f"{key}Unit", "µm"))
    return sizes


def _svs_sizes(described: str) -> Sizes:
    size = float(tifffile.tifffile.svs_description_metadata(described)["MPP"])
    return dict.fromkeys("XY", (size, "µm")) if _is_size(size) else {}


def _imagej_sizes(metadata: Mapping[str, Any], resolution: tuple[float, float]) -> Sizes:
    unit = str(metadata.get("unit", "pixel"))
    if unit in ("pixel", "pixels"):
        return {}
    unit = "µm" if unit in IMAGEJ_MICROMETRE else unit
    sizes = {axis: (1 / pixels, unit) for axis, pixels in zip("XY", resolution, strict=True)}
    depth = unless_odd(lambda: float(metadata["spacing"]))
    return sizes | ({"Z": (depth, unit)} if _is_size(depth) else {})


def _is_size(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value) and value > 0

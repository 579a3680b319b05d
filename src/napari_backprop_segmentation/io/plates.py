"""Stores of many images: the wells and fields of a plate, the series of a converted file."""

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.io.nodes import CONVERT, is_node, ome_attributes, open_node
from napari_backprop_segmentation.io.ome_zarr import first_reason

LAYOUT = "bioformats2raw.layout"
MOST_LISTED = 12


def images_in(path: Path, wells: Sequence[str] = (), fields: Sequence[str] = ()) -> list[Path]:
    """Return the images that a path stands for: each field of a plate or well, each series, else the path itself.

    Parameters
    ----------
    path : Path
    wells : sequence of str
        Such as ``B/03`` or ``B03``; all if left out.
    fields : sequence of str
        Names of fields or series, such as ``0``; all if left out.

    Returns
    -------
    list of Path

    Raises
    ------
    ImageError
        If the store cannot be read.
    ParameterError
        If there are no such wells or fields.
    """
    node = open_node(path) if is_node(path) else None
    version, told = ome_attributes(node) if node is not None and hasattr(node, "members") else ("", {})
    if "plate" in told:
        of_plate = [well.path for well in _model(told, "plate", version, path).wells]
        chosen = _chosen(of_plate, wells, "well", path)
        return [image for well in chosen for image in _fields(path / well, fields)]
    if wells:
        raise ParameterError(f"well must be left out where there is no plate, got {wells[0]!r} for {str(path)!r}")
    if "well" in told:
        return _fields(path, fields)
    if LAYOUT in told:
        return [path / name for name in _chosen(_series(path, told), fields, "field", path)]
    if fields:
        raise ParameterError(f"field must be left out where there is one image, got {fields[0]!r} for {str(path)!r}")
    return [path]


def _fields(well: Path, fields: Sequence[str]) -> list[Path]:
    if not is_node(well):  # of a plate that is copied in part: an image that fails in its turn
        return [well]
    version, told = ome_attributes(open_node(well))
    names = [image.path for image in _model(told, "well", version, well).images]
    return [well / name for name in _chosen(names, fields, "field", well)]


def _model(told: Mapping[str, Any], kind: str, version: str, path: Path) -> Any:
    """Return a plate or a well as a model of ome-zarr-models."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is left out: all that matters here is there
            return _models(version)[kind](told[kind])
    except (ValueError, LookupError, TypeError) as error:
        raise ImageError(
            f"image must be OME-Zarr 0.4 or 0.5 as the standard has it, got the {kind} {str(path)!r} "
            f"({first_reason(error)}); {CONVERT}"
        ) from error


def _models(version: str) -> Mapping[str, Callable[[Any], Any]]:
    if version == "0.4":
        from ome_zarr_models.v04.plate import Plate as Plate04
        from ome_zarr_models.v04.well_types import WellMeta as Well04

        return {"plate": Plate04.model_validate, "well": Well04.model_validate}
    from ome_zarr_models.v05.plate import Plate as Plate05
    from ome_zarr_models.v05.well_types import WellMeta as Well05

    return {"plate": Plate05.model_validate, "well": Well05.model_validate}


def _series(path: Path, told: Mapping[str, Any]) -> list[str]:
    """Return the names of the images in the layout of bioformats2raw: as its group OME lists them, or from 0 on."""
    listed = told.get("series")
    if not listed and is_node(path / "OME"):
        listed = ome_attributes(open_node(path / "OME"))[1].get("series")
    return [str(name) for name in listed] if listed else list(_numbered(path))


def _numbered(path: Path) -> Iterator[str]:
    number = 0
    while is_node(path / str(number)):
        yield str(number)
        number += 1


def _chosen(names: Sequence[str], wanted: Sequence[str], kind: str, path: Path) -> list[str]:
    """Return the names that are wanted, all if none is; slashes may be left out."""
    known = {name.replace("/", ""): name for name in names}
    for each in wanted:
        if each.replace("/", "") not in known:
            listed = ", ".join(names[:MOST_LISTED]) + (", ..." if len(names) > MOST_LISTED else "")
            raise ParameterError(f"{kind} must be one of {listed} in {str(path)!r}, got {each!r}; choose one of them")
    return [known[each.replace("/", "")] for each in wanted] or list(names)

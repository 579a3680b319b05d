"""Folders that are Zarr stores, or groups and arrays in them: found and opened, never changed."""

import json
import os
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_backprop_segmentation.errors import ImageError

if TYPE_CHECKING:
    import zarr

SUFFIX = ".zarr"
NODE_FILES = ("zarr.json", ".zgroup", ".zarray", ".zattrs")
FORMATS = {"0.4": 2, "0.5": 3}  # of Zarr, for each version of OME-Zarr
NEEDED = ("zarr", "ome_zarr_models")
INSTALL = "pip install 'napari-backprop-segmentation[zarr]', on Python 3.11 to 3.13"
CONVERT = "convert it with bioformats2raw, or with ngff-zarr, to OME-Zarr 0.4 or 0.5"


def is_node(path: str | os.PathLike[str]) -> bool:
    """Return whether a folder is a Zarr group or array."""
    return any(os.path.isfile(os.path.join(path, name)) for name in NODE_FILES)


def store_root(path: Path) -> Path:
    """Return the store that a path lies in: the outermost group named .zarr, else the outermost one around it."""
    path = path.absolute()
    around = list(takewhile(is_node, (path, *path.parents)))
    named = [f for f in (path, *path.parents) if f.suffix.lower() == SUFFIX and is_node(f)]
    return (named or around or [path])[-1]


def name_of(image: Path) -> str:
    """Return a name for the results of an image: that of its file, or of its store and the place in it.

    Examples
    --------
    >>> name_of(Path("in/cells.ome.tif")), name_of(Path("in/cells.ome.zarr"))
    ('cells.ome', 'cells')
    """
    if not is_node(image) and image.suffix.lower() != SUFFIX:
        return image.stem
    root = store_root(image)
    inside = image.absolute().relative_to(root).parts
    return "_".join((root.name.removesuffix(SUFFIX).removesuffix(".ome"), *inside))


def require_zarr(what: str) -> None:
    """Refuse what needs Zarr where it is not installed.

    Raises
    ------
    ImageError
    """
    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise ImageError(f"{what} must be read and written with {missing[0]}, which is not installed; {INSTALL}")


def open_node(path: Path) -> Any:
    """Open a group (``zarr.Group``) or array (``zarr.Array``) for reading.

    Raises
    ------
    ImageError
        If it cannot be opened, or Zarr is not installed.
    """
    require_zarr("OME-Zarr")
    import zarr

    try:
        # A copy of the metadata at the root of a store may be older than what is there.
        if _is_group(path):
            return zarr.open_group(path, mode="r", use_consolidated=False)
        return zarr.open_array(path, mode="r")
    except Exception as error:  # stores that are damaged raise whatever their codecs and parsers do
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ImageError(f"image must be a readable Zarr store, got {str(path)!r} ({reason}); {CONVERT}") from error


def _is_group(path: Path) -> bool:
    described = path / "zarr.json"
    if described.is_file():
        return bool(read_json(described)["node_type"] == "group")
    return not (path / ".zarray").is_file()


def ome_attributes(group: "zarr.Group") -> tuple[str, Mapping[str, Any]]:
    """Return the version of OME-Zarr of a group and what it says; nothing where it says nothing."""
    attributes = group.attrs.asdict()
    if group.metadata.zarr_format == FORMATS["0.5"]:
        told = attributes.get("ome", {})
        return "0.5", told if isinstance(told, Mapping) else {}
    return "0.4", attributes


def plain_attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of a group as its file has them; zarr is not needed for it.

    Raises
    ------
    OSError, ValueError
        If the file is not there, or damaged.
    """
    if (path / "zarr.json").is_file():
        return _mapping(read_json(path / "zarr.json").get("attributes", {}))
    return read_json(path / ".zattrs")


def read_json(path: Path) -> dict[str, Any]:
    """Return what a file of metadata says.

    Raises
    ------
    OSError, ValueError
        If the file is not there, or damaged.
    """
    return _mapping(json.loads(path.read_text(encoding="utf-8")))


def _mapping(told: Any) -> dict[str, Any]:
    if not isinstance(told, dict):
        raise ValueError(f"metadata must be names and values, got {told!r}; write the store again")
    return told


def labels_in(group: Path) -> Iterator[str]:
    """Yield the names of the groups of labels of an image."""
    folder = group / "labels"
    if folder.is_dir():
        yield from sorted(each.name for each in folder.iterdir() if is_node(each))

"""What is written about labels in an OME-Zarr store, checked by ome-zarr-models before it is written."""

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from napari_backprop_segmentation.errors import OutputError
from napari_backprop_segmentation.io.grid import Grid
from napari_backprop_segmentation.io.nodes import read_json
from napari_backprop_segmentation.io.ome_zarr import first_reason
from napari_backprop_segmentation.io.record import SOFTWARE, description

Attributes = dict[str, Any]
HOW = "nearest"  # pixels of coarser levels are pixels of the finer ones


def label_attributes(grid: Grid, name: str, record: Mapping[str, Any]) -> Attributes:
    """Return the attributes of a group of labels.

    Parameters
    ----------
    grid : Grid
        Of the labels.
    name : str
    record : mapping
        Of the run, kept under the name of this program.
    """
    told: Attributes = {"multiscales": [_multiscale(grid, name)], "image-label": {"source": {"image": "../../"}}}
    if grid.version == "0.4":
        told["image-label"]["version"] = "0.4"
    return _attributes(told, grid.version) | {SOFTWARE: json.loads(description(record))}


def list_attributes(names: list[str], version: str) -> Attributes:
    """Return the attributes of the group that holds groups of labels."""
    return _attributes({"labels": names}, version)


def root_attributes(grid: Grid, name: str) -> Attributes:
    """Return the attributes of a new store: its labels are its image too, for programs that know no labels."""
    told = {"multiscales": [_multiscale(grid, name, f"labels/{name}/")]}
    return _attributes(told, grid.version) | {SOFTWARE: {"labels": name}}


def _attributes(told: Attributes, version: str) -> Attributes:
    return told if version == "0.4" else {"ome": {"version": version, **told}}


def _multiscale(grid: Grid, name: str, prefix: str = "") -> Attributes:
    axes = [{key: getattr(a, key) for key in ("name", "type", "unit") if getattr(a, key)} for a in grid.axes]
    datasets = [
        {"path": f"{prefix}{number}", "coordinateTransformations": _transform(level.scale, level.translation)}
        for number, level in enumerate(grid.levels)
    ]
    found = {"name": name, "axes": axes, "datasets": datasets, "type": HOW}
    if grid.scale is not None:
        found["coordinateTransformations"] = _transform(grid.scale, grid.translation)
    return found | ({"version": "0.4"} if grid.version == "0.4" else {})


def _transform(scale: tuple[float, ...], translation: tuple[float, ...] | None) -> list[Attributes]:
    moved = [] if translation is None else [{"type": "translation", "translation": list(translation)}]
    return [{"type": "scale", "scale": list(scale)}, *moved]


def check_labels_group(folder: Path) -> None:
    """Refuse a group of labels, as it is on the disk, that is not as the standard has it.

    Raises
    ------
    OutputError
    """
    import zarr
    from ome_zarr_models.v04.image_label import ImageLabel as ImageLabel04
    from ome_zarr_models.v05.image_label import ImageLabel as ImageLabel05

    group = zarr.open_group(folder, mode="r", use_consolidated=False)
    model: Any = ImageLabel04 if group.metadata.zarr_format == 2 else ImageLabel05
    try:
        model.from_zarr(group)
    except (ValueError, RuntimeError, LookupError, TypeError) as error:
        raise OutputError(
            f"labels must be written as OME-Zarr {'0.4' if model is ImageLabel04 else '0.5'} has them, got "
            f"{first_reason(error)}; please report this"
        ) from error


def list_labels(folder: Path, name: str) -> None:
    """Add a name to those that a group of labels lists; all else that it says stays as it is."""
    path, told, whole = _told(folder)
    names = told.get("labels", [])
    if name not in names:
        told["labels"] = [*names, name]
        write_json(path, whole)


def _told(folder: Path) -> tuple[Path, Attributes, Attributes]:
    """Return the file with the attributes of a group, what OME-Zarr keeps in it, and all of it."""
    path = folder / "zarr.json"
    if path.is_file():
        whole = read_json(path)
        ome = whole.setdefault("attributes", {}).setdefault("ome", {"version": "0.5"})
        return path, ome, whole
    path = folder / ".zattrs"
    whole = read_json(path) if path.is_file() else {}
    return path, whole, whole


def renew_consolidated(root: Path, folder: Path) -> None:
    """Renew what a group's copy of all metadata says of a folder in it; nothing where it keeps none.

    Programs look only into the copy where there is one, and would not find what is new.
    """
    inside = folder.relative_to(root).as_posix()
    for name, kept in (("zarr.json", "consolidated_metadata"), (".zmetadata", "")):
        path = root / name
        whole = read_json(path) if path.is_file() else {}
        copy = (whole.get(kept) if kept else whole) or {}
        if "metadata" not in copy:
            continue
        known: Attributes = copy["metadata"]
        for key in [key for key in known if key == inside or key.startswith(f"{inside}/")]:
            del known[key]
        for file in sorted(folder.rglob("*")):
            if file.name in ((name,) if kept else (".zgroup", ".zarray", ".zattrs")):
                place = file.parent if kept else file
                known[place.relative_to(root).as_posix()] = read_json(file)
        write_json(path, whole)


def write_json(path: Path, told: Attributes) -> None:
    """Write a file of metadata, which is the old one until it is whole."""
    number, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(number, "w", encoding="utf-8") as file:
            json.dump(told, file, indent=2)
        if path.exists():
            os.chmod(part, path.stat().st_mode & 0o777)
        else:
            os.chmod(part, 0o666 & ~_umask())
        os.replace(part, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(part)
        raise


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now

"""OME-Zarr stores in: their metadata, checked by ome-zarr-models, and their pixels, which stay on the disk."""

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.axes import KNOWN
from napari_backprop_segmentation.io.calibration import unless_odd
from napari_backprop_segmentation.io.grid import TYPES, Axis, Grid, Level
from napari_backprop_segmentation.io.levels import chosen_level
from napari_backprop_segmentation.io.nodes import CONVERT, FORMATS, labels_in, ome_attributes, open_node
from napari_backprop_segmentation.io.read import ImageFile
from napari_backprop_segmentation.io.views import Kept

if TYPE_CHECKING:
    import zarr

LETTERS = {"time": "T", "channel": "C"}  # of types; those of space go by name
MOST_NAMES = 8  # of children that an error lists


def read_store(path: str | os.PathLike[str], level: int | None = None, most_pixels: int | None = None) -> ImageFile:
    """Open an image of an OME-Zarr store, or an array without metadata; no pixel is read.

    Parameters
    ----------
    path : path-like
        The group of an image: a store, or the field of a plate.
    level : int, optional
        Of its pyramid; 0 is the finest.
    most_pixels : int, optional
        Without a level, the finest is taken whose planes or volumes hold at most so many; the coarsest if none does.

    Returns
    -------
    ImageFile
        Axes of length 1 other than channels are left out.

    Raises
    ------
    ImageError
        If the store cannot be understood, or has no such level.
    """
    path = Path(path)
    node = open_node(path)
    if not hasattr(node, "members"):
        return ImageFile(node, remarks=("an array without axes or the size of a pixel",))
    version, attributes = ome_attributes(node)
    if "multiscales" not in attributes:
        raise ImageError(_no_image(path, attributes))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        described = _checked(attributes, version, path)
    grid, paths = _grid(described, version, node, path)
    number = chosen_level([_part(grid, each) for each in grid.levels], level, most_pixels, str(path))
    grid = Grid(grid.axes, grid.levels, number, grid.scale, grid.translation, version, stored=True)
    array = node[paths[number]]
    odd = [axis.name for i, axis in enumerate(grid.axes) if axis.letter not in KNOWN and i in grid.kept]
    if odd:
        raise ImageError(
            f"image must have the axes t, c, z, y, x, got {odd[0]!r} with {array.shape[grid.letters.index('?')]} "
            f"positions in {str(path)!r}; take one of them"
        )
    return ImageFile(
        Kept(array, grid.kept),
        "".join(grid.letters[i] for i in grid.kept),
        grid.calibration,
        tuple(str(each.message).splitlines()[0] for each in caught if str(each.message)),
        channels=unless_odd(lambda: _channel_names(attributes, grid)) or (),
        grid=grid,
        level=number,
        n_levels=len(paths),
    )


def _checked(attributes: Mapping[str, Any], version: str, path: Path) -> Any:
    """Return the first image of a group as a model of ome-zarr-models.

    Raises
    ------
    ImageError
        If it is not as the standard wants it.
    """
    from ome_zarr_models.v04.multiscales import Multiscale as Multiscale04
    from ome_zarr_models.v05.multiscales import Multiscale as Multiscale05

    told = attributes.get("version", version) if version != "0.4" else version
    if told not in FORMATS:
        raise ImageError(f"image must be OME-Zarr 0.4 or 0.5, got {told} in {str(path)!r}; {CONVERT}")
    model = Multiscale04 if version == "0.4" else Multiscale05
    try:
        return model.model_validate(attributes["multiscales"][0])
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ImageError(
            f"image must be OME-Zarr 0.4 or 0.5 as the standard has it, got {str(path)!r} ({first_reason(error)}); "
            f"{CONVERT}"
        ) from error


def first_reason(error: Exception) -> str:
    """Return the first thing that a check has found, in a line."""
    if hasattr(error, "errors"):
        found = error.errors()[0]
        return f"{'.'.join(map(str, found['loc']))}: {' '.join(str(found['msg']).split())}"
    return " ".join(str(error).split()) or type(error).__name__


def _grid(described: Any, version: str, group: "zarr.Group", path: Path) -> tuple[Grid, list[str]]:
    paths = [dataset.path for dataset in described.datasets]
    levels = []
    for dataset in described.datasets:
        array = _array(group, dataset.path, path)
        if array is None or not hasattr(array, "shape") or len(array.shape) != len(described.axes):
            raise ImageError(
                f"image must hold the arrays that its metadata name, got no array {dataset.path!r} of "
                f"{len(described.axes)} axes in {str(path)!r}; copy the store again"
            )
        scale, translation = _transform(dataset.coordinateTransformations, path)
        levels.append(Level(tuple(array.shape), scale or (1.0,) * len(array.shape), translation))
    scale, translation = _transform(described.coordinateTransformations or (), path)
    axes = tuple(_axis(each) for each in described.axes)
    return Grid(axes, tuple(levels), 0, scale, translation, version), paths


def _array(group: "zarr.Group", name: str, path: Path) -> Any:
    """Return what a group holds under a name; None where there is nothing."""
    try:
        return group.get(name)
    except Exception as error:  # metadata that are damaged raise whatever their parsers do
        raise ImageError(
            f"image must be a readable Zarr store, got the array {name!r} in {str(path)!r} ({first_reason(error)}); "
            "copy the store again"
        ) from error


def _axis(described: Any) -> Axis:
    name = str(described.name)
    letter = LETTERS.get(described.type or "", name.upper())
    known = letter in TYPES and described.type in (None, TYPES[letter])
    unit = described.unit if isinstance(described.unit, str) else None
    return Axis(letter if known else "?", name, described.type, unit)


def _transform(steps: Sequence[Any], path: Path) -> tuple[tuple[float, ...] | None, tuple[float, ...] | None]:
    found: dict[str, tuple[float, ...]] = {}
    for step in steps:
        values = getattr(step, step.type, None)
        if not isinstance(values, list):
            raise ImageError(f"scale must be written in the metadata, got a path to it in {str(path)!r}; {CONVERT}")
        found[step.type] = tuple(float(value) for value in values)
    return found.get("scale"), found.get("translation")


def _part(grid: Grid, level: Level) -> tuple[int, ...]:
    """Return what one plane or volume of a level measures."""
    return tuple(n for n, axis in zip(level.shape, grid.axes, strict=True) if axis.letter in "ZYX")


def _channel_names(attributes: Mapping[str, Any], grid: Grid) -> tuple[str, ...]:
    names = tuple(str(channel.get("label", i)) for i, channel in enumerate(attributes["omero"]["channels"]))
    n_channels = grid.levels[0].shape[grid.letters.index("C")]
    return names if len(names) == n_channels and len(set(names)) == n_channels else ()


def _no_image(path: Path, attributes: Mapping[str, Any]) -> str:
    """Return what to do about a group that is no image."""
    asked = f"image must be an OME-Zarr image, got the group {str(path)!r}"
    if {"plate", "well"} & set(attributes):
        return f"{asked} of several; give one of its fields, such as {path.name}/A/1/0"
    names = sorted(each.name for each in path.iterdir() if each.is_dir() and not each.name.startswith("."))
    if "labels" in names and (labels := list(labels_in(path))):
        return f"{asked} with labels alone; give {path.name}/labels/{labels[0]}"
    listed = ", ".join(names[:MOST_NAMES]) or "nothing"
    return f"{asked} without the metadata of one ({listed} in it); {CONVERT}, or give one of its arrays and --axes"

"""Images in and labels out, whatever the kind of file: the front door of this room."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.axes import spatial_axes
from napari_backprop_segmentation.io import write
from napari_backprop_segmentation.io.grid import Grid
from napari_backprop_segmentation.io.label_place import in_image
from napari_backprop_segmentation.io.nodes import is_node, store_root
from napari_backprop_segmentation.io.read import TIFF_SUFFIXES, ImageFile, read_image, read_marks, read_strokes

__all__ = ["check_labels_fit", "label_grid", "open_image", "read_marks", "read_strokes", "write_labels"]


def open_image(path: str | os.PathLike[str], *, level: int | None = None, most_pixels: int | None = None) -> ImageFile:
    """Open an image for `segment` and `run`; what can stay on the disk is read where it is looked at.

    Parameters
    ----------
    path : path-like
        An OME-Zarr image (0.4 or 0.5), such as a store or the field of a plate, a Zarr array, TIFF (with or without a
        pyramid), a slide such as .svs, PNG, JPEG, or an array of NumPy (.npy).
    level : int, optional
        Of a pyramid; 0 is the finest.
    most_pixels : int, optional
        Without a level, the finest is taken whose planes or volumes hold at most so many; level 0 if left out.

    Returns
    -------
    ImageFile
        With `pixels`, `axes` and `spacing` for `run`.

    Raises
    ------
    ImageError
        If there is no such file or store, or it cannot be understood.
    ParameterError
        If it has no such level.
    MemoryLimitError
        If its pixels must be read at once and do not fit the memory.
    """
    path = Path(path)
    if is_node(path):
        from napari_backprop_segmentation.io.ome_zarr import read_store

        return read_store(path, level, most_pixels)
    if path.is_dir():
        raise ImageError(
            f"image must be a file or an OME-Zarr store, got the folder {str(path)!r}; name the files in it, or "
            "convert them with bioformats2raw to OME-Zarr"
        )
    return read_image(path, level=level, most_pixels=most_pixels)


def write_labels(
    path: Path, labels: NDArray[Any], record: Mapping[str, Any], image: ImageFile, axes: str
) -> tuple[str, ...]:
    """Write the labels (*spatial) of an image as TIFF or OME-Zarr.

    Parameters
    ----------
    path : Path
        Ending in .tif; ``IMAGE/labels/NAME`` in an OME-Zarr image; or the name of a new store.
    labels : (*spatial) int
    record : mapping
        Of the run.
    image : ImageFile
    axes : str
        One letter an axis of the labels.

    Returns
    -------
    tuple of str
        What had to be left out, in words.

    Raises
    ------
    OutputError
        If they cannot be written. They are then kept elsewhere; the message says where.
    """
    if path.suffix.lower() in TIFF_SUFFIXES:
        return write.write_labels(path, labels, record, axes, image.calibration)
    from napari_backprop_segmentation.io.label_store import write_label_store

    try:
        write_label_store(path, labels, record, label_grid(path, image, axes, labels.shape))
    except Exception as error:  # whatever it is, there is another way to keep the result
        raise write.kept(path, labels, "labels", error, store_root(path.parent).parent) from error
    return ()


def check_labels_fit(path: Path, image: ImageFile, axes: str) -> None:
    """Refuse, before they are made, labels that do not fit the store that they are to go into.

    Parameters as of `write_labels`, but `axes` are those of the image.

    Raises
    ------
    ImageError
    """
    if path.suffix.lower() not in TIFF_SUFFIXES:
        label_grid(path, image, spatial_axes(axes), image.pixels.shape)


def label_grid(path: Path, image: ImageFile, axes: str, shape: Sequence[int]) -> Grid:
    """Return the levels that the labels of an image have in a store.

    Parameters
    ----------
    path : Path
        Where they go.
    image : ImageFile
    axes : str
        One letter an axis of the labels.
    shape : sequence of int
        Of the labels.

    Raises
    ------
    ImageError
        If they go into the store of an image whose axes have been given other names.
    """
    grid = image.grid
    if grid is not None and axes == spatial_axes(image.axes or ""):
        return grid
    if in_image(path):
        told = f"axes {image.axes}" if image.axes else "no axes"
        raise ImageError(
            f"axes must be those of the store where labels go into it, got {axes} for an image with {told}; leave out "
            "the axes, or give a new store with -o"
        )
    return Grid.of(axes, shape, image.calibration)

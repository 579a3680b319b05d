"""Where the labels of each image go, and which images a store stands for."""

import os
from collections.abc import Sequence
from pathlib import Path

from napari_backprop_segmentation.batch.names import unique_names
from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.io.nodes import SUFFIX, is_node, name_of, store_root
from napari_backprop_segmentation.io.plates import images_in
from napari_backprop_segmentation.io.read import TIFF_SUFFIXES
from napari_backprop_segmentation.io.record import LABELS

LABELS_NAME = "backprop"
ENDING = "_labels"  # of the name of an image
UNFINISHED = ".part"  # of the name of what is not whole yet


def expanded(inputs: Sequence[Path], wells: Sequence[str] = (), fields: Sequence[str] = ()) -> list[Path]:
    """Return the images of all inputs: of a plate its fields, of a converted file its series.

    A store that cannot be read stays as it is, and fails when its turn comes.

    Raises
    ------
    ParameterError
        If wells or fields are asked for that are not there.
    """
    images: list[Path] = []
    for path in inputs:
        try:
            images += images_in(path, wells, fields)
        except ImageError:
            images.append(path)
    return images


def label_places(
    images: Sequence[Path], output: Path | None, name: str = LABELS_NAME, *, beside: bool = False
) -> list[Path]:
    """Return where the labels of each image go.

    Parameters
    ----------
    images : sequence of Path
    output : Path or None
        A .tif file or a new .zarr store for one image; a folder; or the store that the images lie in, or None: then
        each gets them in its own labels group.
    name : str
        Of labels in a labels group.
    beside : bool
        Whether those of files go beside them, where there is no output.

    Raises
    ------
    ParameterError
        If the place does not fit the images.
    """
    if not name.replace("_", "").replace("-", "").isalnum():
        raise ParameterError(f"labels name must consist of letters, digits, - and _, got {name!r}; choose another")
    if output is None and beside:
        return _in_folders(images, [image.parent for image in images], [is_node(image) for image in images], name)
    own = [output is None or _lies_in(image, output) for image in images]
    if output is None or all(own):
        return [_in_store(image, name) for image in images]
    suffix = output.suffix.lower()
    if is_folder(output):
        return _in_folders(images, [output] * len(images), own, name)
    if suffix not in (*TIFF_SUFFIXES, SUFFIX):
        raise ParameterError(
            f"output must be a folder or end in .tif or .zarr, got {str(output)!r}; labels are written as TIFF or "
            "OME-Zarr"
        )
    if len(images) > 1:
        raise ParameterError(
            f"output must be a folder for {len(images)} images, got {str(output)!r}; give a name without a suffix"
        )
    return [output]


def is_folder(output: Path) -> bool:
    """Return whether an output is a folder for files, there or not."""
    return (os.path.isdir(output) and output.suffix.lower() != SUFFIX and not is_node(output)) or not output.suffix


def table_place(labels: Path, image: Path, name: str) -> Path:
    """Return where the table of labels goes: beside them, or beside the store that they lie in."""
    if labels.parent.name == LABELS and is_node(labels.parent.parent):
        return store_root(image).with_name(f"{name_of(image)}_{name}.csv")
    return labels.with_suffix(".csv")


def unfinished_place(labels: Path) -> Path:
    """Return the folder where finished blocks are kept until all labels are: beside them, never within a store."""
    if labels.parent.name == LABELS and is_node(labels.parent.parent):
        store = store_root(labels.parent.parent)
        inside = "_".join(labels.absolute().relative_to(store).parts)
        return store.with_name(f"{store.name}_{inside}{UNFINISHED}")
    return labels.with_name(f"{labels.name}{UNFINISHED}")


def _lies_in(image: Path, output: Path) -> bool:
    """Return whether an image is, or lies in, the store that is named as output."""
    if not (is_node(output) and is_node(image)):
        return False
    place, store = Path(os.path.realpath(image)), Path(os.path.realpath(output))
    return place == store or store in place.parents


def _in_store(image: Path, name: str) -> Path:
    if not is_node(image):
        raise ParameterError(
            f"output must be given for an image that is no OME-Zarr store, got none for {str(image)!r}; add -o with a "
            "file ending in .tif or .zarr, or a folder"
        )
    return image / LABELS / name


def _in_folders(images: Sequence[Path], folders: Sequence[Path], own: Sequence[bool], name: str) -> list[Path]:
    """Return where the labels of images go: into their own stores or into folders, each under a name of its own."""
    names = unique_names(images, folders)
    return [
        _in_store(image, name) if inside else _in_folder(image, folder, unique)
        for image, folder, unique, inside in zip(images, folders, names, own, strict=True)
    ]


def _in_folder(image: Path, folder: Path, name: str) -> Path:
    return folder / f"{name}{ENDING}{SUFFIX if is_node(image) else TIFF_SUFFIXES[0]}"

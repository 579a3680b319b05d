"""Labels into OME-Zarr: into the `labels` group of an image, or into a new store; there once they are whole.

dask is left out of it: `dask.array.to_zarr` loses data where its blocks and the chunks of the store do not fit each
other (dask#12583). Here each chunk is written by one writer, and whole.
"""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.labels import let_go, parts_of
from napari_backprop_segmentation.io import label_metadata as metadata
from napari_backprop_segmentation.io.chunks import new_array, reduce, row_blocks, windows
from napari_backprop_segmentation.io.grid import Grid
from napari_backprop_segmentation.io.label_place import check_replaceable, in_image
from napari_backprop_segmentation.io.nodes import FORMATS, is_node, require_zarr, store_root
from napari_backprop_segmentation.io.record import CHECKSUM, LABELS, checksum_of_parts
from napari_backprop_segmentation.io.views import Kept
from napari_backprop_segmentation.io.write import part_name

NAME = "backprop"  # of labels, where nothing else is asked for
DTYPES = (np.uint8, np.uint16, np.uint32, np.uint64)


@dataclass
class Draft:
    """Labels that are being written.

    Attributes
    ----------
    pixels : array-like
        The finest level, zeros at first, to be assigned to; without axes of length 1 other than Y and X.
    record : dict
        Of the run, to be filled.
    """

    pixels: Kept
    record: dict[str, Any] = field(default_factory=dict)


def write_label_store(
    path: str | os.PathLike[str], labels: NDArray[Any], record: Mapping[str, Any], grid: Grid
) -> tuple[str, ...]:
    """Write labels (*spatial) that are in memory, or mapped from the disk; all else as of `new_labels`.

    Returns
    -------
    tuple of str
        What could not be done, in words.
    """
    largest = max((int(part.max(initial=0)) for part in parts_of(labels)), default=0)
    with new_labels(path, grid, next(d for d in DTYPES if largest <= np.iinfo(d).max)) as draft:
        draft.record.update(record)
        for window in windows(draft.pixels.shape, draft.pixels.chunks):
            draft.pixels[window] = labels[window]
            let_go(labels)
    return ()


@contextmanager
def new_labels(path: str | os.PathLike[str], grid: Grid, dtype: Any = np.uint32) -> Iterator[Draft]:
    """Give an array for labels that is part of a store once all is written; before, or after an error, it is not.

    Parameters
    ----------
    path : path-like
        ``IMAGE/labels/NAME`` in the group of an image, or the name of a new store. Labels that are there are replaced.
    grid : Grid
        Of the image.
    dtype : dtype
        Whole numbers.

    Yields
    ------
    Draft

    Raises
    ------
    OutputError
        If what is there must not be replaced, see `check_replaceable`.
    """
    require_zarr("labels in a store")
    path = Path(os.path.realpath(path))
    check_replaceable(path)
    place = _place(path)
    part = part_name(place)
    shutil.rmtree(part, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    labels = grid.of_labels()
    try:
        group, name = _new_groups(path, part, labels)
        finest = new_array(group, "0", labels.levels[0].shape, labels.axes, dtype)
        draft = Draft(Kept(finest, labels.kept))
        yield draft
        for number, level in enumerate(labels.levels[1:], start=1):
            reduce(group[str(number - 1)], new_array(group, str(number), level.shape, labels.axes, dtype))
        checksum = checksum_of_parts(draft.pixels.shape, row_blocks(draft.pixels))
        record = {**draft.record, CHECKSUM: checksum}
        group.attrs.update(metadata.label_attributes(labels, name, record))
        metadata.check_labels_group(Path(str(group.store_path.store.root)) / group.path)
        joins = in_image(path) and place == path
        _put(part, place, (lambda: metadata.list_labels(path.parent, name)) if joins else None)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    if in_image(path):
        _renew_copies(path.parent)


def _place(path: Path) -> Path:
    """Return what is put in place at once: the labels, the first group of labels of an image, or a store."""
    return path.parent if in_image(path) and not is_node(path.parent) else path


def _new_groups(path: Path, part: Path, labels: Grid) -> tuple[Any, str]:
    """Make the groups around the labels, and return the labels' own, empty, and its name."""
    import zarr

    def made(folder: Path, attributes: metadata.Attributes | None = None) -> Any:
        return zarr.create_group(folder, zarr_format=FORMATS[labels.version], attributes=attributes or {})  # type: ignore[arg-type]

    if not in_image(path):
        made(part, metadata.root_attributes(labels, NAME))
        made(part / LABELS, metadata.list_attributes([NAME], labels.version))
        return made(part / LABELS / NAME), NAME
    if _place(path) == path:
        return made(part), path.name
    made(part, metadata.list_attributes([path.name], labels.version))
    return made(part / path.name), path.name


def _put(part: Path, place: Path, then: Callable[[], None] | None) -> None:
    """Put what is whole into its place; if anything fails, what was there is there again."""
    old = old_name(place) if os.path.lexists(place) else None
    if old is not None:
        _move(place, old)
    try:
        _move(part, place)
        if then is not None:
            then()
    except BaseException:
        if place.exists():
            _move(place, part)
        if old is not None:
            _move(old, place)
        raise
    if old is not None:
        shutil.rmtree(old, ignore_errors=True)


def _move(folder: Path, place: Path) -> None:
    os.replace(folder, place)


def old_name(place: Path) -> Path:
    """Return the name of what is being replaced, until it is removed."""
    return place.with_name(f".{place.name}.{os.getpid()}.old")


def _renew_copies(folder: Path) -> None:
    root = store_root(folder)
    for group in (each for each in folder.parents if each == root or root in each.parents):
        with suppress(OSError, ValueError):  # a copy that is damaged helps nobody
            metadata.renew_consolidated(group, folder)

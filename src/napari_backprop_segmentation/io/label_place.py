"""Where labels may go in OME-Zarr: beside those of others, never over an image."""

import os
from collections.abc import Iterator
from pathlib import Path

from napari_backprop_segmentation.errors import OutputError
from napari_backprop_segmentation.io.nodes import NODE_FILES, SUFFIX, is_node, plain_attributes
from napari_backprop_segmentation.io.record import LABELS, SOFTWARE


def in_image(path: Path) -> bool:
    """Return whether a path is that of labels in the group of an image."""
    return path.parent.name == LABELS and is_node(path.parent.parent)


def check_replaceable(path: Path) -> None:
    """Refuse a place in or over a store where labels do not belong, whatever --overwrite says.

    Parameters
    ----------
    path : Path
        ``IMAGE/labels/NAME``, or the name of a new store.

    Raises
    ------
    OutputError
        If something else than labels stands there, or it lies in a store but not among the labels of an image.
    """
    if in_image(path):
        _check_labels_group(path)
        return
    around = next((folder for folder in path.absolute().parents if folder.suffix == SUFFIX and is_node(folder)), None)
    if around is not None:
        raise OutputError(
            f"output must not lie within another store, got {str(path)!r} in {str(around)!r}; choose another place, or "
            "name the image itself, and the labels go into its labels group"
        )
    if os.path.lexists(path) and not _is_own(path):
        raise OutputError(
            f"output must be new, or a store that this program made for labels, got {str(path)!r}, which holds "
            "something else; choose another name"
        )


def _check_labels_group(path: Path) -> None:
    folder = path.parent
    if os.path.lexists(folder) and not is_node(folder):
        raise OutputError(
            f"labels must go into a group of labels, got {str(folder)!r}, which is none; give a new store with -o"
        )
    if os.path.lexists(path) and not is_node(path):
        raise OutputError(f"labels must have a name that is free, got {str(path)!r}, which is none; choose another")


def _is_own(path: Path) -> bool:
    """Return whether a store holds nothing but labels of this program."""
    try:
        name = plain_attributes(path)[SOFTWARE][LABELS]
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return list(_others(path)) == [LABELS] and list(_others(path / LABELS)) == [name]


def _others(folder: Path) -> Iterator[str]:
    """Yield what lies in a group beside its metadata."""
    yield from (name for name in os.listdir(folder) if name not in NODE_FILES)

"""The record of a run inside its label file, and a checksum that tells whether anybody has edited the labels since."""

import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.io.nodes import is_node, plain_attributes
from napari_backprop_segmentation.io.read import quiet_decoders

SOFTWARE = "napari-backprop-segmentation"
PLAIN_START = f"{SOFTWARE} "  # other programs describe files in JSON too, and it means something to tifffile
CHECKSUM, OTHERS = "checksum", "checksums"
# What a batch adds: where the image lay, what was asked, what was found, which files there is nothing to write into.
SOURCE, ASKED, FOUND, WITHOUT = "source", "asked", "found", "without"
LABELS = "labels"  # the group in an image that holds groups of labels


def checksum(pixels: NDArray[Any]) -> str:
    """Return what tells two label images apart, whatever type they are stored in."""
    return checksum_of_parts(pixels.shape, [pixels])


def checksum_of_parts(shape: Sequence[int], parts: Iterable[NDArray[Any]]) -> str:
    """Return the checksum of a label image of some shape that is read part by part along its first axis."""
    found = hashlib.blake2b(repr(tuple(shape)).encode(), digest_size=16)
    for row in (row for part in parts for row in part):
        plain = np.asarray(row)
        found.update(np.ascontiguousarray(plain, "<f4" if plain.dtype.kind == "f" else "<i8").tobytes())
    return found.hexdigest()


def checksum_of_bytes(content: bytes) -> str:
    """Return what tells two files apart."""
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def with_checksum(record: Mapping[str, Any], pixels: NDArray[Any]) -> dict[str, Any]:
    """Return a record with the checksum of the pixels that it is written with."""
    return {**record, CHECKSUM: checksum(pixels)}


def description(record: Mapping[str, Any]) -> str:
    """Return a record as the text that a file carries; values that are not plain become text."""
    try:
        return json.dumps(record, default=lambda value: value.item() if hasattr(value, "item") else str(value))
    except (TypeError, ValueError, RecursionError):
        return json.dumps({"record": repr(record)})


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the record that was stored with labels, in a TIFF file or in a group or store of OME-Zarr.

    Raises
    ------
    ImageError
        If they are not labels of this package.
    """
    try:
        if is_node(path):
            return dict(plain_attributes(own_labels(Path(path)))[SOFTWARE])
        with quiet_decoders(), tifffile.TiffFile(path) as tif:
            return dict(json.loads(_description(tif)))
    except Exception as error:  # decoders raise anything on files that are not theirs
        raise ImageError(
            f"label file must carry the record of a run, got {str(path)!r}; give one that this program wrote"
        ) from error


def own_labels(path: Path) -> Path:
    """Return the group of labels at a path: itself, or that of a store which this program made for labels."""
    told = plain_attributes(path).get(SOFTWARE, {})
    return path / LABELS / str(told[LABELS]) if set(told) == {LABELS} else path


def _description(tif: tifffile.TiffFile) -> str:
    if tif.ome_metadata:
        found = ElementTree.fromstring(tif.ome_metadata).find("./{*}Image/{*}Description")
        return (found.text if found is not None else "") or ""
    plain = str(tif.pages.first.description)
    return plain.removeprefix(PLAIN_START) if plain.startswith(PLAIN_START) else ""

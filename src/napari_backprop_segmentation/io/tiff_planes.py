"""Whether a TIFF file holds all the planes that it says it holds: a copy that broke off holds fewer."""

import math
import os
import struct
from pathlib import Path
from typing import BinaryIO

import tifffile

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.io.calibration import unless_odd

# Of classic and of big TIFF: where the first directory is told, how its entries are counted, their length, an offset.
LAYOUTS = {42: (4, "H", 12, "I"), 43: (8, "Q", 20, "Q")}


def check_planes(tif: tifffile.TiffFile, series: tifffile.TiffPageSeries, path: Path) -> None:
    """Refuse a file whose planes are not all there.

    Parameters
    ----------
    tif : TiffFile
    series : TiffPageSeries
        The one to be read.
    path : Path
        Of the file.

    Raises
    ------
    ImageError
    """
    of_page = max(1, math.prod(tif.pages.first.shape))
    told, found = unless_odd(lambda: _told_pixels(tif)) or 0, math.prod(series.shape)
    if told > found:
        reason = f"{max(1, found // of_page)} of {told // of_page}"
    elif any(page is None for page in series.pages):
        there = sum(page is not None for page in series.pages)
        reason = f"{there} of {len(series.pages)}"
    elif not tif.is_ndpi and _breaks_off(path):
        reason = "a list of planes that breaks off"
    else:
        return
    raise ImageError(
        f"image must hold all planes that its file announces, got {reason} in {str(path)!r}; copy or save it again"
    )


def _told_pixels(tif: tifffile.TiffFile) -> int:
    """Return how many pixels the description of a file announces; 0 where it does not say."""
    if tif.is_shaped and tif.shaped_metadata:
        return math.prod(tif.shaped_metadata[0]["shape"])
    if tif.is_imagej and tif.imagej_metadata:
        return int(tif.imagej_metadata.get("images", 1)) * math.prod(tif.pages.first.shape)
    return 0


def _breaks_off(path: Path) -> bool:
    """Return whether the chain of directories leads out of the file, as it does where the end of a file is missing."""
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            return not _ends(file, size)
        except (struct.error, KeyError):
            return True


def _ends(file: BinaryIO, size: int) -> bool:
    order = {b"II": "<", b"MM": ">"}[file.read(2)]
    (kind,) = struct.unpack(order + "H", file.read(2))
    place, count, entry, offset = LAYOUTS[kind]
    file.seek(place)
    seen = set()
    (next_one,) = _unpack(file, order + offset)
    while next_one and next_one not in seen:
        if next_one >= size:
            return False
        seen.add(next_one)
        file.seek(next_one)
        (n_entries,) = _unpack(file, order + count)
        file.seek(n_entries * entry, os.SEEK_CUR)
        (next_one,) = _unpack(file, order + offset)
    return True


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))

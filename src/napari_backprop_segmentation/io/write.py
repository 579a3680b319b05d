"""Label files out: a result is never lost, whatever its metadata, its name or the disk."""

import logging
import math
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from napari_backprop_segmentation.errors import ImageError, OutputError
from napari_backprop_segmentation.io.calibration import NO_UNIT, Calibration
from napari_backprop_segmentation.io.read import TIFF_SUFFIXES, quiet_decoders
from napari_backprop_segmentation.io.record import PLAIN_START, SOFTWARE, description, with_checksum

logger = logging.getLogger(__name__)
LABEL_DTYPES = (np.uint8, np.uint16, np.int32)
WIDE_DTYPES = (*LABEL_DTYPES, np.uint32, np.int64, np.uint64)
BIG_BYTES = 2**32 - 2**25  # from here on a file may not fit the offsets of a plain TIFF, however well it is compressed
LARGE_PIXELS, TILE = 2**24, (512, 512)  # larger planes are written in tiles, so that a part of one can be read
LONGEST_STEM = 40  # characters of a name that a temporary name repeats: names of files are limited


def write_labels(
    path: str | os.PathLike[str],
    labels: NDArray[Any],
    record: Mapping[str, Any],
    axes: str = "YX",
    calibration: Calibration | None = None,
) -> tuple[str, ...]:
    """Write labels as a compressed OME-TIFF that ImageJ reads too, with the run's record in its description.

    Parameters
    ----------
    path : path-like
        Ends in .tif or .tiff. Missing folders are made; the file appears only once it is complete. A symbolic link is
        written through.
    labels : (*spatial) int
        Stored as they are if uint8, uint16 or int32, else in the smallest of these that holds them.
    record : mapping
        Plain values, see `Result.record`. A checksum of the labels is added, see `io.record`.
    axes : str
        One letter an axis of `labels`.
    calibration : Calibration, optional
        Of the image that the labels belong to.

    Returns
    -------
    tuple of str
        What of the metadata had to be left out, in words.

    Raises
    ------
    ImageError
        If the name does not end in .tif or .tiff.
    OutputError
        If the file cannot be written. The labels are then kept elsewhere; the message says where.
    """
    return _write_tiff(Path(path), labels, "labels", record=record, axes=axes, calibration=calibration)


def write_agreement(
    path: str | os.PathLike[str],
    agreement: NDArray[np.float32],
    record: Mapping[str, Any],
    axes: str = "YX",
    calibration: Calibration | None = None,
) -> tuple[str, ...]:
    """Write a map (*spatial) of how stable borders are as a float32 TIFF; everything else as of `write_labels`."""
    return _write_tiff(Path(path), agreement, "agreement", record=record, axes=axes, calibration=calibration)


def _write_tiff(
    path: Path,
    pixels: NDArray[Any],
    kind: str,
    *,
    record: Mapping[str, Any],
    axes: str,
    calibration: Calibration | None,
) -> tuple[str, ...]:
    if path.suffix.lower() not in TIFF_SUFFIXES:
        raise ImageError(f"{kind} file must end in .tif or .tiff, got {path.name!r}; it is written as TIFF only")
    errors: list[Exception] = []
    for way in (_whole, _without_sizes, _without_axes):
        try:
            stored = pixels if pixels.dtype.kind == "f" else _storable(pixels)
            metadata = {"axes": axes, "Name": kind, "Description": description(with_checksum(record, stored))}
            with replacing(path) as part:
                remarks = way(part, stored, metadata, calibration or Calibration())
        except Exception as error:  # whatever it is, there is another way to keep the result
            logger.debug("%s cannot be written to %s", kind, path, exc_info=True)
            errors.append(error)
            continue
        return remarks
    raise kept(path, pixels, kind, errors[-1]) from errors[0]


def _whole(part: Path, pixels: NDArray[Any], metadata: dict[str, Any], known: Calibration) -> tuple[str, ...]:
    told = {axis: known_size for axis, known_size in known.sizes.items() if known_size[1]}  # OME would take it for µm
    sizes: dict[str, Any] = {f"PhysicalSize{axis}": size for axis, (size, _) in told.items()}
    sizes |= {f"PhysicalSize{axis}Unit": unit for axis, (_, unit) in told.items()}
    plain = {"resolution": known.resolution, "resolutionunit": known.resolution_unit or NO_UNIT}
    _imwrite(part, pixels, ome=True, metadata=metadata | sizes, **plain)
    return ()


def _without_sizes(part: Path, pixels: NDArray[Any], metadata: dict[str, Any], _: Calibration) -> tuple[str, ...]:
    _imwrite(part, pixels, ome=True, metadata=metadata)
    return ("the size of a pixel was left out, as it cannot be written",)


def _without_axes(part: Path, pixels: NDArray[Any], metadata: dict[str, Any], _: Calibration) -> tuple[str, ...]:
    _imwrite(part, pixels, metadata=None, description=PLAIN_START + metadata["Description"])
    return ("axes and the size of a pixel were left out, as they cannot be written",)


def _imwrite(part: Path, pixels: NDArray[Any], **options: Any) -> None:
    options |= tiff_layout(pixels)
    with quiet_decoders():
        tifffile.imwrite(part, pixels, photometric="minisblack", compression="zlib", software=SOFTWARE, **options)
        with tifffile.TiffFile(part) as written:
            if written.ome_metadata:
                ElementTree.fromstring(written.ome_metadata)  # a unit with a quote in it breaks it


def tiff_layout(pixels: NDArray[Any], large_pixels: int = LARGE_PIXELS, big_bytes: int = BIG_BYTES) -> dict[str, Any]:
    """Return how pixels (..., Y, X) are laid out in a TIFF, as options of tifffile.

    Parameters
    ----------
    pixels : (..., Y, X) array
    large_pixels : int
        Planes of more than these are written in tiles.
    big_bytes : int
        Arrays of more than these become a BigTIFF: tifffile would not make one of what is compressed.
    """
    tiled = math.prod(pixels.shape[-2:]) > large_pixels
    return {"bigtiff": pixels.nbytes > big_bytes, **({"tile": TILE} if tiled else {})}


def _storable(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.dtype in LABEL_DTYPES:
        return labels
    largest = labels.max(initial=0)
    return labels.astype(next(d for d in WIDE_DTYPES if largest <= np.iinfo(d).max))


def kept(path: Path, pixels: NDArray[Any], kind: str, reason: BaseException, folder: Path | None = None) -> OutputError:
    """Return an error that says where the result is now: beside where it should be, or in the temporary folder."""
    ways = {suffix: partial(_write_whole, write=write, pixels=pixels) for suffix, write in WAYS_TO_KEEP.items()}
    return kept_by(ways, path, kind, reason, folder)


def kept_by(
    ways: Mapping[str, Callable[[Path], None]],
    path: Path,
    kind: str,
    reason: BaseException,
    folder: Path | None = None,
) -> OutputError:
    """Return an error that says where a result is now.

    Parameters
    ----------
    ways : mapping of str to callable
        What writes it into a file, by the ending of its name; the first that can.
    path : Path
        Where it should be.
    kind : str
        What it is.
    reason : BaseException
        Why it is not there.
    folder : Path, optional
        Where it is written rather; beside where it should be if left out, else in the temporary folder.
    """
    why = f"{kind} must be written to {str(path)!r}, got: {_in_a_line(reason)}"
    for place_for in (folder or path.parent, Path(tempfile.gettempdir())):
        for suffix, write in ways.items():
            place = _free_name(place_for, path.stem[:LONGEST_STEM], suffix)
            with suppress(Exception):
                write(place)
                return OutputError(f"{why}; the result is kept as {str(place)!r}: move it to where it is wanted")
    return OutputError(f"{why}; nothing could be written in its folder nor in {tempfile.gettempdir()!r}: make room")


def _write_whole(place: Path, write: Callable[[Path, NDArray[Any]], None], pixels: NDArray[Any]) -> None:
    with replacing(place) as part:
        write(part, pixels)


def _save_tiff(part: Path, pixels: NDArray[Any]) -> None:
    tifffile.imwrite(part, pixels, photometric="minisblack", compression="zlib", metadata=None, **tiff_layout(pixels))


def _save_array(part: Path, pixels: NDArray[Any]) -> None:
    with part.open("wb") as file:
        np.save(file, pixels, allow_pickle=False)


WAYS_TO_KEEP: Mapping[str, Callable[[Path, NDArray[Any]], None]] = {".tif": _save_tiff, ".npy": _save_array}


def _free_name(folder: Path, stem: str, suffix: str) -> Path:
    names = (folder / f"{stem}.kept{number or ''}{suffix}" for number in range(1_000_000))
    return next(name for name in names if not os.path.lexists(name))


def _in_a_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def write_png(path: str | os.PathLike[str], pixels: NDArray[np.uint8]) -> None:
    """Write an 8-bit image (Y, X) or (Y, X, 3) as PNG; missing folders are made."""
    made_by = PngImagePlugin.PngInfo()
    made_by.add_text("Software", SOFTWARE)
    with replacing(Path(path)) as part:
        Image.fromarray(pixels).save(part, format="PNG", pnginfo=made_by)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place once everything is written.

    Where `path` is a symbolic link, what it points to is replaced and the link stays.
    """
    target = Path(os.path.realpath(path)) if path.is_symlink() else path
    target.parent.mkdir(parents=True, exist_ok=True)
    part = part_name(target)
    try:
        yield part
        part.replace(target)
    except BaseException:
        with suppress(Exception):
            part.unlink(missing_ok=True)
        raise


def part_name(path: Path) -> Path:
    """Return the name under which a file is written before it is whole."""
    return path.with_name(f".{path.stem[:LONGEST_STEM]}.{os.getpid()}.part{path.suffix}")

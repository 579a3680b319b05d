"""Image files in, label files out: TIFF, PNG and JPEG."""

import json
import os
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.axes import KNOWN
from napari_backprop_segmentation.io.calibration import Calibration, calibration_of

TIFF_SUFFIXES = (".tif", ".tiff")
LABEL_DTYPES = (np.uint8, np.uint16, np.int32)
UNLABELLED = 255
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, zlib.error, struct.error, Image.DecompressionBombError)


@dataclass(frozen=True)
class ImageFile:
    """What an image file holds.

    Attributes
    ----------
    pixels : array
    axes : str or None
        One letter an axis of `pixels`; None where the file does not say.
    calibration : Calibration
    """

    pixels: NDArray[Any]
    axes: str | None = None
    calibration: Calibration = field(default_factory=Calibration)


def read_image(path: str | os.PathLike[str], what: str = "image") -> ImageFile:
    """Read a TIFF, PNG or JPEG file.

    Parameters
    ----------
    path : path-like
    what : str
        What the file is for, to be named in errors.

    Returns
    -------
    ImageFile
        A TIFF of several series or resolutions gives the first series at full resolution.

    Raises
    ------
    ImageError
        If there is no such file or it cannot be read as an image.
    """
    path = Path(path)
    if not path.is_file():
        raise ImageError(f"{what} must be an existing file, got {str(path)!r}; check the path")
    try:
        return _read_tiff(path) if path.suffix.lower() in TIFF_SUFFIXES else _read_plain(path)
    except UNREADABLE as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageError(
            f"{what} must be a readable TIFF, PNG or JPEG file, got {str(path)!r} ({reason}); save it again as TIFF"
        ) from error


def _read_tiff(path: Path) -> ImageFile:
    with tifffile.TiffFile(path) as tif:
        series = tif.series[0]
        axes = series.axes if set(series.axes) <= set(KNOWN) else None
        return ImageFile(_tiff_pixels(series, path), axes, calibration_of(tif))


def _tiff_pixels(series: tifffile.TiffPageSeries, path: Path) -> NDArray[Any]:
    with suppress(ValueError):  # unless it is compressed or in pieces: read when it is looked at
        return tifffile.memmap(path, mode="r")
    try:
        return series.asarray()
    except ValueError as error:
        # LZW and JPEG inside TIFF: tifffile wants a further package for them, Pillow reads the common ones.
        if "imagecodecs" not in str(error):
            raise
        with Image.open(path) as pages:
            pixels = np.stack([np.asarray(page) for page in ImageSequence.Iterator(pages)])
        if pixels.size != np.prod(series.shape):
            raise
        return pixels.reshape(series.shape)


def _read_plain(path: Path) -> ImageFile:
    with Image.open(path) as image:
        pixels = np.asarray(image.convert(_plain_mode(image)))
    return ImageFile(pixels, "YX" if pixels.ndim == 2 else "YXS")


def _plain_mode(image: Image.Image) -> str:
    """Return the mode in which an image is grey, RGB or RGBA, without losing depth."""
    if image.mode == "P":
        return "RGBA" if "transparency" in image.info else "RGB"
    return {"LA": "L", "PA": "RGBA", "CMYK": "RGB", "YCbCr": "RGB"}.get(image.mode, image.mode)


def read_scribbles(path: str | os.PathLike[str]) -> NDArray[np.int32]:
    """Read labels that were drawn by hand.

    Parameters
    ----------
    path : path-like
        An image of whole numbers: 0 where nothing is drawn, labels from 1. An 8-bit image that holds 255 is read in
        the convention of the published code instead: 255 where nothing is drawn, labels from 0. The numbers of a PNG
        with a palette are its palette entries.

    Returns
    -------
    (*spatial) int32
        0 where nothing is drawn, labels from 1.

    Raises
    ------
    ImageError
        If the file cannot be read or does not hold one whole number a pixel.
    """
    image = read_image(path, "scribbles")
    pixels = _palette_indices(Path(path)) if image.axes == "YXS" else image.pixels
    if pixels is None or pixels.dtype.kind not in "bui":
        raise ImageError(
            f"scribbles must hold one whole number a pixel, got {image.pixels.dtype} of shape {image.pixels.shape}; "
            "save a Labels layer as TIFF, or an 8-bit PNG without colours"
        )
    drawn = pixels.astype(np.int32)
    if pixels.dtype == np.uint8 and (pixels == UNLABELLED).any():
        drawn = np.where(pixels == UNLABELLED, 0, drawn + 1).astype(np.int32)
    return drawn


def _palette_indices(path: Path) -> NDArray[Any] | None:
    """Return the palette entry of each pixel, or None for an image without a palette."""
    with Image.open(path) as image:
        return np.asarray(image) if image.mode == "P" else None


def write_labels(
    path: str | os.PathLike[str],
    labels: NDArray[Any],
    record: Mapping[str, Any],
    axes: str = "YX",
    calibration: Calibration | None = None,
) -> None:
    """Write labels as a compressed OME-TIFF that ImageJ reads too, with the run's record in its description.

    Parameters
    ----------
    path : path-like
        Ends in .tif or .tiff. Missing folders are made; the file appears only once it is complete.
    labels : (*spatial) int
        Stored as they are if uint8, uint16 or int32, else in the smallest of these that holds them.
    record : mapping
        Plain values, see `Result.record`.
    axes : str
        One letter an axis of `labels`.
    calibration : Calibration, optional
        Of the image that the labels belong to.

    Raises
    ------
    ImageError
        If the name does not end in .tif or .tiff.
    """
    _write_tiff(
        Path(path), _storable(labels), {"axes": axes, "Name": "labels", "Description": json.dumps(record)}, calibration
    )


def write_agreement(
    path: str | os.PathLike[str],
    agreement: NDArray[np.float32],
    record: Mapping[str, Any],
    axes: str = "YX",
    calibration: Calibration | None = None,
) -> None:
    """Write a map (*spatial) of how stable borders are as a float32 TIFF; everything else as of `write_labels`."""
    _write_tiff(
        Path(path), agreement, {"axes": axes, "Name": "agreement", "Description": json.dumps(record)}, calibration
    )


def _write_tiff(path: Path, pixels: NDArray[Any], metadata: dict[str, Any], calibration: Calibration | None) -> None:
    if path.suffix.lower() not in TIFF_SUFFIXES:
        kind = metadata["Name"]
        raise ImageError(f"{kind} file must end in .tif or .tiff, got {path.name!r}; it is written as TIFF only")
    known = calibration or Calibration()
    for axis, (size, unit) in known.sizes.items():
        metadata |= {f"PhysicalSize{axis}": size, f"PhysicalSize{axis}Unit": unit}
    with replacing(path) as part:
        tifffile.imwrite(
            part,
            pixels,
            ome=True,
            photometric="minisblack",
            compression="zlib",
            resolution=known.resolution,
            resolutionunit=known.resolution_unit,
            software="napari-backprop-segmentation",
            metadata=metadata,
        )


def _storable(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.dtype in LABEL_DTYPES:
        return labels
    return labels.astype(next(d for d in LABEL_DTYPES if labels.max(initial=0) <= np.iinfo(d).max))


def read_record(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the record that `write_labels` stored in a label file.

    Raises
    ------
    ImageError
        If the file is no TIFF of this package.
    """
    try:
        with tifffile.TiffFile(path) as tif:
            description = ElementTree.fromstring(tif.ome_metadata or "").find("./{*}Image/{*}Description")
        record = json.loads(description.text or "")  # type: ignore[union-attr]
    except (*UNREADABLE, ElementTree.ParseError, AttributeError) as error:
        raise ImageError(
            f"label file must carry the record of a run, got {str(path)!r}; give a TIFF that this program wrote"
        ) from error
    return dict(record)


def write_png(path: str | os.PathLike[str], pixels: NDArray[np.uint8]) -> None:
    """Write an 8-bit image (Y, X) or (Y, X, 3) as PNG; missing folders are made."""
    with replacing(Path(path)) as part:
        Image.fromarray(pixels).save(part, format="PNG")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` that takes its place once everything is written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)

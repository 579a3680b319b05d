"""Image files in: TIFF, slides, PNG, JPEG and arrays of NumPy."""

import logging
import math
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import tifffile
from numpy.typing import NDArray
from PIL import Image, ImageSequence

from napari_backprop_segmentation.errors import ImageError, MemoryLimitError, SegmentationError
from napari_backprop_segmentation.image.axes import KNOWN
from napari_backprop_segmentation.io.calibration import Calibration, calibration_of, unless_odd
from napari_backprop_segmentation.io.grid import Grid
from napari_backprop_segmentation.io.levels import chosen_level
from napari_backprop_segmentation.io.tiff_levels import lazy_tiff, level_calibration, parts
from napari_backprop_segmentation.io.tiff_planes import check_planes

TIFF_SUFFIXES = (".tif", ".tiff")
SLIDE_SUFFIXES = (".svs", ".ndpi", ".scn", ".bif", ".qptiff", ".btf", ".tf8", ".lsm")  # TIFF by other names
PLAIN_SUFFIXES = (".png", ".jpg", ".jpeg", "")
ARRAY_SUFFIX = ".npy"
UNLABELLED = 255
COPIED_BYTES = 2**28  # larger files that can be mapped stay on the disk and are read where they are looked at
MOST_COMPRESSED = 5000  # bytes of pixels a byte of file: deflate reaches 1032, LZW about 2700
PLAUSIBLE_BYTES = 2**26  # so little is not worth a doubt
BYTES_A_SAMPLE = {"1": 1, "L": 1, "I;16": 2, "I;16B": 2, "I": 4, "F": 4}
UNDESCRIBED: dict[str, Any] = {
    "is_ome": False,
    "is_imagej": False,
    "is_shaped": False,
}  # planes as they stand in the file
MACHINE_NAME = re.compile(r"^<[^>]*>\s*")  # of the object that complains
GIB = 2**30
STDERR = 2

Stamp = tuple[int, int]


@dataclass(frozen=True)
class ImageFile:
    """What an image file holds.

    Attributes
    ----------
    pixels : array
        Of NumPy, or one that is read from the file where it is sliced.
    axes : str or None
        One letter an axis of `pixels`; None where the file does not say.
    calibration : Calibration
    remarks : tuple of str
        What is odd about the file, though it could be read.
    mapped : Path, optional
        The file, where its pixels are not in memory but read when they are looked at.
    channels : tuple of str
        Their names, where the file says them.
    grid : Grid, optional
        All levels of a pyramid and where they lie, for labels of the same form.
    level, n_levels : int
        Which level of a pyramid `pixels` are, 0 being the finest, and how many there are.
    """

    pixels: Any
    axes: str | None = None
    calibration: Calibration = field(default_factory=Calibration)
    remarks: tuple[str, ...] = ()
    mapped: Path | None = None
    _stamp: Stamp | None = None
    channels: tuple[str, ...] = ()
    grid: Grid | None = None
    level: int = 0
    n_levels: int = 1

    @property
    def spacing(self) -> tuple[float, ...] | None:
        """Size of a pixel along each of Z, Y, X that is there; None where the file does not say."""
        return None if self.axes is None else self.calibration.spacing(self.axes)

    def channel_numbers(self, wanted: Sequence[int | str] | None) -> tuple[int, ...] | None:
        """Return the numbers of channels that are given by number or by name.

        Raises
        ------
        ImageError
            If there is no channel of such a name.
        """
        if wanted is None:
            return None
        for each in wanted:
            if isinstance(each, str) and each not in self.channels:
                known = ", ".join(self.channels) or "the file names none, so give numbers from 0"
                raise ImageError(f"channels must be numbers or names of the image, got {each!r}; choose of: {known}")
        return tuple(self.channels.index(each) if isinstance(each, str) else each for each in wanted)

    def check_unchanged(self) -> None:
        """Refuse what was made of the pixels, where the file was written to while they were looked at.

        Raises
        ------
        ImageError
        """
        if self.mapped is not None and _stamp(self.mapped) != self._stamp:
            raise ImageError(
                f"image must not change while it is segmented, got {str(self.mapped)!r} written to or removed during "
                "the run; run it again once the file is complete"
            )


def read_image(
    path: str | os.PathLike[str], what: str = "image", level: int | None = None, most_pixels: int | None = None
) -> ImageFile:
    """Read a TIFF, PNG or JPEG file or an array of NumPy; `io.files.open_image` opens stores too.

    Parameters
    ----------
    path : path-like
    what : str
        What the file is for, to be named in errors.
    level : int, optional
        Of a pyramid in a TIFF file; 0 is the finest.
    most_pixels : int, optional
        Without a level, the finest is taken whose planes or volumes hold at most so many.

    Returns
    -------
    ImageFile
        A TIFF of several series gives the first. Large files stay on the disk where they can be read in parts.

    Raises
    ------
    ImageError
        If there is no such file, it cannot be read as an image, or holds fewer planes than it says.
    MemoryLimitError
        If its pixels do not fit the memory.
    """
    path = Path(path)
    if not os.path.isfile(path):  # which finds no file where a name is too long or a loop of links
        raise ImageError(f"{what} must be an existing file, got {str(path)!r}; check the path")
    suffix = path.suffix.lower()
    with _decoded(path, what) as remarks:
        if suffix in (*TIFF_SUFFIXES, *SLIDE_SUFFIXES):
            image = _read_tiff(path, level, most_pixels)
        else:
            chosen_level([()], level, None, str(path))
            image = _read_array(path) if suffix == ARRAY_SUFFIX else _read_plain(path)
    return _with_remarks(image, remarks)


@contextmanager
def _decoded(path: Path, what: str) -> Iterator[list[str]]:
    """Turn whatever decoders raise into errors in words, and give what they would print."""
    try:
        with quiet_decoders() as remarks:
            yield remarks
    except SegmentationError:
        raise
    except MemoryError as error:
        raise MemoryLimitError(
            f"{what} must fit the memory, got {str(path)!r}, which does not; close other programs or take a part of it"
        ) from error
    except Exception as error:  # decoders raise anything on damaged files, RuntimeError and IndexError among them
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ImageError(
            f"{what} must be a readable TIFF, PNG or JPEG file, got {str(path)!r} ({reason}); {_advice(path, reason)}"
        ) from error


def _advice(path: Path, reason: str) -> str:
    """Return what to do about a file that is not understood."""
    if "imagecodecs" in reason:
        return "pip install imagecodecs, or save it again as TIFF without compression"
    if path.suffix.lower() in (*TIFF_SUFFIXES, *PLAIN_SUFFIXES, ARRAY_SUFFIX):
        return "save it again as TIFF"
    return "convert it with bfconvert (Bio-Formats) to OME-TIFF, or with bioformats2raw to OME-Zarr"


def _with_remarks(image: ImageFile, remarks: list[str]) -> ImageFile:
    told = tuple(dict.fromkeys((*image.remarks, *remarks)))
    return replace(image, remarks=told)


@contextmanager
def quiet_decoders() -> Iterator[list[str]]:
    """Collect what the decoders of files would print beside our own lines."""
    told: list[str] = []
    logger, handler = logging.getLogger("tifffile"), _Collector(told)
    propagate, logger.propagate = logger.propagate, False
    logger.addHandler(handler)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            yield told
        told.extend(str(each.message).splitlines()[0] for each in caught if str(each.message))
    finally:
        logger.removeHandler(handler)
        logger.propagate = propagate


@contextmanager
def _silent_libraries() -> Iterator[None]:
    """Keep libraries in C from writing to the stderr of the process, past everything of Python."""
    try:
        kept, nowhere = os.dup(STDERR), os.open(os.devnull, os.O_WRONLY)
    except OSError:
        yield
        return
    os.dup2(nowhere, STDERR)
    os.close(nowhere)
    try:
        yield
    finally:
        os.dup2(kept, STDERR)
        os.close(kept)


class _Collector(logging.Handler):
    def __init__(self, told: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._told = told

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the first line."""
        self._told.append(MACHINE_NAME.sub("", record.getMessage()).splitlines()[0])


def _read_tiff(path: Path, level: int | None, most_pixels: int | None) -> ImageFile:
    with tifffile.TiffFile(path) as tif:
        if unless_odd(lambda: bool(tif.series)):  # which newer tifffile reads only as it is looked at
            return _of_series(tif, path, level, most_pixels)
    with tifffile.TiffFile(path, **UNDESCRIBED) as tif:
        return _of_series(tif, path, level, most_pixels, ("its description is not understood",))


def _of_series(
    tif: tifffile.TiffFile, path: Path, level: int | None, most_pixels: int | None, remarks: tuple[str, ...] = ()
) -> ImageFile:
    stamp, series = _stamp(path), tif.series[0]
    check_planes(tif, series, path)
    number = chosen_level(parts(series), level, most_pixels, str(path))
    chosen = series.levels[number]
    axes = chosen.axes if set(chosen.axes) <= set(KNOWN) else None
    calibration = level_calibration(calibration_of(tif), series, number)
    known: dict[str, Any] = {"axes": axes, "calibration": calibration, "remarks": remarks}
    known |= {"level": number, "n_levels": len(series.levels)}
    if chosen.nbytes > COPIED_BYTES:
        if number == 0:
            with suppress(Exception):  # compressed, or in pieces
                return ImageFile(tifffile.memmap(path, mode="r"), mapped=path, _stamp=stamp, **known)
        _check_plausible(chosen.nbytes, path)
        lazy = None if remarks else lazy_tiff(path, number)
        if lazy is not None:
            return ImageFile(lazy, mapped=path, _stamp=stamp, **known)
    _check_size(chosen.nbytes, path)
    return ImageFile(_tiff_pixels(chosen, path), **known)


def _tiff_pixels(series: tifffile.TiffPageSeries, path: Path) -> NDArray[Any]:
    try:
        return series.asarray()
    except ValueError as error:
        # LZW and JPEG inside TIFF: tifffile wants a further package for them, Pillow reads the common ones.
        if "imagecodecs" not in str(error):
            raise
        with _silent_libraries(), Image.open(path) as pages:
            planes = [np.asarray(page) for page in ImageSequence.Iterator(pages)]
        if sum(plane.size for plane in planes) != np.prod(series.shape):  # a pyramid, or other images
            raise
        return np.stack(planes).reshape(series.shape)


def _check_plausible(n_bytes: int, path: Path) -> None:
    """Refuse a file that says it holds more than it can."""
    in_file = path.stat().st_size
    if n_bytes > max(PLAUSIBLE_BYTES, MOST_COMPRESSED * in_file):
        raise ImageError(
            f"image must hold the pixels it says it holds, got {str(path)!r}: {n_bytes / GIB:.3g} GiB in a file of "
            f"{in_file} bytes; save it again as TIFF"
        )


def _check_size(n_bytes: int, path: Path) -> None:
    """Refuse a file that holds more than it can, or than there is room for, before the room is asked for."""
    _check_plausible(n_bytes, path)
    free = psutil.virtual_memory().available
    if n_bytes > free:
        raise MemoryLimitError(
            f"image must fit the memory, got {n_bytes / GIB:.3g} GiB of pixels in {str(path)!r} with {free / GIB:.3g} "
            "GiB free; close other programs, take a part of it, or save it uncompressed"
        )


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _read_array(path: Path) -> ImageFile:
    stamp, pixels = _stamp(path), np.load(path, mmap_mode="r", allow_pickle=False)
    if pixels.nbytes <= COPIED_BYTES:  # a mapped file that is cut while it is read ends the process
        return ImageFile(np.array(pixels))
    return ImageFile(pixels, mapped=path, _stamp=stamp)


def _read_plain(path: Path) -> ImageFile:
    with Image.open(path) as image:
        samples = BYTES_A_SAMPLE.get(image.mode, len(image.getbands()))
        _check_size(math.prod(image.size) * samples, path)
        pixels = np.asarray(image.convert(_plain_mode(image)))
        if (image.format, image.mode) == ("PNG", "I"):  # Pillow 10 gives the 16 bits of a PNG as 32
            pixels = pixels.astype(np.uint16)
    return ImageFile(pixels, "YX" if pixels.ndim == 2 else "YXS")


def _plain_mode(image: Image.Image) -> str:
    """Return the mode in which an image is grey, RGB or RGBA, without losing depth."""
    if image.mode == "P":
        return "RGBA" if "transparency" in image.info else "RGB"
    return {"LA": "L", "PA": "RGBA", "CMYK": "RGB", "YCbCr": "RGB"}.get(image.mode, image.mode)


def read_strokes(path: str | os.PathLike[str]) -> NDArray[np.int32]:
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
    pixels = _whole_numbers(path, "strokes")
    drawn = pixels.astype(np.int32)
    if pixels.dtype == np.uint8 and (pixels == UNLABELLED).any():
        drawn = np.where(pixels == UNLABELLED, 0, drawn + 1).astype(np.int32)
    return drawn


def read_marks(path: str | os.PathLike[str], name: str = "examples") -> NDArray[np.int32]:
    """Read marks of objects (*spatial): each number marks one, 0 is where there is none.

    Parameters
    ----------
    path : path-like
    name : str
        What the file is for, to be named in errors.

    Raises
    ------
    ImageError
        If the file cannot be read or does not hold one whole number a pixel.
    """
    return _whole_numbers(path, name).astype(np.int32)


def _whole_numbers(path: str | os.PathLike[str], name: str) -> NDArray[Any]:
    image = read_image(path, name)
    pixels = _palette_indices(Path(path), name) if image.axes == "YXS" else image.pixels
    if pixels is None or pixels.dtype.kind not in "bui" or pixels.max(initial=0) > np.iinfo(np.int32).max:
        raise ImageError(
            f"{name} must hold one whole number a pixel, got {image.pixels.dtype} of shape {image.pixels.shape}; "
            "save a Labels layer as TIFF, or an 8-bit PNG without colours"
        )
    return pixels


def _palette_indices(path: Path, name: str) -> NDArray[Any] | None:
    """Return the palette entry of each pixel, or None for an image without a palette."""
    with _decoded(path, name), Image.open(path) as image:
        return np.asarray(image) if image.mode == "P" else None

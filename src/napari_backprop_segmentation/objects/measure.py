"""What is measured of each object: size, shape, place, and brightness in every channel."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.axes import (
    CHANNEL_LETTERS,
    channel_axis,
    check_axes,
    checked_spacing,
    named_axes,
    spatial_axes,
)
from napari_backprop_segmentation.objects.measure_in_blocks import Figures, measured_in_blocks
from napari_backprop_segmentation.objects.shape import LENGTHS, shapes

Table = dict[str, NDArray[Any]]
SIZES = {2: "area", 3: "volume"}
POWERS = {1: "", 2: "²", 3: "³"}
TIME = "T"
MOST_AT_ONCE = 2**24  # pixels: of larger images no more than a block is read at a time
MOST_GAPS = 4  # numbers a pixel that are looked up in a table; beyond, labels are sorted


def measure(
    labels: NDArray[Any], image: Any, *, axes: str | None = None, spacing: Sequence[float] | None = None, unit: str = ""
) -> Table:
    """Measure every label of an image.

    Parameters
    ----------
    labels : (*spatial) int
        0 is not measured.
    image : array-like
        The image the labels belong to, with its own intensities.
    axes : str, optional
        One letter an axis of the image; guessed where the shape leaves no doubt.
    spacing : sequence of float, optional
        Size of a pixel along each axis of depth, height and width; 1 if left out.
    unit : str, optional
        Of `spacing`, such as µm.

    Returns
    -------
    dict of str to (n,) arrays
        One entry a column, one row a label, and of a time series one row a label and frame:

        - ``label``, and ``frame`` from 0 of a series;
        - ``area`` or, in volumes, ``volume``, with the unit in brackets;
        - ``share (%)`` of the image, or frame;
        - ``perimeter``, ``equivalent diameter``, ``feret diameter max``, ``eccentricity`` and ``solidity``, where they
          make sense; see `shapes`;
        - ``centroid y`` and so on: the centre, in the unit, from the middle of the first pixel;
        - ``mean`` and ``std`` of the intensities, of each channel, without pixels that are masked.

    Raises
    ------
    ImageError
        If the labels do not have the spatial shape of the image, or are not whole numbers from 0.
    """
    labels, image = _array("labels", labels), _array("image", image)
    letters = check_axes(axes or named_axes(image), image.shape)
    spatial = spatial_axes(letters)
    expected = tuple(n for n, letter in zip(image.shape, letters, strict=True) if letter not in CHANNEL_LETTERS)
    if tuple(labels.shape) != expected:
        raise ImageError(
            f"labels must have the spatial shape of the image {expected}, got {tuple(labels.shape)}; "
            "give the labels of this image"
        )
    if labels.dtype.kind not in "bui":
        raise ImageError(f"labels must be whole numbers from 0, got {labels.dtype}; give the labels of this image")
    if image.dtype.kind not in "buif":
        raise ImageError(f"image must be of a number type, got {image.dtype}; convert it first")
    sizes = checked_spacing(spacing, spatial.lstrip(TIME))
    if math.prod(labels.shape) > MOST_AT_ONCE and not spatial.startswith(TIME):
        return _named(measured_in_blocks(labels, image, letters, sizes), labels.shape, sizes, str(unit or ""))
    parts = [_one(part, pixels, sizes, str(unit or "")) for part, pixels in _frames(labels, image, letters)]
    if not spatial.startswith(TIME):
        return parts[0]
    frames = np.repeat(np.arange(len(parts)), [len(part["label"]) for part in parts])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {"label": joined.pop("label"), "frame": frames, **joined}


def _array(name: str, given: Any) -> Any:
    """Return what has a shape and a type; a list becomes an array."""
    if not hasattr(given, "shape") or not hasattr(given, "dtype"):
        try:
            given = np.asanyarray(given)
        except (ValueError, TypeError) as error:
            raise ImageError(
                f"{name} must be an array of numbers, got {type(given).__name__} ({error}); convert it first"
            ) from error
    if not given.shape or not all(isinstance(n, (int, np.integer)) and n > 0 for n in given.shape):
        raise ImageError(f"{name} must hold pixels, got shape {tuple(given.shape)}; give those of this image")
    return given


def _frames(labels: NDArray[Any], image: Any, letters: str) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield the labels and the pixels (C, *spatial) of each frame; of the whole where there is no time."""
    axis = channel_axis(letters)
    if TIME not in letters:
        yield np.asarray(labels[...]), _channels_first(np.asanyarray(image), axis)
        return
    time = letters.index(TIME)
    if axis is not None and axis > time:
        axis -= 1
    for frame in range(image.shape[time]):
        pixels = np.asanyarray(image[(slice(None),) * time + (frame,)])
        yield np.asarray(labels[frame]), _channels_first(pixels, axis)


def _channels_first(pixels: NDArray[Any], axis: int | None) -> NDArray[Any]:
    return pixels[None] if axis is None else np.moveaxis(pixels, axis, 0)


def _one(labels: NDArray[Any], pixels: NDArray[Any], spacing: tuple[float, ...], unit: str) -> Table:
    if labels.min() < 0:
        raise ImageError(f"labels must be whole numbers from 0, got {labels.min()}; give the labels of this image")
    found, objects = _numbered(labels)
    index = np.arange(1, len(found) + 1)
    centres = np.reshape(ndimage.center_of_mass(np.ones(labels.shape, np.uint8), objects, index), (-1, labels.ndim))
    counts = np.bincount(objects.ravel(), minlength=len(found) + 1)[1:]
    channels = []
    with np.errstate(invalid="ignore"):  # where nothing is unlabelled, scipy divides by the pixels of label 0
        for channel in pixels.astype(np.uint8) if pixels.dtype.kind == "b" else pixels:
            seen = np.where(np.ma.getmaskarray(channel), 0, objects) if np.ma.is_masked(channel) else objects
            values = np.ma.getdata(channel)
            spread = ndimage.standard_deviation(values, seen, index)
            channels.append((np.reshape(ndimage.mean(values, seen, index), -1), np.reshape(spread, -1)))
    return _named(Figures(found, counts, shapes(objects, spacing), centres, channels), labels.shape, spacing, unit)


def _named(figures: Figures, shape: Sequence[int], spacing: tuple[float, ...], unit: str) -> Table:
    """Return figures in columns, see `measure`."""
    length, ndim = length_unit(spacing, unit), len(shape)
    table: Table = {"label": figures.labels}
    table[f"{SIZES[ndim]} ({length}{POWERS[ndim]})"] = figures.counts * float(np.prod(spacing))
    table["share (%)"] = 100 * figures.counts / math.prod(shape)
    for name, column in figures.shapes.items():
        table[f"{name} ({length})" if name in LENGTHS else name] = column
    for letter, values, size in zip("zyx"[-ndim:], figures.centres.T, spacing, strict=True):
        table[f"centroid {letter} ({length})"] = values * size
    for number, (mean, spread) in enumerate(figures.channels):
        name = f" channel {number}" if len(figures.channels) > 1 else ""
        table[f"mean{name}"], table[f"std{name}"] = mean, spread
    return table


def length_unit(spacing: Sequence[float], unit: str) -> str:
    """Return the unit of lengths, also where none was given."""
    return unit or ("px" if set(spacing) == {1.0} else "units")


def _numbered(labels: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int32]]:
    """Return the labels that occur, and their image numbered from 1 without gaps, which scipy divides by."""
    if labels.dtype.kind == "b":
        labels = labels.astype(np.uint8)
    if int(labels.max()) > MOST_GAPS * labels.size:  # room for all numbers up to the largest would be too much
        found, objects = np.unique(labels, return_inverse=True)
        objects = objects.reshape(labels.shape) + (0 if found[0] == 0 else 1)
        return found[found > 0], objects.astype(np.int32)
    occurs = np.bincount(labels.ravel().astype(np.intp, copy=False)) > 0
    occurs[0] = False
    found = np.flatnonzero(occurs)
    numbers = np.zeros(len(occurs), np.int32)
    numbers[found] = np.arange(1, len(found) + 1)
    return found, numbers[labels]

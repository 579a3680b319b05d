"""What is measured of each object: size, place, outline, and brightness in every channel."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import perimeter

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image.axes import CHANNEL_LETTERS, channel_axis, check_axes, spatial_axes

Table = dict[str, NDArray[Any]]
SIZES = {2: "area", 3: "volume"}
POWERS = {1: "", 2: "²", 3: "³"}
TIME = "T"


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
        - ``perimeter`` of planes whose pixels are square: the length of the outline;
        - ``centroid y`` and so on: the centre, in the unit, from the middle of the first pixel;
        - ``mean`` and ``std`` of the intensities, of each channel.

    Raises
    ------
    ImageError
        If the labels do not have the spatial shape of the image, or are not whole numbers from 0.
    """
    letters = check_axes(axes, image.shape)
    spatial = spatial_axes(letters)
    expected = tuple(n for n, letter in zip(image.shape, letters, strict=True) if letter not in CHANNEL_LETTERS)
    if tuple(labels.shape) != expected:
        raise ImageError(
            f"labels must have the spatial shape of the image {expected}, got {tuple(labels.shape)}; "
            "give the labels of this image"
        )
    if labels.dtype.kind not in "bui" or labels.min(initial=0) < 0:
        raise ImageError(f"labels must be whole numbers from 0, got {labels.dtype}; give the labels of this image")
    sizes = tuple(spacing or (1.0,) * len(spatial.lstrip(TIME)))
    parts = [_one(part, pixels, sizes, unit) for part, pixels in _frames(labels, image, letters)]
    if not spatial.startswith(TIME):
        return parts[0]
    frames = np.repeat(np.arange(len(parts)), [len(part["label"]) for part in parts])
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    return {"label": joined.pop("label"), "frame": frames, **joined}


def _frames(labels: NDArray[Any], image: Any, letters: str) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Yield the labels and the pixels (C, *spatial) of each frame; of the whole where there is no time."""
    axis = channel_axis(letters)
    if TIME not in letters:
        yield labels, _channels_first(np.asarray(image), axis)
        return
    time = letters.index(TIME)
    if axis is not None and axis > time:
        axis -= 1
    for frame in range(image.shape[time]):
        pixels = np.asarray(image[(slice(None),) * time + (frame,)])
        yield np.asarray(labels[frame]), _channels_first(pixels, axis)


def _channels_first(pixels: NDArray[Any], axis: int | None) -> NDArray[Any]:
    return pixels[None] if axis is None else np.moveaxis(pixels, axis, 0)


def _one(labels: NDArray[Any], pixels: NDArray[Any], spacing: tuple[float, ...], unit: str) -> Table:
    counts = np.bincount(labels.ravel())
    counts[0] = 0
    found = np.flatnonzero(counts)
    numbers = np.zeros(len(counts), np.int32)
    numbers[found] = index = np.arange(1, len(found) + 1)  # without gaps, which scipy divides by
    objects = numbers[labels]
    length = unit or ("px" if set(spacing) == {1.0} else "units")
    table: Table = {"label": found}
    table[f"{SIZES[labels.ndim]} ({length}{POWERS[labels.ndim]})"] = counts[found] * float(np.prod(spacing))
    if labels.ndim == 2 and math.isclose(*spacing):
        table[f"perimeter ({length})"] = _perimeters(objects) * spacing[0]
    centres = np.reshape(ndimage.center_of_mass(np.ones(labels.shape, np.uint8), objects, index), (-1, labels.ndim))
    for letter, values, size in zip("zyx"[-labels.ndim :], centres.T, spacing, strict=True):
        table[f"centroid {letter} ({length})"] = values * size
    with np.errstate(invalid="ignore"):  # where nothing is unlabelled, scipy divides by the pixels of label 0
        for number, channel in enumerate(pixels):
            name = f" channel {number}" if len(pixels) > 1 else ""
            table[f"mean{name}"] = np.reshape(ndimage.mean(channel, objects, index), -1)
            table[f"std{name}"] = np.reshape(ndimage.standard_deviation(channel, objects, index), -1)
    return table


def _perimeters(objects: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the length of the outline of each object; all numbers from 1 occur."""
    windows = enumerate(ndimage.find_objects(objects), start=1)
    lengths = [perimeter(np.pad(objects[window] == number, 1)) for number, window in windows]
    return np.asarray(lengths, dtype=np.float64)

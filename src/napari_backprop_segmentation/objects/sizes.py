"""The same image seen at half and at twice its size, for what is larger or smaller than readings are made for.

Everything that readings look at is some pixels wide: edges, lines, the smallest parts of a tree. So that what is seen
does not hang on the magnification, planes are looked at again at half their size, and where things are small, at twice.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce
from skimage.transform import resize

from napari_backprop_segmentation.objects.reading import Reading
from napari_backprop_segmentation.objects.readings import VARIANT, Readings, numbered
from napari_backprop_segmentation.objects.splitting import each_label
from napari_backprop_segmentation.params.sections import SMALLEST_OBJECT

Resized = Callable[[NDArray[Any]], NDArray[Any]]

FACTOR = 2
PLANE_NDIM = 3  # (C, Y, X)
LEAST_SIDE = 128  # pixels of an image that is looked at at half its size: half of it must still hold some objects
# Pixels of the objects of the best reading, in the median, below which things are small. 72 development images at their
# size and at half of it: F1 of what is taken is .565 at 60, .570 at 100, .574 at 130, which takes longer.
SMALL = 100
# Score below which no reading is good, so that it is worth a look at twice the size, too. On these images .570 without
# such a look, .583 at .35, .584 at .4, .585 at .5.
DOUBTFUL = 0.4
# Pixels of images that are looked at at twice their size: that takes 50 microseconds of one core a pixel.
MOST_SMALL, MOST_DOUBTFUL = 2**18, 2**17


def halved(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return an image (C, Y, X) at half its size, each pixel the mean of four; (C, ceil(Y / 2), ceil(X / 2))."""
    even = np.pad(image, [(0, 0), *((0, n % FACTOR) for n in image.shape[1:])], mode="edge")
    found: NDArray[np.float32] = block_reduce(even, (1, FACTOR, FACTOR), np.mean).astype(np.float32)
    return found


def doubled(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return an image (C, Y, X) at twice its size (C, 2 Y, 2 X), by cubic splines."""
    shape = tuple(FACTOR * n for n in image.shape[1:])
    return np.stack([resize(plane, shape, order=3, mode="reflect") for plane in image]).astype(np.float32)


def halved_labels(labels: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return objects (2 Y, 2 X) at half their size (Y, X): each pixel belongs to what most of its four belong to."""
    rows, columns = (n // FACTOR for n in labels.shape)
    four = np.sort(labels.reshape(rows, FACTOR, columns, FACTOR).swapaxes(1, 2).reshape(rows, columns, -1))
    found = four[..., 0]
    for i in range(four.shape[-1] - 1):  # the last of two alike: objects before the ground
        found = np.where(four[..., i] == four[..., i + 1], four[..., i], found)
    return numbered(found) if found.any() else found


def doubled_labels(labels: NDArray[np.int32], shape: tuple[int, ...]) -> NDArray[np.int32]:
    """Return objects (ceil(Y / 2), ceil(X / 2)) at the size (Y, X) of the image, with smooth outlines."""
    around = np.pad(labels, 1)
    found = np.zeros([FACTOR * n for n in around.shape], np.int32)
    for number, (window, inside) in enumerate(each_label(around), start=1):
        mask = np.pad(inside, 1).astype(np.float32)  # it ends at the edge of its window
        place = tuple(slice(FACTOR * (part.start - 1), FACTOR * (part.stop + 1)) for part in window)
        smooth = resize(mask, [FACTOR * n for n in mask.shape], order=1) >= 0.5
        here = found[place]
        here[smooth & (here == 0)] = number
    return found[tuple(slice(FACTOR, FACTOR + n) for n in shape)]


def seen_at_all_sizes(
    readings: Readings, image: NDArray[np.float32], look: Callable[[NDArray[np.float32], Resized], Readings]
) -> Readings:
    """Return the readings of a plane together with those at half its size, and where that helps at twice its size.

    Where the things of the best reading are small, only what is seen at twice the size is right, and comes instead.
    Volumes stay as they are.

    Parameters
    ----------
    readings : Readings
        Of the image at its own size.
    image : (C, Y, X) float32
        Of volumes (C, Z, Y, X).
    look : callable
        Makes the readings of the image at another size, of that image and of what brings numbers (Y, X) to it.
    """
    if image.ndim != PLANE_NDIM:
        return readings
    shape, pixels = image.shape[1:], image[0].size
    if readings.best is not None and typical(readings.best.painted) < SMALL and pixels <= MOST_SMALL:
        return look(doubled(image), repeated).brought(image, _from_twice, repeated).instead_of(readings)
    if min(shape) >= LEAST_SIDE:
        half = look(halved(image), _thinned)
        readings = readings.joined(half.brought(image, partial(_from_half, shape=shape), _thinned))
    if pixels <= MOST_DOUBTFUL and (readings.best is None or readings.best.score < DOUBTFUL):
        readings = readings.joined(look(doubled(image), repeated).brought(image, _from_twice, repeated))
    return readings


def typical(labels: NDArray[np.int32]) -> float:
    """Return the median of the pixels of objects (*spatial); 0 where there are none."""
    areas = np.bincount(labels.ravel())[1:]
    return float(np.median(areas[areas > 0])) if areas.any() else 0.0


def repeated(numbers: NDArray[Any]) -> NDArray[Any]:
    """Return numbers (Y, X) at twice their size."""
    return numbers.repeat(FACTOR, axis=0).repeat(FACTOR, axis=1)


def _thinned(numbers: NDArray[Any]) -> NDArray[Any]:
    return np.ascontiguousarray(numbers[::FACTOR, ::FACTOR])


def _from_twice(reading: Reading) -> Reading:
    return replace(
        reading,
        painted=halved_labels(reading.painted),
        repaint=lambda strictness: halved_labels(reading.labels(strictness)),
        smallest=SMALLEST_OBJECT // FACTOR**2,
    )


def _from_half(reading: Reading, shape: tuple[int, ...]) -> Reading:
    resized = partial(doubled_labels, shape=shape)
    return replace(
        reading,
        painted=resized(reading.painted),
        score=reading.score - VARIANT,
        repaint=lambda strictness: resized(reading.labels(strictness)),
    )

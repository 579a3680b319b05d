"""Small pictures of an image with labels on it; no Qt here, and no layers: they are made in a thread."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run.preview import colours

SIDE = 192  # pixels; shown at half of that, or sharper where the screen has more
SPREAD = (0.5, 99.5)  # percentiles that become black and white
READABLE = 16.0  # pixels across: where typical objects would be smaller, less of the image is shown
FEWEST = 48  # pixels of the image that are shown at least, along each axis
FINEST = 3 * SIDE  # pixels read along an axis; what is between is passed over
TINT = 0.45
LIGHT = np.linspace(0, 1, 2)[:, None].repeat(3, axis=1)  # from black to white


@dataclass(frozen=True, eq=False)
class Window:
    """Which part of an image is shown: the plane in the middle, all of it or its middle.

    Attributes
    ----------
    middle : tuple of int
        One index for each axis before Y.
    rows, columns : slice
    """

    middle: tuple[int, ...]
    rows: slice
    columns: slice

    def of(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return what is shown of labels (*spatial)."""
        index: tuple[Any, ...] = (*self.middle, self.rows, self.columns)
        found: NDArray[Any] = labels[index]
        return found


def window_on(shape: Sequence[int], objects: Sequence[NDArray[Any]]) -> Window:
    """Return the part of an image (*spatial) in which the objects of each of several labels can be told apart."""
    middle = tuple(n // 2 for n in shape[:-2])
    sizes = [size for labels in objects if (size := _typical(labels[middle]))]
    shown = max(float(np.median(sizes)) * SIDE / READABLE, FEWEST) if sizes else np.inf
    rows, columns = (_central(n, min(n, shown)) for n in shape[-2:])
    return Window(middle, rows, columns)


def _typical(plane: NDArray[Any]) -> float:
    """Return how many pixels the objects of a plane are wide, roughly; 0 where there are none."""
    areas = np.bincount(plane.ravel())[1:]
    areas = areas[areas > 0]
    return float(np.sqrt(np.median(areas))) if areas.size else 0.0


def _central(n: int, shown: float) -> slice:
    wanted = max(1, round(shown))
    start = (n - wanted) // 2
    return slice(start, start + wanted)


def backdrop(run_input: RunInput, window: Window, tints: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Return what is shown of an image, in colours (Y, X, 3) of 0 to 1.

    Parameters
    ----------
    run_input : RunInput
    window : Window
    tints : sequence of (n, 3) array
        The colours of each layer, from its darkest to its brightest; the last one is taken for further channels.
    """
    places = dict(zip([letter for letter in run_input.axes if letter not in "CSYX"], window.middle, strict=True))
    steps = {"Y": _thinned(window.rows), "X": _thinned(window.columns), "C": slice(None), "S": slice(None)}
    index = tuple(slice(places[a], places[a] + 1) if a in places else steps[a] for a in run_input.axes)
    pixels = np.asarray(run_input.array[index], np.float64)
    letters = [letter for letter in run_input.axes if letter not in places]
    pixels = pixels.reshape([n for n, a in zip(pixels.shape, run_input.axes, strict=True) if a not in places])
    order = [letters.index(letter) for letter in ("C", "Y", "X", "S") if letter in letters]
    pixels = pixels.transpose(order)
    if "C" not in letters:
        pixels = pixels[None]
    elif run_input.channels is not None:
        pixels = pixels[list(run_input.channels)]
    if "S" in letters:
        return _stretched(_fitted(pixels.mean(axis=0)[..., :3]))
    mixed = np.zeros((*_fitted(pixels[0]).shape, 3))
    for number, channel in enumerate(pixels):
        tint = tints[min(number, len(tints) - 1)] if tints else LIGHT
        values = _stretched(_fitted(channel))
        mixed += np.stack([np.interp(values, np.linspace(0, 1, len(tint)), tint[:, i]) for i in range(3)], axis=-1)
    return (mixed / (len(pixels) if len(tints) == 1 else 1)).clip(0, 1)


def picture(ground: NDArray[np.float64], shown: NDArray[Any]) -> NDArray[np.uint8]:
    """Return an image in colours with labels (Y, X) on it, tinted and outlined in the colours of their layer."""
    from skimage.segmentation import find_boundaries

    rows, columns = (np.arange(n) * m // n for n, m in zip(ground.shape[:2], shown.shape, strict=True))
    small = shown[rows[:, None], columns].astype(np.int64)
    palette = np.asarray(colours().colors)[:, :3]
    paint = palette[np.where(small > 0, (small - 1) % (len(palette) - 1) + 1, 0)]
    strength = np.where(small > 0, TINT, 0.0)
    strength[find_boundaries(small, mode="inner")] = 1.0
    mixed = ground + strength[..., None] * (paint - ground)
    return np.ascontiguousarray((255 * mixed).round().clip(0, 255), np.uint8)


def _thinned(span: slice) -> slice:
    return slice(span.start, span.stop, max(1, (span.stop - span.start) // FINEST))


def _fitted(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a plane (Y, X) or (Y, X, 3) whose longer side has the length of a picture."""
    from skimage.transform import resize

    scale = SIDE / max(plane.shape[:2])
    size = tuple(max(1, round(n * scale)) for n in plane.shape[:2])
    finite = np.where(np.isfinite(plane), plane, np.nanmin(plane, initial=0, where=np.isfinite(plane)))
    found: NDArray[np.float64] = resize(finite, size, order=1, mode="edge", anti_aliasing=scale < 1)
    return found


def _stretched(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.percentile(values, SPREAD)
    found: NDArray[np.float64] = ((values - low) / (high - low or 1)).clip(0, 1)
    return found

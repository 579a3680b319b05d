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
    """Which part of an image is shown: one plane, all of it or a part.

    Attributes
    ----------
    plane : tuple of int
        One index for each axis before Y.
    rows, columns : slice
    """

    plane: tuple[int, ...]
    rows: slice
    columns: slice

    def of(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return what is shown of labels (*spatial)."""
        index: tuple[Any, ...] = (*self.plane, self.rows, self.columns)
        found: NDArray[Any] = labels[index]
        return found


def window_on(shape: Sequence[int], objects: Sequence[NDArray[Any]]) -> Window:
    """Return the part of an image (*spatial) in which the objects of each of several labels can be told apart.

    It lies where there is something to compare: as much of each of them as can be had at once, the nearest to the
    middle of what is alike.
    """
    plane = _busiest(objects, shape[:-2])
    planes = [labels[plane] for labels in objects]
    sizes = [size for labels in planes if (size := _typical(labels))]
    shown = max(float(np.median(sizes)) * SIDE / READABLE, FEWEST) if sizes else np.inf
    sides = [max(1, round(min(n, shown))) for n in shape[-2:]]
    starts = _place(planes, sides)
    rows, columns = (slice(start, start + side) for start, side in zip(starts, sides, strict=True))
    return Window(plane, rows, columns)


def _busiest(objects: Sequence[NDArray[Any]], planes: Sequence[int]) -> tuple[int, ...]:
    """Return the index of the plane (Y, X) that shows most of each of several labels (*planes, Y, X)."""
    if np.prod(planes, dtype=int) == 1:
        return (0,) * len(planes)
    covered = [np.count_nonzero(labels, axis=(-2, -1)) for labels in objects]
    return _best(covered, [(n - 1) / 2 for n in planes])


def _place(planes: Sequence[NDArray[Any]], sides: Sequence[int]) -> tuple[int, ...]:
    """Return where the part of so many pixels begins that shows most outlines of each of several labels (Y, X)."""
    starts = [_starts(n, side) for n, side in zip(planes[0].shape, sides, strict=True)]
    if all(len(each) == 1 for each in starts):
        return (0, 0)
    (top, bottom), (left, right) = ((each, each + side) for each, side in zip(starts, sides, strict=True))
    shown = []
    for labels in planes:
        outlines = np.diff(labels, axis=0, prepend=labels[:1]) != 0
        outlines |= np.diff(labels, axis=1, prepend=labels[:, :1]) != 0
        sums = np.pad(outlines.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        lower, upper = (sums[rows][:, right] - sums[rows][:, left] for rows in (bottom, top))
        shown.append(lower - upper)
    row, column = _best(shown, [(len(each) - 1) / 2 for each in starts])
    return int(top[row]), int(left[column])


def _starts(n: int, side: int) -> NDArray[np.int64]:
    """Return where a part of n pixels may begin: a quarter of it apart or less."""
    steps = -(-4 * (n - side) // side)
    return np.linspace(0, n - side, steps + 1).round().astype(np.int64)


def _best(shown: Sequence[NDArray[Any]], middle: Sequence[float]) -> tuple[int, ...]:
    """Return the index at which most is shown of each of several things, the nearest to the middle of equals.

    Roots of shares are summed: something of each is more than all of one.
    """
    total = np.sum([np.sqrt(each / max(each.max(), 1)) for each in shown], axis=0)
    far = np.sum([np.square(i - m) for i, m in zip(np.indices(total.shape), middle, strict=True)], axis=0)
    best = np.flatnonzero(total.ravel() >= total.max() - 1e-9)
    return tuple(int(i) for i in np.unravel_index(best[np.argmin(far.ravel()[best])], total.shape))


def _typical(plane: NDArray[Any]) -> float:
    """Return how many pixels the objects of a plane are wide, roughly; 0 where there are none."""
    areas = np.bincount(plane.ravel())[1:]
    areas = areas[areas > 0]
    return float(np.sqrt(np.median(areas))) if areas.size else 0.0


def backdrop(run_input: RunInput, window: Window, tints: Sequence[NDArray[Any]]) -> NDArray[np.float64]:
    """Return what is shown of an image, in colours (Y, X, 3) of 0 to 1.

    Parameters
    ----------
    run_input : RunInput
    window : Window
    tints : sequence of (n, 3) array
        The colours of each layer, from its darkest to its brightest; the last one is taken for further channels.
    """
    places = dict(zip([letter for letter in run_input.axes if letter not in "CSYX"], window.plane, strict=True))
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

"""Objects divided along a line that the user has drawn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.draw import line as line_pixels

Mask = NDArray[np.bool_]
Point = NDArray[np.float64]

BEYOND = 2.0  # pixels: a line that ends so close to the outline was meant to cross it
SHARD = 3  # pixels: smaller bits beside a line are none of the parts


def pixels_on(start: Point, end: Point, shape: tuple[int, ...]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the pixels of a plane on a line, a little longer than drawn.

    Parameters
    ----------
    start, end : (2,) float64
        Row and column, in pixels.
    shape : (int, int)
        Of the plane.
    """
    along = end - start
    length = float(np.hypot(*along))
    if length:
        start, end = start - BEYOND / length * along, end + BEYOND / length * along
    rows, columns = line_pixels(*np.rint([*start, *end]).astype(int))
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    return rows[inside], columns[inside]


def halves(plane: Mask, line: Mask) -> NDArray[np.int32] | None:
    """Return the parts of an object in a plane, numbered from 1, the largest first.

    Parameters
    ----------
    plane : (Y, X) bool
        Where the object is.
    line : (Y, X) bool
        Where the line is.

    Returns
    -------
    (Y, X) int32, or None
        Pixels on the line belong to the part nearer to them; 0 is outside. None where the line does not cross the
        object from one side to the other.
    """
    before, _ = ndimage.label(plane)  # what only a corner holds together is crossed by no line
    parts, n = ndimage.label(plane & ~line)
    sizes = np.bincount(parts.ravel(), minlength=n + 1)
    crossed = np.unique(before[plane & line])
    counted: list[int] = []
    for one in crossed:
        within = np.unique(parts[(before == one) & ~line])
        within = within[(within > 0) & (sizes[within] >= SHARD)]
        counted += within.tolist() if len(within) > 1 else []
    if not counted:
        return None
    numbers = np.zeros(n + 1, np.int32)
    numbers[sorted(counted, key=lambda part: -sizes[part])] = np.arange(1, len(counted) + 1)
    return _grown(numbers[parts], plane)


def sides(inside: NDArray[np.bool_], axes: tuple[int, int], start: Point, end: Point) -> NDArray[np.int32] | None:
    """Return on which side of a plane the pixels of a solid object lie, numbered from 1, the larger first.

    Parameters
    ----------
    inside : (*spatial) bool
        Where the object is.
    axes : (int, int)
        Those that the line was drawn in; the plane runs through it along all others.
    start, end : (2,) float64
        Of the line, in pixels along these axes.

    Returns
    -------
    (*spatial) int32, or None
        None where all of it is on one side.
    """
    rows, columns = (_along(inside.ndim, axis, inside.shape[axis]) for axis in axes)
    along = end - start
    left = along[0] * (columns - start[1]) - along[1] * (rows - start[0]) > 0
    here, there = inside & left, inside & ~left
    if not here.any() or not there.any():
        return None
    smaller = there if here.sum() >= there.sum() else here
    found: NDArray[np.int32] = inside.astype(np.int32) + smaller
    return found


def _along(ndim: int, axis: int, size: int) -> NDArray[np.int64]:
    """Return positions along an axis, in a shape that goes with whole images."""
    return np.arange(size).reshape([-1 if i == axis else 1 for i in range(ndim)])


def _grown(parts: NDArray[Any], inside: Mask) -> NDArray[np.int32]:
    """Return parts of which each takes the pixels of the object that are nearest to it."""
    nearest: NDArray[Any] = ndimage.distance_transform_edt(parts == 0, return_distances=False, return_indices=True)
    found: NDArray[np.int32] = np.where(inside, parts[tuple(nearest)], 0).astype(np.int32)
    return found

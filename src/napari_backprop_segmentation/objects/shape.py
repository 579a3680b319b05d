"""What is measured of the shape of each object, in physical units."""

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import ConvexHull, QhullError
from scipy.spatial.distance import pdist
from skimage.measure import perimeter

from napari_backprop_segmentation.objects.ball import ball_radius

Floats = NDArray[np.float64]
Shapes = dict[str, Floats]

LENGTHS = ("perimeter", "equivalent diameter", "feret diameter max")  # the others are pure numbers
SHIFTS = {ndim: np.array(list(product((-0.5, 0.5), repeat=ndim))) for ndim in (2, 3)}  # corners of a pixel


def shapes(objects: NDArray[np.int32], spacing: Sequence[float]) -> Shapes:
    """Measure the shape of each object; the names are those of ``skimage.measure.regionprops_table``, in words.

    Parameters
    ----------
    objects : (*spatial) int32
        Numbered from 1 without gaps; 0 is outside.
    spacing : sequence of float
        Size of a pixel along each axis.

    Returns
    -------
    dict of str to (n,) float64 arrays
        - ``perimeter`` of planes whose pixels are square: the length of the outline;
        - ``equivalent diameter`` of the disc, or ball, of the same size;
        - ``feret diameter max``: the longest way from one corner of a pixel to another;
        - ``eccentricity``, of planes: 0 for a disc, near 1 for a line;
        - ``solidity``: the share of its convex hull that an object fills, from corner to corner of its pixels.
    """
    ndim, unit = objects.ndim, math.prod(spacing)
    names = shape_names(ndim, spacing)
    square = "perimeter" in names
    found: dict[str, list[float]] = {name: [] for name in names}
    for number, window in enumerate(ndimage.find_objects(objects), start=1):
        inside = objects[window] == number
        size = np.count_nonzero(inside) * unit
        if square:
            found["perimeter"].append(float(perimeter(np.pad(inside, 1))) * spacing[0])
        found["equivalent diameter"].append(2 * ball_radius(size, ndim))
        longest, hull = hull_of(corners_of(inside, spacing, (0,) * ndim))
        found["feret diameter max"].append(longest)
        found["solidity"].append(size / hull)
        if ndim == 2:
            found["eccentricity"].append(_eccentricity(inside, spacing))
    return {name: np.asarray(values, dtype=np.float64) for name, values in found.items()}


def shape_names(ndim: int, spacing: Sequence[float]) -> list[str]:
    """Return what is measured of the shape of objects, in order."""
    square = ndim == 2 and math.isclose(*spacing)
    names = [*["perimeter"] * square, "equivalent diameter", "feret diameter max"]
    return [*names, *["eccentricity"] * (ndim == 2), "solidity"]


def corners_of(inside: NDArray[np.bool_], spacing: Sequence[float], start: Sequence[int]) -> Floats:
    """Return the corners (n, ndim) of the outermost pixels of an object, of which its convex hull is made.

    Parameters
    ----------
    inside : (*window) bool
    spacing : sequence of float
        Size of a pixel along each axis.
    start : sequence of int
        Where the window begins.
    """
    there = inside.any(axis=-1)
    first = inside.argmax(axis=-1)[there]
    last = inside.shape[-1] - 1 - inside[..., ::-1].argmax(axis=-1)[there]
    lines = np.argwhere(there)
    ends = np.concatenate([np.column_stack([lines, first]), np.column_stack([lines, last])])  # no others lie outermost
    found: Floats = (ends[:, None] + start + SHIFTS[inside.ndim]).reshape(-1, inside.ndim) * spacing
    return found


def hull_points(corners: Floats) -> Floats:
    """Return the points (m, ndim) among some (n, ndim) that their convex hull hangs on; all of those in a line."""
    try:
        found: Floats = corners[ConvexHull(corners).vertices]
    except QhullError:
        return np.unique(corners, axis=0)
    return found


def hull_of(corners: Floats) -> tuple[float, float]:
    """Return the diameter and the size of the convex hull around points (n, ndim)."""
    try:
        hull = ConvexHull(corners)
    except QhullError:  # too thin for it: pixels of which one side is nothing beside the others
        sides = np.ptp(corners, axis=0)
        return float(np.linalg.norm(sides)), float(np.prod(sides))
    return float(pdist(corners[hull.vertices]).max()), float(hull.volume)


def _eccentricity(inside: NDArray[np.bool_], spacing: Sequence[float]) -> float:
    """Return the eccentricity of the ellipse with the same second moments."""
    pixels: NDArray[Any] = np.argwhere(inside) * np.asarray(spacing)
    lesser, greater = np.linalg.eigvalsh(np.atleast_2d(np.cov(pixels.T, bias=True)))
    return math.sqrt(max(0.0, 1 - max(float(lesser), 0.0) / float(greater))) if greater > 0 else 0.0


def eccentricities(covariance: Floats, spacing: Sequence[float]) -> Floats:
    """Return the eccentricity (n,) of ellipses of these covariances (n, ndim, ndim) in pixels."""
    sizes = np.asarray(spacing)
    lesser, *_, greater = np.moveaxis(np.linalg.eigvalsh(covariance * sizes[:, None] * sizes), -1, 0)
    share = np.maximum(lesser, 0) / np.where(greater > 0, greater, 1)
    return np.where(greater > 0, np.sqrt(np.maximum(0, 1 - share)), 0.0)

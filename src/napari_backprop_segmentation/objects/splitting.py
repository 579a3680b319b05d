"""Which parts of a tree are most like single objects, and what belongs to each: holes, clefts."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.objects.ball import UNIT_BALL
from napari_backprop_segmentation.objects.moments import PIXEL_MOMENT, covariances

SHAPELESS = 0.75  # roundness from which on a shape counts as an object at all: two discs in touch have 0.89
LEAST_MERIT = 0.02


def best_antichain(parents: NDArray[np.int64], scores: NDArray[np.float64], n_leaves: int) -> NDArray[np.int32]:
    """Choose nodes of a tree, none inside another, so that the sum of their scores is the largest.

    Parameters
    ----------
    parents : (n_nodes,) int
        Parents come after their children; the root, the last node, is its own.
    scores : (n_nodes,) float
        None below 0.
    n_leaves : int
        The first nodes of the tree are never chosen.

    Returns
    -------
    (n_leaves,) int32
        Number of the chosen node above each leaf, from 1; 0 where there is none.
    """
    up, own = parents.tolist(), scores.tolist()
    last = len(up) - 1
    below = [0.0] * len(up)
    chosen = [False] * len(up)
    for node in range(n_leaves, len(up)):
        chosen[node] = own[node] > 0 and own[node] >= below[node]
        if node != last:
            below[up[node]] += max(own[node], below[node])
    owners, count = np.zeros(len(up), np.int32), 0
    for node in range(last, n_leaves - 1, -1):
        owner = owners[up[node]] if node != last else 0
        if not owner and chosen[node]:
            count += 1
            owner = count
        owners[node] = owner
    found: NDArray[np.int32] = owners[parents[:n_leaves]]
    return found


def merit_of(roundness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much each pixel of parts of some roundness counts when parts are chosen, from almost 0 to 1."""
    found: NDArray[np.float64] = np.clip((roundness - SHAPELESS) / (1 - SHAPELESS), LEAST_MERIT, 1) ** 2
    return found


def roundness_from(
    sums: Sequence[NDArray[np.float64]], ndim: int, spacing: Sequence[float] | None
) -> NDArray[np.float64]:
    """Return area over that of the ellipse, or ellipsoid, with the same moments: 1 for an ellipse, less for others.

    `sums` (n,) are pixels, coordinates, and products of two coordinates, in the order of `moments`.
    """
    sizes = tuple(spacing or (1.0,) * ndim)
    found: NDArray[np.float64] = sums[0] * np.prod(sizes) / _ellipse(covariances(sums, sizes))
    return found


def _ellipse(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area of an even ellipse, or ellipsoid, of this covariance (..., ndim, ndim) of its points."""
    ndim = covariance.shape[-1]
    spread = np.maximum((ndim + 2) ** ndim * np.linalg.det(covariance), 1e-12)
    found: NDArray[np.float64] = UNIT_BALL[ndim] * np.sqrt(spread)
    return found


def roundness(inside: NDArray[np.bool_]) -> float:
    """Return how much a mask is like an ellipse, or ellipsoid: 1 for one, less for others; 0 where it is empty."""
    if not inside.any():
        return 0.0
    pixels = np.argwhere(inside).astype(np.float64)
    covariance = np.atleast_2d(np.cov(pixels.T, bias=True)) + np.eye(inside.ndim) / PIXEL_MOMENT
    return float(len(pixels) / _ellipse(covariance))


def filled(objects: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return objects with their holes; what lies in a hole and is an object itself stays one."""
    whole = objects.copy()
    for number, (window, inside) in enumerate(each_label(objects), start=1):
        holes = ndimage.binary_fill_holes(inside) & (objects[window] == 0)
        whole[window][holes] = number
    return whole


def closed(
    objects: NDArray[np.int32], within: NDArray[np.int32], radius: float, spacing: Sequence[float]
) -> NDArray[Any]:
    """Return objects with what they enclose of their region: clefts no ball can get into from outside, and islands.

    Parameters
    ----------
    objects : (*spatial) int32
        Numbered from 1; 0 is outside.
    within : (*spatial) int32
        Regions; an object does not grow beyond the one that most of it lies in.
    radius : float
        Of the ball, in units of `spacing`.
    spacing : sequence of float
        Size of a pixel along each axis.
    """
    whole = objects.copy()
    for number, (window, inside) in enumerate(each_label(whole), start=1):
        if inside.any():  # else an island of an object before
            whole[window][clefts_of(inside, whole[window], within[window], radius, spacing)] = number
    return renumbered(whole, whole > 0)


def clefts_of(
    inside: NDArray[np.bool_],
    objects: NDArray[Any],
    within: NDArray[Any],
    radius: float,
    spacing: Sequence[float],
) -> NDArray[np.bool_]:
    """Return what an object (*window) encloses, see `closed`."""
    pads = [int(np.ceil(radius / size)) for size in spacing]
    inner = tuple(slice(pad, -pad) for pad in pads)
    home = np.bincount(within[inside]).argmax()
    padded = np.pad(inside, [(pad, pad) for pad in pads])
    near = ndimage.distance_transform_edt(~padded, sampling=spacing) <= radius
    cleft = (ndimage.distance_transform_edt(near, sampling=spacing) > radius)[inner] & (objects == 0)
    enclosed = cleft | ndimage.binary_fill_holes(inside | cleft) & ~inside
    found: NDArray[np.bool_] = enclosed & (within == home)
    return found


def each_label(labels: NDArray[np.int32]) -> Iterator[tuple[tuple[slice, ...], NDArray[np.bool_]]]:
    """Yield the window of each label that occurs, and where in it the label is."""
    for number, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is not None:
            yield window, labels[window] == number


def largest_part(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the largest part of a mask (*spatial) that hangs together, the first of equal ones."""
    parts, n_parts = ndimage.label(mask)
    if n_parts < 2:
        return mask
    largest: NDArray[np.bool_] = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:])
    return largest

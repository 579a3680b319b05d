"""Where touching objects part: by the brightness inside them, and by the shape of their outline."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.segmentation import watershed

from napari_backprop_segmentation.image.labels import renumbered

LEVELS = 32  # of brightness between the threshold and the brightest pixels of a part
BRIGHTEST = 99.9  # percentile
SHAPELESS = 0.75  # roundness from which on a shape counts as an object at all: two discs in touch have 0.89
LEAST_MERIT = 0.02
PIXEL_MOMENT = 12  # a pixel spreads as far as its own square or cube: 1 / 12 in each direction
SPLIT_SIGMA = 1.0  # pixels of smoothing of the distance to the outline, else every dent is a peak
SPLIT_SHARE = 0.75  # of the radius of a typical object: peaks closer than this belong to one object
MOST_PART_PIXELS = 2**18  # larger parts are no clumps of objects, and higra holds the interpreter over them


def bright_cores(
    light: NDArray[np.float32], mask: NDArray[np.bool_], min_size: int, spacing: Sequence[float] | None = None
) -> NDArray[np.int32]:
    """Return the roundest bright parts of a mask: one marker for each object.

    The parts above each level of brightness form a tree (the max-tree). Of all ways to choose parts that do not
    overlap, the one is returned whose areas, weighted by roundness, have the largest sum: a clump is left whole unless
    its brighter parts make up in roundness for what they lose in area.

    Parameters
    ----------
    light : (*spatial) float32
        Objects are bright.
    mask : (*spatial) bool
        Where objects may be.
    min_size : int
        Smallest core in pixels.
    spacing : sequence of float, optional
        Size of a pixel along each axis, in any unit; all alike if left out.

    Returns
    -------
    (*spatial) int32
        Numbered from 1; 0 is outside.
    """
    parts, _ = ndimage.label(mask)
    cores = np.zeros(mask.shape, np.int32)
    found = 0
    for window, inside in _each(parts):
        size = int(inside.sum())
        if size > MOST_PART_PIXELS or size < 2 * min_size:
            chosen = inside.astype(np.int32)
        else:
            chosen = _best_nodes(_levels(light[window], inside), min_size, spacing)
        cores[window][chosen > 0] = chosen[chosen > 0] + found
        found += int(chosen.max())
    return cores


def _levels(light: NDArray[np.float32], inside: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return brightness in steps from 1; 0 outside."""
    values = light[inside]
    low, high = values.min(), np.percentile(values, BRIGHTEST)
    steps = np.floor((light - low) / max(float(high - low), 1e-9) * LEVELS)
    return np.where(inside, 1 + np.clip(steps, 0, LEVELS - 1), 0).astype(np.float64)


def _best_nodes(levels: NDArray[np.float64], min_size: int, spacing: Sequence[float] | None) -> NDArray[np.int32]:
    """Return the chosen nodes of the max-tree of an image of levels, numbered from 1."""
    import higra as hg  # takes most of a second, and few runs need it

    tree, altitudes = hg.component_tree_max_tree(_grid_graph(levels.shape), levels.ravel())
    sums = [
        hg.accumulate_sequential(tree, values.ravel(), hg.Accumulators.sum)
        for values in _moments(levels.shape, spacing)
    ]
    roundness = roundness_from(sums, len(levels.shape), spacing)
    areas = sums[0]
    scores = np.where((areas >= min_size) & (altitudes >= 1), areas * merit_of(roundness), 0)
    owners = best_antichain(tree.parents(), scores, tree.num_leaves())
    found: NDArray[np.int32] = owners.reshape(levels.shape)
    return found


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


def _grid_graph(shape: Sequence[int]) -> object:
    import higra as hg

    if len(shape) == 2:
        return hg.get_4_adjacency_graph(tuple(shape))
    return hg.get_nd_regular_graph(tuple(shape), np.eye(len(shape), dtype=np.int64))


def _moments(shape: Sequence[int], spacing: Sequence[float] | None) -> Iterator[NDArray[np.float64]]:
    """Yield one, each coordinate, and each product of two, for every pixel."""
    yield np.ones(shape)
    steps = spacing or (1.0,) * len(shape)
    axes = [np.arange(n, dtype=np.float64) * step for n, step in zip(shape, steps, strict=True)]
    grid = [np.broadcast_to(values, shape).copy() for values in np.ix_(*axes)]
    yield from grid
    for i, one in enumerate(grid):
        for other in grid[i:]:
            yield one * other


def region_roundness(
    index: NDArray[np.int32], total: Callable[[NDArray[Any]], NDArray[np.float64]], spacing: Sequence[float]
) -> NDArray[np.float64]:
    """Return the roundness (n_nodes,) of unions of regions.

    Parameters
    ----------
    index : (*spatial) int32
        Region of each pixel, from 0.
    total : callable
        From a value of each region to the sum in each union.
    spacing : sequence of float
        Size of a pixel along each axis, in any unit.
    """
    sums = [total(np.bincount(index.ravel(), values.ravel())) for values in _moments(index.shape, spacing)]
    return roundness_from(sums, index.ndim, spacing)


def merit_of(roundness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much each pixel of parts of some roundness counts when parts are chosen, from almost 0 to 1."""
    found: NDArray[np.float64] = np.clip((roundness - SHAPELESS) / (1 - SHAPELESS), LEAST_MERIT, 1) ** 2
    return found


def roundness_from(
    sums: Sequence[NDArray[np.float64]], ndim: int, spacing: Sequence[float] | None
) -> NDArray[np.float64]:
    """Return area over that of the ellipse, or ellipsoid, with the same moments: 1 for an ellipse, less for others.

    `sums` (n,) are pixels, coordinates, and products of two coordinates, in the order of `_moments`.
    """
    steps = np.array(spacing or (1.0,) * ndim)
    areas, firsts, seconds = sums[0], sums[1 : 1 + ndim], iter(sums[1 + ndim :])
    covariance = np.empty((len(areas), ndim, ndim))
    for i in range(ndim):
        for j in range(i, ndim):
            value = next(seconds) / areas - firsts[i] * firsts[j] / areas**2
            covariance[:, i, j] = covariance[:, j, i] = value + (i == j) * steps[i] ** 2 / PIXEL_MOMENT
    found: NDArray[np.float64] = areas * np.prod(steps) / _ellipse(covariance)
    return found


def _ellipse(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the area of an even ellipse, or ellipsoid, of this covariance (..., ndim, ndim) of its points."""
    ndim = covariance.shape[-1]
    unit_ball = {2: np.pi, 3: 4 / 3 * np.pi}[ndim]
    found: NDArray[np.float64] = unit_ball * np.sqrt(np.maximum((ndim + 2) ** ndim * np.linalg.det(covariance), 1e-12))
    return found


def roundness(inside: NDArray[np.bool_]) -> float:
    """Return how much a mask is like an ellipse, or ellipsoid: 1 for one, less for others; 0 where it is empty."""
    if not inside.any():
        return 0.0
    pixels = np.argwhere(inside).astype(np.float64)
    covariance = np.atleast_2d(np.cov(pixels.T, bias=True)) + np.eye(inside.ndim) / PIXEL_MOMENT
    return float(len(pixels) / _ellipse(covariance))


def split_at_necks(objects: NDArray[np.int32], spacing: Sequence[float] | None = None) -> NDArray[Any]:
    """Return objects divided at the necks of their outline.

    A watershed of the distance to the outline, from its peaks. Peaks closer together than three quarters of the
    radius of a typical object are one.

    Parameters
    ----------
    objects : (*spatial) int32
        Numbered from 1 without gaps; 0 is outside.
    spacing : sequence of float, optional
        Size of a pixel along each axis, in any unit; all alike if left out.
    """
    n = int(objects.max())
    if not n:
        return objects
    distance = np.zeros(objects.shape)
    for window, inside in _each(objects):
        # An object ends at the edge of its window, also where that is the edge of another.
        own = ndimage.distance_transform_edt(np.pad(inside, 1), sampling=spacing)
        distance[window][inside] = own[(slice(1, -1),) * inside.ndim][inside]
    radii = np.asarray(ndimage.maximum(distance, objects, np.arange(1, n + 1)))
    areas = np.bincount(objects.ravel(), minlength=n + 1)[1:]
    order = np.argsort(radii)
    typical = radii[order][np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)]
    sizes = np.array(spacing or (1.0,) * objects.ndim)
    smooth = ndimage.gaussian_filter(distance, SPLIT_SIGMA * sizes.min() / sizes) * (objects > 0)
    apart = SPLIT_SHARE * typical
    if np.ptp(sizes):
        seeds = _highest_within(smooth, np.maximum(1, np.rint(apart / sizes)).astype(int))
    else:
        closest = max(1, round(apart / sizes[0]))
        peaks = peak_local_max(smooth, min_distance=closest, labels=objects, exclude_border=False)
        seeds = np.zeros(objects.shape, np.int32)
        seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    basins = watershed(-smooth, seeds, mask=objects > 0).astype(np.int64)
    # A basin may reach into a neighbour it touches; each object keeps its own share.
    return renumbered(basins * (n + 1) + objects, objects > 0)


def _highest_within(heights: NDArray[Any], reach: NDArray[np.int_]) -> NDArray[np.int32]:
    """Return numbered peaks: where nothing within so many pixels along each axis is higher, and more than 0."""
    peaks = (heights == ndimage.maximum_filter(heights, tuple(2 * reach + 1))) & (heights > 0)
    found: NDArray[np.int32] = ndimage.label(peaks, np.ones((3,) * heights.ndim))[0]
    return found


def filled(objects: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return objects with their holes; what lies in a hole and is an object itself stays one."""
    whole = objects.copy()
    for number, (window, inside) in enumerate(_each(objects), start=1):
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
    pads = [int(np.ceil(radius / size)) for size in spacing]
    inner = tuple(slice(pad, -pad) for pad in pads)
    for number, (window, inside) in enumerate(_each(whole), start=1):
        if not inside.any():
            continue  # an island of an object before
        home = np.bincount(within[window][inside]).argmax()
        padded = np.pad(inside, [(pad, pad) for pad in pads])
        near = ndimage.distance_transform_edt(~padded, sampling=spacing) <= radius
        cleft = (ndimage.distance_transform_edt(near, sampling=spacing) > radius)[inner] & (whole[window] == 0)
        enclosed = cleft | ndimage.binary_fill_holes(inside | cleft) & ~inside
        whole[window][enclosed & (within[window] == home)] = number
    return renumbered(whole, whole > 0)


def _each(labels: NDArray[np.int32]) -> Iterator[tuple[tuple[slice, ...], NDArray[np.bool_]]]:
    """Yield the window of each label that occurs, and where in it the label is."""
    for number, window in enumerate(ndimage.find_objects(labels), start=1):
        if window is not None:
            yield window, labels[window] == number

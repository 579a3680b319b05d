"""Where touching objects part at the necks of their outline."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import KDTree

from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.objects.flooding import flooded
from napari_backprop_segmentation.objects.splitting import each_label

SPLIT_SIGMA = 1.0  # pixels of smoothing of the distance to the outline, else every dent is a peak
SPLIT_HALO = 4  # pixels: where that smoothing has ended
SPLIT_SHARE = 0.75  # of the radius of a typical object: peaks closer than this belong to one object


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
    if not objects.any():
        return objects
    return divided_at_necks(objects, NeckDistance.of(objects, spacing), spacing)


@dataclass(frozen=True, eq=False)
class NeckDistance:
    """How far inside its object each pixel lies.

    Attributes
    ----------
    distance : (*spatial) float64
        To the outline of its own object, also where that touches another one; 0 outside.
    typical : float
        The largest distance in a typical object: half of all pixels lie in objects that are thicker.
    """

    distance: NDArray[np.float64]
    typical: float

    @classmethod
    def of(cls, objects: NDArray[np.int32], spacing: Sequence[float] | None = None) -> Self:
        """Return the distances of all objects of an image; parameters as of `split_at_necks`."""
        distance = outline_distance(objects, spacing)
        return cls(distance, typical_radius(radii_of(distance, objects), np.bincount(objects.ravel())[1:]))


def outline_distance(objects: NDArray[np.int32], spacing: Sequence[float] | None) -> NDArray[np.float64]:
    """Return how far each pixel (*window) is from the outline of its object; 0 outside."""
    distance = np.zeros(objects.shape)
    for window, inside in each_label(objects):
        # An object ends at the edge of its window, also where that is the edge of another.
        own = ndimage.distance_transform_edt(np.pad(inside, 1), sampling=spacing)
        distance[window][inside] = own[(slice(1, -1),) * inside.ndim][inside]
    return distance


def radii_of(distance: NDArray[np.float64], objects: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return the largest distance (n,) in each object."""
    return np.asarray(ndimage.maximum(distance, objects, np.arange(1, int(objects.max()) + 1)))


def typical_radius(radii: NDArray[np.float64], areas: NDArray[np.int64]) -> float:
    """Return the radius of a typical object, see `NeckDistance`."""
    order = np.argsort(radii)
    return float(radii[order][np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)])


def neck_halo(typical: float, spacing: Sequence[float] | None = None) -> int:
    """Return how many pixels around an object decide where its necks are, see `NeckDistance`."""
    sizes = np.array(spacing or (1.0,))
    return SPLIT_HALO + (int(_reach(typical, sizes).max()) if np.ptp(sizes) else 0)


def divided_at_necks(
    objects: NDArray[np.int32], inner: NeckDistance, spacing: Sequence[float] | None = None
) -> NDArray[Any]:
    """Return objects divided at their necks, see `split_at_necks`; distances may be of further objects."""
    n = int(objects.max())
    if not n:
        return objects
    sizes = np.array(spacing or (1.0,) * objects.ndim)
    smooth = ndimage.gaussian_filter(inner.distance, SPLIT_SIGMA * sizes.min() / sizes) * (inner.distance > 0)
    if np.ptp(sizes):
        seeds = np.where(objects > 0, _highest_within(smooth, _reach(inner.typical, sizes)), 0)
    else:
        peaks = object_peaks(smooth, objects, int(_reach(inner.typical, sizes)[0]))
        seeds = np.zeros(objects.shape, np.int32)
        seeds.ravel()[peaks] = np.arange(1, len(peaks) + 1)
    # An object with one peak stays as it is. A basin may reach into a neighbour; each object keeps its own share.
    several = np.bincount(objects[seeds > 0], minlength=n + 1) > 1
    basins = np.zeros(objects.shape, np.int64)
    if several.any():
        divided = several[objects]
        basins += flooded(-smooth, np.where(divided, seeds, 0), divided)
    return renumbered(objects * np.int64(seeds.max() + 1) + basins, objects > 0)


def _reach(typical: float, sizes: NDArray[np.float64]) -> NDArray[np.int_]:
    """Return within how many pixels along each axis peaks are one."""
    return np.maximum(1, np.rint(SPLIT_SHARE * typical / sizes)).astype(int)


def object_peaks(heights: NDArray[np.float64], objects: NDArray[np.int32], closest: int) -> NDArray[np.int64]:
    """Return the highest pixels of each object: those with nothing higher in the object within so many pixels.

    What `skimage.feature.peak_local_max` finds object by object, for all of them at once, which takes a quarter of the
    time. Of equally high ones so close together the first is taken.

    Parameters
    ----------
    heights : (*spatial) float
        More than 0 in objects.
    objects : (*spatial) int32
    closest : int
        Pixels along each axis.

    Returns
    -------
    (n_peaks,) int64
        Places in the flat image; object by object, the highest first.
    """
    edge = np.pad(objects, closest)
    high, owner = np.pad(heights, closest).ravel(), edge.ravel()
    strides = [int(np.prod(edge.shape[axis + 1 :])) for axis in range(edge.ndim)]

    def highest(places: NDArray[np.int64], reach: int) -> NDArray[np.int64]:
        offsets = [np.dot(step, strides) for step in product(range(-reach, reach + 1), repeat=edge.ndim) if any(step)]
        for offset in offsets:
            other = places + offset
            places = places[(owner[other] != owner[places]) | (high[other] <= high[places])]
        return places

    peaks = highest(highest(np.flatnonzero(owner), 1), closest)
    peaks = peaks[np.lexsort((peaks, -high[peaks], owner[peaks]))]
    points = np.stack(np.unravel_index(peaks, edge.shape), axis=1) - closest
    kept = np.ones(len(peaks), bool)
    close = KDTree(points).query_pairs(closest, p=np.inf, output_type="ndarray")
    for first, second in close[np.lexsort(close.T[::-1])]:
        if kept[first] and owner[peaks[first]] == owner[peaks[second]]:
            kept[second] = False
    found: NDArray[np.int64] = np.ravel_multi_index(tuple(points[kept].T), objects.shape)
    return found


def _highest_within(heights: NDArray[Any], reach: NDArray[np.int_]) -> NDArray[np.int32]:
    """Return numbered peaks: where nothing within so many pixels along each axis is higher, and more than 0."""
    peaks = (heights == ndimage.maximum_filter(heights, tuple(2 * reach + 1))) & (heights > 0)
    found: NDArray[np.int32] = ndimage.label(peaks, np.ones((3,) * heights.ndim))[0]
    return found

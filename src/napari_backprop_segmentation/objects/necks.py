"""Where touching objects part at the necks of their outline."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree

from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.objects.flooding import flooded
from napari_backprop_segmentation.objects.splitting import each_label

SPLIT_SIGMA = 1.0  # pixels of smoothing of the distance to the outline, else every dent is a peak
SPLIT_HALO = 4  # pixels: where that smoothing has ended
SPLIT_SHARE = 0.75  # of the radius of a typical object: peaks closer than this belong to one object
# Of the half width of the thinner side: what is wider is no neck. Two discs meet so where they are one radius apart.
# F1 of fluorescent nuclei, large and small, of tissue in purple, and in purple and white, and of generated rods:
# .91, .78, .66, .70, .74 without this rule; .93, .79, .70, .69, .91 at .9; .94, .79, .70, .69, .98 at .85; .94, .78,
# .70, .68, .99 at .8. It costs .02 on TiO2 particles (.44).
NECK = 0.85


def split_at_necks(objects: NDArray[np.int32], spacing: Sequence[float] | None = None) -> NDArray[Any]:
    """Return objects divided at the necks of their outline.

    A watershed of the distance to the outline, from its peaks. Peaks closer together than three quarters of the
    radius of a typical object are one, and so are those between which the object is hardly narrower than at the lower
    one: a rod or a worm has many peaks and no neck.

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
    return _largest_in(distance, objects)


def _largest_in(values: NDArray[np.float64], labels: NDArray[Any]) -> NDArray[np.float64]:
    """Return the largest value (n,), from 0, under each label from 1; without sorting all pixels as scipy does."""
    inside = np.flatnonzero(labels)
    found = np.zeros(int(labels.max(initial=0)) + 1)
    np.maximum.at(found, labels.ravel()[inside].astype(np.intp), values.ravel()[inside])
    return found[1:]


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
    parts = renumbered(objects * np.int64(seeds.max() + 1) + basins, objects > 0)
    return joined_without_neck(parts, objects, smooth) if several.any() else parts


def joined_without_neck(
    parts: NDArray[Any], objects: NDArray[np.int32], half_width: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Return parts of objects (*spatial), of which those are joined between which there is no neck.

    Parameters
    ----------
    parts : (*spatial) int array
        Numbered from 1 without gaps; 0 is outside.
    objects : (*spatial) int32
        What they are parts of; those of different objects are never joined.
    half_width : (*spatial) float64
        The distance to the outline.
    """
    n = int(parts.max()) + 1
    codes, widths = [], []
    for axis in range(parts.ndim):
        one, other = (np.moveaxis(parts, axis, 0)[cut] for cut in (slice(-1), slice(1, None)))
        owner, width = np.moveaxis(objects, axis, 0), np.moveaxis(half_width, axis, 0)
        meets = (one != other) & (owner[:-1] == owner[1:])
        codes.append(np.minimum(one, other)[meets].astype(np.int64) * n + np.maximum(one, other)[meets])
        widths.append(np.minimum(width[:-1], width[1:])[meets])
    pairs, where = np.unique(np.concatenate(codes), return_inverse=True)
    passage = np.zeros(len(pairs))  # how wide the way from one to the other is
    np.maximum.at(passage, where, np.concatenate(widths))
    low, high = np.divmod(pairs, n)
    widest = np.concatenate([[0.0], _largest_in(half_width, parts)])
    wide = passage >= NECK * np.minimum(widest[low], widest[high])
    joins = coo_array((wide[wide], (low[wide], high[wide])), shape=(n, n))
    _, numbers = connected_components(joins, directed=False)
    found: NDArray[np.int32] = numbers[parts].astype(np.int32)
    return found


def _reach(typical: float, sizes: NDArray[np.float64]) -> NDArray[np.int_]:
    """Return within how many pixels along each axis peaks are one."""
    return np.maximum(1, np.rint(SPLIT_SHARE * typical / sizes)).astype(int)


def object_peaks(heights: NDArray[np.float64], objects: NDArray[np.int32], closest: int) -> NDArray[np.int64]:
    """Return the highest pixels of each object: those with nothing higher in the object within so many pixels.

    What `skimage.feature.peak_local_max` finds object by object, in a tenth of the time. Of equally high ones so close
    together the first is taken.

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
    found = []
    for window, inside in each_label(objects):
        own = np.where(inside, heights[window], 0)
        highest = inside & (ndimage.maximum_filter(own, 2 * closest + 1, mode="constant") == own)
        found.append(np.argwhere(highest) + [each.start for each in window])
    points = np.concatenate(found)
    places = np.ravel_multi_index(tuple(points.T), objects.shape)
    high, owner = heights.ravel()[places], objects.ravel()[places]
    order = np.lexsort((places, -high, owner))
    points, owner = points[order], owner[order]
    kept = np.ones(len(points), bool)
    close = KDTree(points).query_pairs(closest, p=np.inf, output_type="ndarray")
    for first, second in close[np.lexsort(close.T[::-1])]:
        if kept[first] and owner[first] == owner[second]:
            kept[second] = False
    peaks: NDArray[np.int64] = np.ravel_multi_index(tuple(points[kept].T), objects.shape)
    return peaks


def _highest_within(heights: NDArray[Any], reach: NDArray[np.int_]) -> NDArray[np.int32]:
    """Return numbered peaks: where nothing within so many pixels along each axis is higher, and more than 0."""
    peaks = (heights == ndimage.maximum_filter(heights, tuple(2 * reach + 1))) & (heights > 0)
    found: NDArray[np.int32] = ndimage.label(peaks, np.ones((3,) * heights.ndim))[0]
    return found

"""From regions to things to count: which regions are objects, and where touching ones are split."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu
from skimage.measure import label as connected_components
from skimage.segmentation import clear_border, watershed

from napari_backprop_segmentation.engine.colour import RGB, perceived
from napari_backprop_segmentation.engine.model import label_dtype
from napari_backprop_segmentation.settings import Objects

SPLIT_SIGMA = 1.0  # pixels of smoothing of the distance to the background, else every dent is a peak
SPLIT_SHARE = 0.75  # of the radius of a typical object: peaks closer than this belong to one object
LEVELS = 256
OBJECT_DETAIL = 90.0  # of the cut whose regions are told apart: the finest were best on development nuclei
VOLUME_OBJECT_DETAIL = 75.0  # in volumes, where noise is averaged over larger regions


@dataclass(frozen=True)
class ObjectRules:
    """What counts as an object.

    Attributes
    ----------
    side : {"auto", "bright", "dark"}
        Whether objects are brighter or darker than the ground; `auto` takes the side that holds less of the image's
        frame.
    split : bool
        Whether touching objects are told apart by their shape.
    fill : bool
        Whether holes belong to the object around them.
    min_size : int
        Smallest object, in pixels.
    drop_border : bool
        Whether objects cut off by the edge of the image are left out.
    """

    side: Objects = "auto"
    split: bool = True
    fill: bool = True
    min_size: int = 30
    drop_border: bool = False


def find_objects(
    regions: NDArray[Any], image: NDArray[np.float32], rules: ObjectRules, spacing: tuple[float, ...] | None = None
) -> NDArray[Any]:
    """Return the objects of an image that is divided into regions.

    Parameters
    ----------
    regions : (*spatial) int array
        For example a cut of a `Hierarchy`.
    image : (C, *spatial) float32
        Normalised intensities.
    rules : ObjectRules
    spacing : tuple of float, optional
        Size of a pixel along each axis, in any unit; all alike if left out.

    Returns
    -------
    (*spatial) int array
        Numbered from 1; 0 is the ground.
    """
    mask = foreground(regions, brightness(image), rules.side)
    if rules.fill:
        mask = ndimage.binary_fill_holes(mask)
    objects = split_touching(mask, spacing) if rules.split else connected_components(mask, connectivity=1)
    if rules.drop_border:
        objects = clear_border(objects)
    sizes = np.bincount(objects.ravel())
    keep = sizes >= rules.min_size
    keep[0] = False
    numbers = np.where(keep, np.cumsum(keep), 0)
    found: NDArray[Any] = numbers.astype(label_dtype(int(keep.sum())))[objects]
    return found


def brightness(image: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return lightness of RGB, else the mean of the channels (*spatial)."""
    light: NDArray[np.float32] = perceived(image)[0] if len(image) == RGB else image.mean(axis=0)
    return light


def foreground(regions: NDArray[Any], light: NDArray[np.float32], side: Objects) -> NDArray[np.bool_]:
    """Return where the objects are: regions on one side of Otsu's threshold of the regions' mean brightness.

    The threshold is that of the image in which every pixel has the mean of its region.
    """
    _, index = np.unique(regions, return_inverse=True)
    index = index.ravel()
    areas = np.bincount(index)
    means = np.bincount(index, light.ravel()) / areas
    if means.min() == means.max():
        return np.zeros(regions.shape, bool)
    counts, edges = np.histogram(means, LEVELS, weights=areas)
    middles = (edges[1:] + edges[:-1]) / 2
    # Otsu's method names the last bin of the dark side.
    bright = means >= edges[1:][np.searchsorted(middles, threshold_otsu(hist=(counts, middles)))]
    if side == "auto":
        on_frame = np.bincount(index, _frame(regions.shape).ravel())
        side = "dark" if on_frame[bright].sum() > on_frame[~bright].sum() else "bright"
    chosen: NDArray[np.bool_] = (bright if side == "bright" else ~bright)[index].reshape(regions.shape)
    return chosen


def split_touching(mask: NDArray[np.bool_], spacing: tuple[float, ...] | None = None) -> NDArray[np.int32]:
    """Return the connected parts of a mask, divided at necks.

    A watershed of the distance to the background, from its peaks. Peaks closer together than three quarters of the
    radius of a typical object are one.
    """
    parts, n = ndimage.label(mask)
    if not n:
        return np.zeros(mask.shape, np.int32)
    distance = ndimage.distance_transform_edt(mask, sampling=spacing)
    radii = ndimage.maximum(distance, parts, np.arange(1, n + 1))
    areas = np.bincount(parts.ravel())[1:]
    order = np.argsort(radii)
    typical = radii[order][np.searchsorted(np.cumsum(areas[order]), areas.sum() / 2)]
    sizes = np.array(spacing or (1.0,) * mask.ndim)
    smooth = ndimage.gaussian_filter(distance, SPLIT_SIGMA * sizes.min() / sizes) * mask
    apart = SPLIT_SHARE * typical
    if np.ptp(sizes):
        seeds = _highest_within(smooth, np.maximum(1, np.rint(apart / sizes)).astype(int))
    else:
        peaks = peak_local_max(smooth, min_distance=max(1, round(apart / sizes[0])), labels=parts, exclude_border=False)
        seeds = np.zeros(mask.shape, np.int32)
        seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
    found: NDArray[np.int32] = watershed(-smooth, seeds, mask=mask)
    return found


def _highest_within(heights: NDArray[Any], reach: NDArray[np.int_]) -> NDArray[np.int32]:
    """Return numbered peaks: where nothing within so many pixels along each axis is higher, and more than 0."""
    peaks = (heights == ndimage.maximum_filter(heights, tuple(2 * reach + 1))) & (heights > 0)
    found: NDArray[np.int32] = ndimage.label(peaks, np.ones((3,) * heights.ndim))[0]
    return found


def _frame(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where the outermost pixels of an image lie."""
    frame = np.ones(shape, bool)
    frame[(slice(1, -1),) * len(shape)] = False
    return frame

"""From pixels that stand out to single objects: by the brightness inside them, and by the necks of their outline.

What hangs together is a part. No part has any influence on what is found in another: so parts can be looked at one by
one, in blocks of an image, with the result of all at once.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.objects.cores import bright_cores, reach_of
from napari_backprop_segmentation.objects.necks import NeckDistance, divided_at_necks
from napari_backprop_segmentation.objects.rejoining import rejoined
from napari_backprop_segmentation.objects.splitting import filled
from napari_backprop_segmentation.params.sections import Objects

HALF_HEIGHT = 0.6  # of the way from the ground to an object's own brightness: where it ends
VOLUME = "ZYX"
# How many times itself the smaller part must add to a whole in a volume, where a neck speaks for two. Read off
# generated volumes (as of benchmarks/phantoms.py, some with lognormal texture inside nuclei added), two of plant
# nuclei, StarDist and cells3d: the same objects from 1.25 to 2; at 1 two fewer of StarDist's 51, at 4 as many pieces
# as ever.
NECK = 1.5

Places = tuple[int, ...]


def bright_objects(
    light: NDArray[np.float32],
    mask: NDArray[np.bool_],
    ground: float,
    rules: Objects,
    spacing: Sequence[float] | None,
    *,
    start: Places = (),
) -> NDArray[np.int32]:
    """Return objects (*window), told apart by the brightness inside them, from 1 without gaps.

    Parameters
    ----------
    light : (*window) float32
        High in objects.
    mask : (*window) bool
        Where objects may be: whole parts.
    ground : float
        How high the ground is.
    rules : Objects
    spacing : sequence of float, optional
        Size of a pixel along each axis, in any unit; all alike if left out.
    start : tuple of int
        Where in the image the window begins; at its first pixel if left out.
    """
    cores = bright_cores(light, mask, rules.least_pixels, spacing)
    reach = reach_of(cores, light, mask)
    if light.ndim == len(VOLUME):  # in a plane the texture of a nucleus rarely parts it all the way through
        reach = rejoined(reach, spacing, start=start)
    single = _above_half(light, reach, ground, cores)
    return filled(single) if rules.fill_holes else single


def necks_divided(
    objects: NDArray[np.int32], distance: NeckDistance, spacing: Sequence[float] | None, start: Places = ()
) -> NDArray[Any]:
    """Return objects (*window) divided at the necks of their outline, see `bright_objects` and `necks`."""
    parts = divided_at_necks(objects, distance, spacing)
    return rejoined(parts, spacing, NECK, start=start) if objects.ndim == len(VOLUME) else parts


def _above_half(
    light: NDArray[np.float32], reach: NDArray[np.int32], ground: float, cores: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return what each object reaches, only as far as its own brightness, not the image's, says.

    That is the brightness of its core; several that were joined are but bright spots, and all that it reaches counts.
    """
    numbers = np.arange(1, int(reach.max()) + 1)
    heights = np.full(len(numbers) + 1, np.inf)
    heights[1:] = ndimage.mean(light, np.where(cores > 0, reach, 0), numbers)
    if len(numbers) < cores.max():  # some were joined
        _, first = np.unique(cores, return_index=True)
        joined = np.flatnonzero(np.bincount(reach.flat[first[1:]], minlength=len(heights)) > 1)
        heights[joined] = ndimage.median(light, reach, joined)
    kept = light > (ground + HALF_HEIGHT * (heights - ground))[reach]
    return renumbered(reach, kept).astype(np.int32)

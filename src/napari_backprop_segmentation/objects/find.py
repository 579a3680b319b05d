"""Where all ways of looking for objects part: by what they stand out."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.objects.foreground import foreground_objects
from napari_backprop_segmentation.objects.outlined import outlined_objects
from napari_backprop_segmentation.params.sections import Objects

OBJECT_DETAIL = 90.0  # of the cut whose regions steady the brightness
VOLUME_OBJECT_DETAIL = 75.0  # in volumes, where noise is averaged over larger regions


def find_objects(
    tree: Hierarchy,
    image: NDArray[np.float32],
    rules: Objects,
    ridges: Ridges | None = None,
    spacing: tuple[float, ...] | None = None,
) -> NDArray[Any]:
    """Return the objects of an image.

    Parameters
    ----------
    tree : Hierarchy
        The merge tree of the image.
    image : (C, *spatial) float32
        Normalised intensities.
    rules : Objects
        What is looked for.
    ridges : Ridges, optional
        For outlined objects: what outlines them.
    spacing : tuple of float, optional
        Size of a pixel along each axis, the smallest being 1; all alike if left out.

    Returns
    -------
    (*spatial) int array
        Numbered from 1; 0 is the ground.
    """
    if rules.objects != "outlined":
        return foreground_objects(fine_regions(tree), image, rules, spacing)
    if ridges is None:
        raise ParameterError("ridges must be found for outlined objects, got none; call source_ridges")
    return outlined_objects(tree, image, ridges, rules, spacing)


def fine_regions(tree: Hierarchy) -> NDArray[Any]:
    """Return the regions among which objects are looked for."""
    return tree.cut(OBJECT_DETAIL if tree.index.ndim == len("YX") else VOLUME_OBJECT_DETAIL)

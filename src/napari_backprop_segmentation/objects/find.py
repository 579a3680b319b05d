"""Where all ways of looking for objects part: by what they stand out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.objects.foreground import cleaned, foreground_objects
from napari_backprop_segmentation.objects.outlined import outlined_objects
from napari_backprop_segmentation.objects.reading import Reading
from napari_backprop_segmentation.objects.tree_cuts import fine_regions
from napari_backprop_segmentation.objects.ways import readings_of
from napari_backprop_segmentation.params.sections import Objects


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
    if rules.reading:
        return read_objects(readings_of(tree, image, spacing), rules)
    if rules.objects != "outlined":
        return foreground_objects(fine_regions(tree), image, rules, spacing)
    if ridges is None:
        raise ParameterError("ridges must be found for outlined objects, got none; call source_ridges")
    return outlined_objects(tree, image, ridges, rules, spacing)


def read_objects(readings: Sequence[Reading], rules: Objects) -> NDArray[Any]:
    """Return the objects of one of several readings, as `rules.reading` says, without those that are too small."""
    return labels_of(reading_at(readings, rules), rules)


def labels_of(reading: Reading, rules: Objects) -> NDArray[Any]:
    """Return the objects (*spatial) of a reading, as far as the rules let them be, whatever `rules.reading` says."""
    return cleaned_reading(reading.labels(rules.strictness), rules, reading.smallest)


def reading_at(readings: Sequence[Reading], rules: Objects) -> Reading:
    """Return the reading that `rules.reading` says.

    Raises
    ------
    ParameterError
        If there are not so many readings.
    """
    if rules.reading > len(readings):
        found = f"from 0 to {len(readings)}, as this image has so many" if readings else "0, as there is no other"
        raise ParameterError(f"reading must be {found}, got {rules.reading}; choose one of these")
    return readings[rules.reading - 1]


def cleaned_reading(objects: NDArray[Any], rules: Objects, smallest: int) -> NDArray[Any]:
    """Return objects of a reading without those that are too small or, on request, cut off; joined on request."""
    if not rules.split_objects:
        objects = connected_components(objects > 0, connectivity=1)
    return cleaned(objects, replace(rules, min_object=rules.min_object or smallest))

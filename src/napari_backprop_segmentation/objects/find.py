"""Where all ways of looking for objects part: by what they stand out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.ridges import Ridges, find_ridges
from napari_backprop_segmentation.objects.candidates import Nested
from napari_backprop_segmentation.objects.foreground import Foreground, cleaned, foreground_objects
from napari_backprop_segmentation.objects.outlined import outlined_objects
from napari_backprop_segmentation.objects.readings import Reading, Readings
from napari_backprop_segmentation.params.fields import ObjectKind
from napari_backprop_segmentation.params.sections import Objects, sensitivity_of

OBJECT_DETAIL = 90.0  # of the cut whose regions steady the brightness
WITNESSES = (50.0, 70.0, 80.0, 90.0)  # details of cuts that readings may agree with
# Readings of what stands out from the ground: its side, and whether what touches is divided. What is branched or bent
# falls apart at its bends.
ON_THE_GROUND: Mapping[str, tuple[ObjectKind, bool]] = {
    "bright on the ground": ("bright", True),
    "bright on the ground, undivided": ("bright", False),
    "dark on the ground": ("dark", True),
    "dark on the ground, undivided": ("dark", False),
}
OUTLINED = "outlined"
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
    if rules.reading:
        return read_objects(readings_of(tree, image, spacing), rules)
    if rules.objects != "outlined":
        return foreground_objects(fine_regions(tree), image, rules, spacing)
    if ridges is None:
        raise ParameterError("ridges must be found for outlined objects, got none; call source_ridges")
    return outlined_objects(tree, image, ridges, rules, spacing)


def fine_regions(tree: Hierarchy) -> NDArray[Any]:
    """Return the regions among which objects are looked for."""
    return tree.cut(object_detail(tree.index.ndim))


def object_detail(ndim: int) -> float:
    """Return the detail of these regions, in planes and in volumes."""
    return OBJECT_DETAIL if ndim == len("YX") else VOLUME_OBJECT_DETAIL


def nested(tree: Hierarchy) -> Nested:
    """Return a merge tree as candidates are made of."""
    return Nested(tree.parents, tree.altitudes, tree.index)


def read_objects(readings: Sequence[Reading], rules: Objects) -> NDArray[Any]:
    """Return the objects of one of several readings, as `rules.reading` says, without those that are too small."""
    return labels_of(reading_at(readings, rules), rules)


def labels_of(reading: Reading, rules: Objects) -> NDArray[Any]:
    """Return the objects (*spatial) of a reading, as far as the rules let them be, whatever `rules.reading` says."""
    return cleaned_reading(reading.labels(rules.strictness), rules)


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


def cleaned_reading(objects: NDArray[Any], rules: Objects) -> NDArray[Any]:
    """Return objects of a reading without those that are too small or, on request, cut off; joined on request."""
    if not rules.split_objects:
        objects = connected_components(objects > 0, connectivity=1)
    return cleaned(objects, rules)


def readings_of(tree: Hierarchy, image: NDArray[np.float32], spacing: tuple[float, ...] | None = None) -> Readings:
    """Return all readings of an image: nodes of trees, what stands out from the ground, what lines outline.

    Parameters as of `find_objects`.
    """
    ground = Foreground(fine_regions(tree), image, spacing)

    def foreground(side: ObjectKind, divided: bool, strictness: float) -> NDArray[Any]:
        return ground.objects(Objects(objects=side, split_objects=divided, sensitivity=sensitivity_of(strictness)))

    def outlined(strictness: float) -> NDArray[Any]:
        rules = Objects(objects="outlined", sensitivity=sensitivity_of(strictness))
        return outlined_objects(tree, image, find_ridges(image), rules, spacing)

    made = {name: partial(foreground, side, divided) for name, (side, divided) in ON_THE_GROUND.items()}
    return Readings(image, nested(tree), {**made, OUTLINED: outlined}, [tree.cut(detail) for detail in WITNESSES])


def rules_of(name: str, rules: Objects) -> Objects:
    """Return the rules under which `find_objects` finds the reading of one of these names by itself.

    Parameters
    ----------
    name : str
        One of `ON_THE_GROUND`, or `OUTLINED`.
    rules : Objects
        What else counts as an object.
    """
    if name == OUTLINED:
        return replace(rules, objects="outlined", reading=0)
    side, divided = ON_THE_GROUND[name]
    return replace(rules, objects=side, reading=0, split_objects=divided and rules.split_objects)

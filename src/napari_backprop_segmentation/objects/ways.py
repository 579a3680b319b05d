"""All ways in which the objects of one image can be seen, each a reading."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.resized import resized
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.ridges import find_ridges
from napari_backprop_segmentation.objects.foreground import Foreground
from napari_backprop_segmentation.objects.outlined import outlined_objects
from napari_backprop_segmentation.objects.readings import Readings
from napari_backprop_segmentation.objects.sizes import Resized, seen_at_all_sizes
from napari_backprop_segmentation.objects.tree_cuts import fine_regions, nested
from napari_backprop_segmentation.params.fields import ObjectKind
from napari_backprop_segmentation.params.sections import Objects, sensitivity_of

# Readings of what stands out from the ground: its side, and whether what touches is divided. What is branched or bent
# falls apart at its bends.
ON_THE_GROUND: Mapping[str, tuple[ObjectKind, bool]] = {
    "bright on the ground": ("bright", True),
    "bright on the ground, undivided": ("bright", False),
    "dark on the ground": ("dark", True),
    "dark on the ground, undivided": ("dark", False),
}
OUTLINED = "outlined"
# Trees, the best ones, that are asked again at another size. 74 images, at half their size: F1 of what is taken .585
# with all, .586 with four, .584 with three and two, best of six .666, .670, .670, .670; in 89, 80 and 69 % of the time.
AGAIN = 3


def readings_of(tree: Hierarchy, image: NDArray[np.float32], spacing: tuple[float, ...] | None = None) -> Readings:
    """Return all readings of an image: nodes of trees, what stands out from the ground, what lines outline.

    Parameters as of `find_objects`. Planes are looked at at other sizes, too, see `seen_at_all_sizes`.
    """
    own = _at_one_size(tree, image, spacing)

    def at_another_size(seen: NDArray[np.float32], at_that_size: Resized) -> Readings:
        return _at_one_size(resized(tree, at_that_size(tree.index)), seen, spacing, own.trees[:AGAIN])

    return seen_at_all_sizes(own, image, at_another_size)


def _at_one_size(
    tree: Hierarchy,
    image: NDArray[np.float32],
    spacing: tuple[float, ...] | None,
    among: Collection[tuple[str, int]] | None = None,
) -> Readings:
    ground = Foreground(fine_regions(tree), image, spacing)

    def foreground(side: ObjectKind, divided: bool, strictness: float) -> NDArray[Any]:
        return ground.objects(Objects(objects=side, split_objects=divided, sensitivity=sensitivity_of(strictness)))

    def outlined(strictness: float) -> NDArray[Any]:
        rules = Objects(objects="outlined", sensitivity=sensitivity_of(strictness))
        return outlined_objects(tree, image, find_ridges(image), rules, spacing)

    made = {name: partial(foreground, side, divided) for name, (side, divided) in ON_THE_GROUND.items()}
    return Readings(image, nested(tree), {**made, OUTLINED: outlined}, among)


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

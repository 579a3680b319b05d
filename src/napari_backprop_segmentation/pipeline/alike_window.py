"""One window of an image that does not fit the memory, in which things like examples are found by whoever has it."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.image.windows import Windows
from napari_backprop_segmentation.pipeline.example_windows import prepared_in
from napari_backprop_segmentation.teaching.examples_in_windows import Likeness, PointedAt

Item = tuple[int, Hierarchy, PointedAt]


@dataclass(frozen=True)
class Alike:
    """What is the same for all windows.

    Attributes
    ----------
    image : Source
        As objects are looked for in it.
    windows : Windows
    likeness : Likeness
    """

    image: Source
    windows: Windows
    likeness: Likeness


def alike_in_window(common: Alike, item: Item) -> NDArray[Any]:
    """Return the objects of one window (*outer) by its number, its merge tree, and what is pointed at in it."""
    number, tree, pointed_at = item
    window = prepared_in(common.image, common.windows.outer[number], tree)
    return common.windows.own(number, common.likeness.found(window, pointed_at))

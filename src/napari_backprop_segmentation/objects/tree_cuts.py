"""Which regions of a merge tree objects are looked for among."""

from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.objects.light_trees import Nested

OBJECT_DETAIL = 90.0  # of the cut whose regions steady the brightness
VOLUME_OBJECT_DETAIL = 75.0  # in volumes, where noise is averaged over larger regions


def fine_regions(tree: Hierarchy) -> NDArray[Any]:
    """Return the regions among which objects are looked for."""
    return tree.cut(object_detail(tree.index.ndim))


def object_detail(ndim: int) -> float:
    """Return the detail of these regions, in planes and in volumes."""
    return OBJECT_DETAIL if ndim == len("YX") else VOLUME_OBJECT_DETAIL


def nested(tree: Hierarchy) -> Nested:
    """Return a merge tree as candidates are made of."""
    return Nested(tree.parents, tree.altitudes, tree.index)

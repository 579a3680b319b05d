"""Objects that the edge of the image cuts off."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components

from napari_backprop_segmentation.image.blocks import Edges


def whole_edges(ndim: int) -> Edges:
    """Return the edges of all of an image."""
    return [(True, True)] * ndim


def without_cut(objects: NDArray[Any], edges: Edges) -> NDArray[Any]:
    """Return objects (*window) without those, and pieces of those, that the edge of the image cuts off."""
    pieces: NDArray[Any] = connected_components(objects, background=0, connectivity=objects.ndim)
    cut = np.zeros(int(pieces.max()) + 1, bool)
    for axis, (begins, ends) in enumerate(edges):
        lines = np.moveaxis(pieces, axis, 0)
        if begins:
            cut[lines[0]] = True
        if ends:
            cut[lines[-1]] = True
    cut[0] = False
    return np.where(cut[pieces], 0, objects)

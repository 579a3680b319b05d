"""What the border between two regions costs: little where the image has an edge."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.features import EDGE_HALO, edge_strength, edge_strength_in
from napari_backprop_segmentation.hierarchy.region_graph import FaceCosts
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.ridge_response import ridge_strength
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.params.sections import Regions

COSTS_HALO = EDGE_HALO  # pixels around a window that the costs of its faces look at


def face_costs(source: Source, regions: Regions, ridges: Ridges | None) -> FaceCosts:
    """Return what the border costs at each pixel face: its area where the image is even, less at edges or lines.

    The unit of area is such that a pixel has the volume 1; all faces of pixels that are alike in all directions have 1.
    """
    if _all_alike(source, regions):
        return None
    strengths = edge_strength(source) if ridges is None else ridge_strength(source, ridges)
    return _costs(strengths, source, regions)


def face_costs_in(source: Source, window: Window, regions: Regions) -> list[NDArray[np.float16]]:
    """Return the same for the faces behind the pixels of a window, for each axis (*window)."""
    if _all_alike(source, regions):
        shape = tuple(side.stop - side.start for side in window)
        return [np.ones(shape, np.float16)] * len(shape)
    return _costs(edge_strength_in(source, window), source, regions)


def line_costs_in(heights: NDArray[np.float32], source: Source, regions: Regions) -> list[NDArray[np.float16]]:
    """Return the same where lines count as edges, see `ridge_height` (*window)."""
    if _all_alike(source, regions):
        return [np.ones(heights.shape, np.float16)] * heights.ndim
    low = heights.astype(np.float16)
    behind = [low.take(np.minimum(np.arange(n) + 1, n - 1), axis) for axis, n in enumerate(low.shape)]
    return _costs([np.maximum(low, each) for each in behind], source, regions)


def _all_alike(source: Source, regions: Regions) -> bool:
    return not regions.edge_weight and len(set(source.spacing)) == 1


def _costs(strengths: list[NDArray[np.float16]], source: Source, regions: Regions) -> list[NDArray[np.float16]]:
    weight, limit = regions.edge_weight, regions.edge_limit
    faces = zip(strengths, source.spacing, strict=True)
    return [np.exp(-np.minimum(weight * strength, limit)) / np.float16(size) for strength, size in faces]

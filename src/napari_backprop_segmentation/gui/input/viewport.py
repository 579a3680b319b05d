"""What the viewer shows of an image layer, and what is drawn over it, in pixels of the layer."""

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Layer, Shapes
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.multiscale import levels
from napari_backprop_segmentation.gui.input.transforms import unit_factors

if TYPE_CHECKING:
    from napari.viewer import Viewer

Box = dict[int, tuple[int, int]]
Points = NDArray[np.float64]


def shown_index(viewer: "Viewer", layer: Layer, axis: int, plane: tuple[int, int]) -> int:
    """Return at which position of an axis the slider stands.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Image
    axis : int
        Of the layer.
    plane : (int, int)
        Its axes Y and X: napari picks slices as if they stood at 0.
    """
    point = _slider_point(viewer, layer)
    point[list(plane)] = 0
    position = layer.world_to_data(point)[axis]
    size = levels(layer)[0].shape[axis]
    return int(np.clip(np.round(position), 0, size - 1))


def view_box(viewer: "Viewer", layer: Layer, plane: tuple[int, int]) -> Box:
    """Return start and stop of the axes Y and X as far as the window shows them.

    Raises
    ------
    ImageError
        If the viewer shows a volume.
    """
    if viewer.dims.ndisplay != 2:
        raise ImageError("Switch the display to 2D first, or choose the whole image: a view in 3D has no edges.")
    if hasattr(viewer, "canvas"):
        return _box(layer, _canvas_corners(viewer, layer), plane)
    corners = np.asarray(layer.corner_pixels, dtype=float)  # older napari; multiscale layers count in their level
    if layer.multiscale:
        corners = corners * layer.downsample_factors[layer.data_level]
    return {axis: (int(corners[0, axis]), int(np.ceil(corners[1, axis])) + 1) for axis in plane}


def drawn_box(viewer: "Viewer", shapes: Shapes, layer: Image, plane: tuple[int, int]) -> Box:
    """Return start and stop of the axes Y and X around the shape that is selected or was drawn last.

    A pixel belongs to the box if its middle does.

    Raises
    ------
    ImageError
        If nothing is drawn.
    """
    if not len(shapes.data):
        raise ImageError(f"Draw a rectangle in the layer '{shapes.name}' first, or choose the whole image.")
    number = max(shapes.selected_data) if shapes.selected_data else len(shapes.data) - 1
    world = np.array([shapes.data_to_world(corner) for corner in np.asarray(shapes.data[number], dtype=float)])
    points = np.tile(_slider_point(viewer, layer), (len(world), 1))
    shared = min(layer.ndim, shapes.ndim)
    points[:, -shared:] = world[:, -shared:] * _factors(getattr(shapes, "units", None), layer, shared)
    return _box(layer, points, plane)


def bring_into_view(viewer: "Viewer", layer: Layer, plane: NDArray[Any], place: Sequence[int], number: int) -> None:
    """Show the slices of a place, and move the view there if no pixel of an object is to be seen.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Layer
    plane : (Y, X) int
        The labels that are shown then.
    place : sequence of int
        Index of a pixel of the layer.
    number : int
        Of the object.
    """
    world = np.asarray(layer.data_to_world(place)) / _viewer_factors(viewer, layer)
    missing = viewer.dims.ndim - layer.ndim
    displayed = list(viewer.dims.displayed)
    for axis, position in enumerate(world, start=missing):
        if axis not in displayed:
            viewer.dims.set_point(axis, position)
    if viewer.dims.ndisplay == 2:
        axes = displayed[0] - missing, displayed[1] - missing
        box = view_box(viewer, layer, axes)
        if (plane[tuple(slice(max(0, box[axis][0]), max(0, box[axis][1])) for axis in sorted(axes))] == number).any():
            return
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    center = np.array(camera.center, dtype=float)
    center[-len(displayed) :] = world[[axis - missing for axis in displayed]]
    camera.center = tuple(center)


def _box(layer: Layer, world: Points, plane: tuple[int, int]) -> Box:
    """Return the pixels whose middles lie within the bounds of some points (n, ndim) of the world."""
    pixels = np.array([layer.world_to_data(point) for point in world])
    low, high = np.ceil(pixels.min(axis=0) - 1e-6), np.floor(pixels.max(axis=0) + 1e-6)
    return {axis: (int(low[axis]), int(high[axis]) + 1) for axis in plane}


def _canvas_corners(viewer: "Viewer", layer: Layer) -> Points:
    """Return the four corners of the canvas (4, ndim) in the world of a layer.

    The corners napari keeps for a multiscale layer are those of the tiles it has loaded, which may be larger.
    """
    camera = viewer.scene.camera
    half = np.asarray(viewer.canvas.viewbox_size(viewer.layers)) / camera.zoom / 2
    middle = np.asarray(camera.center)[-2:]
    corners = np.tile(_viewer_point(viewer), (4, 1))
    corners[:, list(viewer.dims.displayed)] = [middle + half * signs for signs in product((-1, 1), repeat=2)]
    return corners[:, -layer.ndim :] * _viewer_factors(viewer, layer)


def _slider_point(viewer: "Viewer", layer: Layer) -> Points:
    """Return where the sliders stand, in the world of a layer (ndim,)."""
    return _viewer_point(viewer)[-layer.ndim :] * _viewer_factors(viewer, layer)


def _viewer_point(viewer: "Viewer") -> Points:
    return np.array(viewer.dims.point, dtype=float)


def _viewer_factors(viewer: "Viewer", layer: Layer) -> Points:
    """Return how many units of a layer make one unit of the viewer, for each axis of the layer."""
    return _factors(getattr(viewer.dims, "units", None), layer, layer.ndim)  # since napari 0.9 it has its own


def _factors(units: Sequence[Any] | None, layer: Layer, n_axes: int) -> Points:
    """Return how many units of a layer make one of these, for the last axes; one where there are no units."""
    if units is None:
        return np.ones(n_axes)
    return np.array(unit_factors(units[-n_axes:], layer.units[-n_axes:]))

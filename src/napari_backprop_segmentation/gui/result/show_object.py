"""The object of a row, brought into view; no Qt here."""

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_backprop_segmentation.gui.input.viewport import bring_into_view, shown_index
from napari_backprop_segmentation.gui.result.edits import time_axis
from napari_backprop_segmentation.gui.result.measuring import Measurement, array_of

if TYPE_CHECKING:
    from napari.viewer import Viewer


def show_object(viewer: "Viewer", layer: Labels, found: Measurement, number: int, frame: int | None) -> None:
    """Show the frame and, unless it can be seen already, the slice and the place of an object.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Labels
    found : Measurement
        Of the layer.
    number : int
    frame : int, optional
        Of a series.
    """
    place = found.place_of(layer, number, frame)
    if place is None:
        return
    displayed, time = _displayed(viewer, layer), time_axis(layer, found.own)
    here = list(place)
    for axis in range(layer.ndim):
        if axis not in displayed and axis != time:
            here[axis] = shown_index(viewer, layer, axis, displayed[-2:])
    for position in (here, place):  # where it is to be seen already, else where its middle is
        plane = _plane(layer, position, displayed)
        if (plane == number).any():
            break
    bring_into_view(
        viewer, layer, plane, [*(place[i] if i in displayed else position[i] for i in range(layer.ndim))], number
    )


def frame_shown(viewer: "Viewer", layer: Labels, found: Measurement | None) -> int | None:
    """Return which frame of a layer is shown; None where there is no time."""
    time = None if found is None else time_axis(layer, found.own)
    return None if time is None else shown_index(viewer, layer, time, _displayed(viewer, layer)[-2:])


def _displayed(viewer: "Viewer", layer: Labels) -> Any:
    """Return the axes of a layer that are shown."""
    missing = viewer.dims.ndim - layer.ndim  # napari lines layers up by their last axes
    return tuple(axis - missing for axis in viewer.dims.displayed if axis >= missing)


def _plane(layer: Labels, place: Any, displayed: Any) -> Any:
    index = tuple(slice(None) if axis in displayed else int(place[axis]) for axis in range(layer.ndim))
    return np.asarray(array_of(layer)[index])

"""How labels are changed by hand: in one step of napari's history, in the frame that is shown, under numbers of no one.

No Qt here.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.axis_labels import meanings
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run.preview import show_in

if TYPE_CHECKING:
    from napari.viewer import Viewer

Index = tuple[slice, ...]
Place = tuple[int, ...]

PYRAMID = "These labels are a pyramid of several sizes, which cannot be edited. Open the finest level as a layer."
LOCKED = "The layer '{}' is locked. Unlock it in the list of layers to edit it."
HELD_ELSEWHERE = "The labels of '{}' are computed when they are shown, and cannot be edited. Open them as an array."
FULL = "The numbers of '{}' are used up. Save it with fewer of them first."


def obstacle(layer: Labels) -> str:
    """Return why labels cannot be edited; nothing if they can."""
    if layer.multiscale:
        return PYRAMID
    if getattr(layer, "locked", False):  # since napari 0.7
        return LOCKED.format(layer.name)
    return HELD_ELSEWHERE.format(layer.name) if hasattr(layer.data, "dask") else ""


def place_in(layer: Labels, position: Any) -> Place | None:
    """Return the pixel at a position in pixels of the layer; None outside of it."""
    place = tuple(int(i) for i in np.round(position))
    inside = all(0 <= i < n for i, n in zip(place, layer.data.shape, strict=True))
    return place if inside else None


def time_axis(layer: Labels, run_input: RunInput | None) -> int | None:
    """Return which axis of a layer is time.

    Parameters
    ----------
    layer : Labels
    run_input : RunInput, optional
        The image it belongs to, if it is known; else the names of the axes count.
    """
    shape = tuple(layer.data.shape)
    if run_input is None or shape not in (run_input.shape, run_input.layer_shape):
        letters = meanings(layer, shape)
        return letters.index("T") if "T" in letters else None
    spatial = [letter for letter in run_input.axes if letter not in "CS"]
    if "T" not in spatial:
        return None
    frames = run_input.shape[spatial.index("T")]
    return next(axis for axis, n in enumerate(shape) if n == frames)


def frame_at(layer: Labels, place: Place, time: int | None) -> Index:
    """Return the part of a layer that an edit at a place works on: one frame of a series, else everything."""
    return tuple(
        slice(place[axis], place[axis] + 1) if axis == time else slice(None) for axis in range(len(layer.data.shape))
    )


def pixels_of(layer: Labels, number: int, part: Index) -> tuple[NDArray[np.intp], ...]:
    """Return the index of the pixels of an object in a part of a layer."""
    return shifted(np.nonzero(np.asarray(layer.data[part]) == number), part)


def shifted(where: tuple[NDArray[np.intp], ...], part: Index) -> tuple[NDArray[np.intp], ...]:
    """Return an index into a part of an array as one into all of it."""
    return tuple(axis + (edge.start or 0) for axis, edge in zip(where, part, strict=True))


def unused(layer: Labels) -> int:
    """Return the first of the numbers that no object has, in no frame, and beyond which none has one."""
    return int(np.asarray(layer.data).max()) + 1


def write(viewer: "Viewer", layer: Labels, where: tuple[NDArray[np.intp], ...], numbers: Any) -> str:
    """Give numbers to pixels in one step, which one undo takes back; return why that cannot be, else nothing.

    Where the numbers are too large for the type of the labels, it becomes a larger one, and napari forgets what could
    be undone.
    """
    largest = int(np.max(numbers))
    if largest > np.iinfo(layer.data.dtype).max:
        wider = next((each for each in (np.int32, np.int64) if largest <= np.iinfo(each).max), None)
        if wider is None:
            return FULL.format(layer.name)
        show_in(viewer, layer, np.asarray(layer.data).astype(wider))
    layer.data_setitem(where, numbers)
    return ""

"""Objects removed and added by hand in any Labels layer; no Qt here."""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.edits import (
    Place,
    frame_at,
    obstacle,
    pixels_of,
    place_in,
    time_axis,
    unused,
    write,
)
from napari_backprop_segmentation.gui.result.layer_result import result_of

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.hierarchy.tree import Hierarchy

LARGEST = 2.0  # times the largest object: what is larger is not one that was missed
MOST_GAPS = 4  # numbers a pixel that are counted in a table; beyond, labels are sorted
NOTHING_THERE = "There is no object to be told apart here."
NO_IMAGE = (
    "Nothing was removed here, and objects can be added only with the image that the labels belong to. Choose it "
    "above, or paint the object."
)
NOT_IN_3D = "There is no object here. To add one that was missed, switch the display to 2D and click on it."

_removed: WeakKeyDictionary[Labels, list[NDArray[np.intp]]] = WeakKeyDictionary()  # flat indices of their pixels


def remove(
    viewer: "Viewer", layer: Labels, number: int, place: Place, *, time: int | None = None, everywhere: bool = False
) -> str:
    """Remove an object by its number, and return in words what was done.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Labels
    number : int
    place : tuple of int
        A pixel of the frame that is meant.
    time : int, optional
        Which axis of the layer is time.
    everywhere : bool
        In all frames.
    """
    where = pixels_of(layer, number, frame_at(layer, place, None if everywhere else time))
    _removed.setdefault(layer, []).append(np.ravel_multi_index(where, layer.data.shape))
    write(viewer, layer, where, 0)
    if time is None:
        return f"Removed object {number}."
    if everywhere:
        return f"Removed object {number} from all frames."
    return f"Removed object {number} from frame {place[time]}. Shift+click removes it from all frames."


def correct(
    viewer: "Viewer", layer: Labels, position: Any, run_input: RunInput | None = None, everywhere: bool = False
) -> str | None:
    """Remove the object at a position in pixels of the layer, or add the one that was missed there.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Labels
    position : sequence of float
    run_input : RunInput, optional
        The image the labels belong to.
    everywhere : bool
        Whether an object of a series is removed from all frames.

    Returns
    -------
    str or None
        What was done; None outside of the layer.
    """
    if reason := obstacle(layer):
        return reason
    place = place_in(layer, position)
    if place is None:
        return None
    time = time_axis(layer, run_input)
    if number := int(layer.data[place]):
        return remove(viewer, layer, number, place, time=time, everywhere=everywhere)
    data = np.asarray(layer.data)
    found = _removed_at(layer, place, data)
    if found is None:
        if run_input is None:
            return NO_IMAGE
        found = _missed(layer, run_input, place, data)
    if found is None or not len(found[0]):
        return NOTHING_THERE
    number = unused(layer)
    return write(viewer, layer, found, number) or f"Added object {number}."


def _removed_at(layer: Labels, place: Place, data: NDArray[Any]) -> tuple[NDArray[np.intp], ...] | None:
    """Return where the object is free that was removed last at a place: a second click brings it back."""
    flat = np.ravel_multi_index(place, data.shape)
    for pixels in reversed(_removed.get(layer, [])):
        if flat in pixels and pixels[-1] < data.size:
            free = pixels[data.ravel()[pixels] == 0]
            return tuple(np.unravel_index(free, data.shape))
    return None


def _missed(
    layer: Labels, run_input: RunInput, place: Place, data: NDArray[Any]
) -> tuple[NDArray[np.intp], ...] | None:
    """Return where the object at a place of the layer is, of a size that objects have; None if there is none."""
    from napari_backprop_segmentation.objects.click import Present, object_at, window_around

    inner = np.unravel_index(np.ravel_multi_index(place, data.shape), run_input.shape)
    before, there = _split(layer, run_input, tuple(int(i) for i in inner))
    tree = _tree_at(layer, before)
    shown = data.reshape(run_input.shape)[before]
    areas = _areas(shown)
    present = Present(shown == 0, areas, largest=LARGEST * areas.max(initial=0) or np.inf)
    window = window_around(there, shown.shape, present.usual)
    found = object_at(there, _pixels(run_input, before, window), window, present, tree)
    if found is None:
        return None
    whole = [np.full(int(found.sum()), i) for i in before] + list(np.nonzero(found))
    return tuple(np.unravel_index(np.ravel_multi_index(tuple(whole), run_input.shape), data.shape))


def _split(layer: Labels, run_input: RunInput, inner: Place) -> tuple[Place, Place]:
    """Return the frame, and the slice of a volume that was segmented slice by slice, and the place in it."""
    hierarchy: Any = _hierarchy(layer)
    before = 1 if "T" in run_input.axes else 0
    if hierarchy is not None and hierarchy.shape == run_input.shape:
        while hasattr(hierarchy, "parts"):
            hierarchy = hierarchy.parts[0]
        before = len(inner) - len(hierarchy.shape)
    return inner[:before], inner[before:]


def _hierarchy(layer: Labels) -> Any:
    result = result_of(layer)
    return None if result is None else getattr(result.segmentation, "hierarchy", None)


def _tree_at(layer: Labels, before: Place) -> "Hierarchy | None":
    """Return the merge tree of a frame or slice."""
    hierarchy = _hierarchy(layer)
    for i in before:
        hierarchy = hierarchy.parts[i] if hasattr(hierarchy, "parts") else None
    return hierarchy if hasattr(hierarchy, "index") else None


def _pixels(run_input: RunInput, before: Place, window: tuple[slice, ...]) -> NDArray[Any]:
    """Return the channels (C, *window) of the image in a window of a frame or slice."""
    spatial, index, kept = iter((*before, *window)), [], []
    for letter in run_input.axes:
        index.append(slice(None) if letter in "CS" else next(spatial))
        kept += [letter] if isinstance(index[-1], slice) else []
    pixels = np.asarray(run_input.array[tuple(index)])
    if "C" in kept:
        channels = list(range(pixels.shape[kept.index("C")])) if run_input.channels is None else run_input.channels
        pixels = np.take(pixels, list(channels), axis=kept.index("C"))
    if "S" in kept:
        pixels = pixels[..., :3]  # alpha shows nothing
    colours = [kept.index(letter) for letter in "CS" if letter in kept]
    moved = np.moveaxis(pixels, colours, range(len(colours)))
    return moved.reshape(-1, *moved.shape[len(colours) :])


def _areas(labels: NDArray[Any]) -> NDArray[np.int64]:
    """Return how many pixels each object has."""
    if int(labels.max(initial=0)) > MOST_GAPS * labels.size:
        values, counts = np.unique(labels, return_counts=True)
        return counts[values > 0]
    counts = np.bincount(labels.ravel())[1:]
    return counts[counts > 0]

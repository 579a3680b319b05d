"""Objects removed and added by hand in any Labels layer; no Qt here."""

from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.result.layer_result import LayerResult, result_of
from napari_backprop_segmentation.gui.run.preview import show_in

if TYPE_CHECKING:
    from napari.viewer import Viewer

LARGEST = 2.0  # times the largest object: what is larger is not one that was missed
NOTHING_THERE = "There is no object to be told apart here."
NOT_FROM_HERE = (
    "Nothing was removed here, and objects can be added only to labels that a run of this session has made: they come "
    "with the regions of the image. Run on the image, or paint the object."
)
NO_SINGLE_TREE = "Objects of a series can be removed by a click, but not added: each frame has regions of its own."
PYRAMID = "These labels are a pyramid of several sizes, which cannot be edited. Open the finest level as a layer."

_removed: WeakKeyDictionary[Labels, list[NDArray[np.intp]]] = WeakKeyDictionary()  # flat indices of their pixels


def remove(layer: Labels, number: int | None) -> str:
    """Remove an object by its number, and return in words what was done.

    Parameters
    ----------
    layer : Labels
    number : int, optional
        None or 0 is where a click in the 3D view has met nothing.
    """
    if not number:
        return "There is no object here. To add one that was missed, switch the display to 2D and click on it."
    there = np.asarray(layer.data) == number
    _removed.setdefault(layer, []).append(np.flatnonzero(there))
    layer.data_setitem(np.nonzero(there), 0)
    return f"Removed object {number}."


def correct(viewer: "Viewer", layer: Labels, position: Any) -> str | None:
    """Remove the object at a position in pixels of the layer, or add the one that was missed there.

    Returns
    -------
    str or None
        What was done; None outside of the layer.
    """
    if layer.multiscale:
        return PYRAMID
    place, data = tuple(int(i) for i in np.round(position)), np.asarray(layer.data)
    if any(not 0 <= i < n for i, n in zip(place, data.shape, strict=True)):
        return None
    if number := int(data[place]):
        return remove(layer, number)
    found = _removed_at(layer, place, data)
    if found is None:
        result = result_of(layer)
        if result is None:
            return NOT_FROM_HERE
        if result.tree is None:
            return NO_SINGLE_TREE
        found = _missed(result, place, data)
    return NOTHING_THERE if found is None else _add(viewer, layer, found)


def _add(viewer: "Viewer", layer: Labels, found: NDArray[np.bool_]) -> str:
    data = np.asarray(layer.data)
    number = int(data.max()) + 1
    if number > np.iinfo(data.dtype).max:
        show_in(viewer, layer, data.astype(np.int32))
    layer.data_setitem(np.nonzero(found), number)
    return f"Added object {number}."


def _removed_at(layer: Labels, place: tuple[int, ...], data: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return where the object is free that was removed last at a place: a second click brings it back."""
    flat = np.ravel_multi_index(place, data.shape)
    for pixels in reversed(_removed.get(layer, [])):
        if flat in pixels and pixels[-1] < data.size:
            mask = np.zeros(data.size, bool)
            mask[pixels] = True
            free: NDArray[np.bool_] = mask.reshape(data.shape) & (data == 0)
            return free
    return None


def _missed(result: LayerResult, place: tuple[int, ...], data: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return where the object at a place of the layer is, of a size that objects have; None if there is none."""
    from napari_backprop_segmentation.objects.click import object_at

    if result.tree is None or data.size != result.tree.index.size:
        return None
    free = (data == 0).reshape(result.run_input.shape)
    inner = np.unravel_index(np.ravel_multi_index(place, data.shape), free.shape)
    counts = np.bincount(data.ravel())[1:]
    sizes = (result.segmentation.record["params"]["min_object"], LARGEST * counts.max(initial=0) or np.inf)
    found = object_at(result.tree, tuple(int(i) for i in inner), free, sizes)
    return None if found is None else found.reshape(data.shape)

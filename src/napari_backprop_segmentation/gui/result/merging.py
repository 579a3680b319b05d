"""Objects made one by hand; no Qt here."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from scipy import ndimage

from napari_backprop_segmentation.gui.result.edits import Place, frame_at, obstacle, shifted, write

if TYPE_CHECKING:
    from napari.viewer import Viewer


def merge(viewer: "Viewer", layer: Labels, numbers: Sequence[int], place: Place, time: int | None = None) -> str:
    """Give several objects the number of the first, and return in words what was done.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Labels
    numbers : sequence of int
        At least two, all different.
    place : tuple of int
        A pixel of the frame that is meant.
    time : int, optional
        Which axis of the layer is time: in other frames the objects stay what they are.
    """
    if reason := obstacle(layer):
        return reason
    part = frame_at(layer, place, time)
    data = np.asarray(layer.data[part])
    first, *others = [number for number in numbers if (data == number).any()] or [0]
    if not others:
        return "There is only one object to merge in this frame."
    joined = np.isin(data, others)
    pieces, n = ndimage.label(joined | (data == first), np.ones((3,) * data.ndim))
    held = [len(np.unique(data[pieces == piece])) for piece in range(1, n + 1)]
    write(viewer, layer, shifted(np.nonzero(joined), part), first)
    apart = "" if max(held) == len(others) + 1 else " They do not touch, but have one number now."
    frame = "" if time is None else f" in frame {place[time]}"
    which = f"{', '.join(map(str, others[:-1]))} and {others[-1]}" if len(others) > 1 else str(others[0])
    return f"Merged {which} into object {first}{frame}.{apart}"

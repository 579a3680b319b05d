"""Where the objects of a series go: their middles frame after frame, as a Tracks layer of napari."""

from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, WeakKeyDictionary, ref

import numpy as np
from magicgui.widgets import PushButton
from napari.layers import Labels, Tracks
from napari.utils.notifications import show_error
from numpy.typing import NDArray

from napari_backprop_segmentation.gui import background
from napari_backprop_segmentation.gui.result.edits import time_axis
from napari_backprop_segmentation.gui.result.measuring import array_of, image_for
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.gui.state import State

if TYPE_CHECKING:
    from napari.viewer import Viewer

TOOLTIP = (
    "Show the way of each object through the frames as a Tracks layer: its middle, wherever it has the same number.\n"
    "Press again after edits. A number that is missing in some frames is one track with a straight line over the gap."
)
NOTHING = "There are no objects in '{}' to draw tracks of."
NOT_FIRST = "Tracks need time to be the first axis of the labels; '{}' has another one before it."
PLACED = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


def middles(labels: Any) -> NDArray[np.float64]:
    """Return the middle of each object in each frame, in pixels.

    Parameters
    ----------
    labels : (T, *spatial) int array-like
        0 is the ground; read frame by frame.

    Returns
    -------
    (n, 2 + spatial) float64
        Number, frame and coordinates, sorted by number and frame.
    """
    rows = []
    for time in range(len(labels)):
        frame = np.asarray(labels[time])
        where = np.nonzero(frame)
        numbers, index = np.unique(frame[where], return_inverse=True)
        sizes = np.bincount(index, minlength=len(numbers))
        places = [np.bincount(index, axis, len(numbers)) / sizes for axis in where]
        rows.append(np.column_stack([numbers, np.full(len(numbers), time), *places]).astype(np.float64))
    found = np.concatenate(rows)
    order: NDArray[np.float64] = found[np.lexsort((found[:, 1], found[:, 0]))]
    return order


class TracksButton:
    """The button, and the layer that it makes; pressed again it brings that layer up to date.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State

    Attributes
    ----------
    button : PushButton
        Hidden where the labels are no series.
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state = viewer, state
        self._made: WeakKeyDictionary[Labels, ReferenceType[Tracks]] = WeakKeyDictionary()
        self._closed = False
        self.button = PushButton(text="Tracks", tooltip=TOOLTIP)
        self.button.changed.connect(self.draw)
        events = state.events
        for signal in (events.result, events.labels, events.taken, events.phase, events.input):
            signal.connect(self._update)
        self._update()

    def draw(self, *_: Any) -> None:
        """Add the tracks of the labels that are selected, or bring those up to date that were added before."""
        layer = self._state.target
        time = None if layer is None else time_axis(layer, image_for(layer, self._state))
        if layer is None or time is None:
            return
        if time:
            self._state.note(NOT_FIRST.format(layer.name))
            return
        data = array_of(layer)
        labels = data.copy() if isinstance(data, np.ndarray) else data  # the user may paint meanwhile
        background.start(_middles, labels, then=partial(self._show, layer))

    def close(self) -> None:
        """Add no layer any more."""
        self._closed = True

    def _show(self, layer: Labels, found: "NDArray[np.float64] | Failure") -> None:
        if self._closed or layer not in self._viewer.layers:
            return
        if isinstance(found, Failure):
            show_error(str(found.error))
            return
        if not len(found):
            self._state.note(NOTHING.format(layer.name))
            return
        made = self._made.get(layer, lambda: None)()
        if made is not None and made in self._viewer.layers:
            made.data = found
        else:
            self._add(layer, found)
        n_tracks, n_frames = len(np.unique(found[:, 0])), len(np.unique(found[:, 1]))
        self._state.note(f"{n_tracks} tracks through {n_frames} frames of '{layer.name}'.")

    def _add(self, layer: Labels, found: NDArray[np.float64]) -> None:
        selected = set(self._viewer.layers.selection)
        placed = {name: getattr(layer, name) for name in PLACED if hasattr(layer, name)}
        tracks = Tracks(found, name=f"{layer.name} tracks", **placed)
        self._viewer.add_layer(tracks)
        self._viewer.layers.selection = selected  # what is worked on stays the same
        self._made[layer] = ref(tracks)

    def _update(self, _: Any = None) -> None:
        layer = self._state.target
        series = layer is not None and time_axis(layer, image_for(layer, self._state)) is not None
        self.button.native.setVisible(series and not self._state.busy)


def _middles(labels: Any) -> "NDArray[np.float64] | Failure":
    try:
        return middles(labels)
    except Exception as error:  # noqa: BLE001 - told to the user by whoever asked
        return Failure(error)

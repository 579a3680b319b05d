"""After a run: objects added and removed by a click, and a table of what was found, edits included."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd
from magicgui.widgets import PushButton
from napari.layers import Labels
from napari.qt.threading import create_worker
from napari.utils.notifications import show_error
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QHBoxLayout, QMainWindow, QWidget

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.input.transforms import unit_name
from napari_backprop_segmentation.gui.run.preview import show_in
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.pipeline.messages import count

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.hierarchy.tree import Hierarchy
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

TABLE = ("napari", "Features table widget")
LARGEST = 2.0  # times the largest object: what is larger is not one that was missed
Measured = dict[str, NDArray[Any]] | Failure


@dataclass(frozen=True)
class Kept:
    """The result of a run, the layer that shows it, and the image it is of."""

    layer: Labels
    run_input: RunInput
    result: "Segmentation"

    @property
    def tree(self) -> "Hierarchy | None":
        """What a click looks into; series have none."""
        tree: Any = self.result.hierarchy
        return tree if hasattr(tree, "index") else None


class Curation:
    """Buttons that go with the result of the last run.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    say : callable
        Takes what is to be told.

    Attributes
    ----------
    row : QWidget
        Hidden while there is no result.
    measure_button, click_button : PushButton
    """

    def __init__(self, viewer: "Viewer", say: Callable[[str], None]) -> None:
        self._viewer, self._say = viewer, say
        self._kept: Kept | None = None
        self._run_inputs: WeakKeyDictionary[Labels, RunInput] = WeakKeyDictionary()  # of earlier runs as well
        self._removed: list[NDArray[np.bool_]] = []  # a second click brings back what the first removed
        self.measure_button = PushButton(
            text="Measure",
            tooltip="Measure every label: size, place, outline, brightness. Your edits count.\n"
            "Takes the Labels layer that is selected, else that of the last run.",
        )
        self.click_button = PushButton(
            text="Add or remove by click",
            tooltip="Click on an object to remove it, or on one that was missed to add it. Ctrl+Z takes it back.\n"
            "In the 3D view a click only removes.",
        )
        self.click_button.native.setCheckable(True)
        self.measure_button.changed.connect(self.measure_chosen)
        self.click_button.native.toggled.connect(self._listen)
        self.row = QWidget()
        layout = QHBoxLayout(self.row)
        layout.setContentsMargins(0, 0, 0, 0)
        for button in (self.measure_button, self.click_button):
            layout.addWidget(button.native)
        self.row.setVisible(False)

    def take(self, layer: Labels, result: "Segmentation", run_input: RunInput) -> None:
        """Take note of the result of a run; objects are measured at once."""
        self.click_button.native.setChecked(False)
        self._kept = Kept(layer, run_input, result)
        self._run_inputs[layer] = run_input
        self._removed = []
        counts = result.record["params"].get("objects", "off") != "off"
        self.row.setVisible(True)
        self.click_button.native.setVisible(counts and self._kept.tree is not None)
        if counts:
            self.measure()

    def forget(self, layers: Container[Any]) -> None:
        """Let go of everything once the layer is gone."""
        if self._kept is not None and self._kept.layer not in layers:
            self.click_button.native.setChecked(False)
            self._kept = None
            self._removed = []
            self.row.setVisible(False)

    def measure_chosen(self, *_: Any) -> None:
        """Measure the Labels layer that is selected, else that of the last run, and open the table."""
        if self._kept is None:
            return
        active = self._viewer.layers.selection.active
        layer = getattr(active, "__wrapped__", active)  # from a widget's viewer, napari gives wrappers
        if not isinstance(layer, Labels):
            layer = self._kept.layer
        run_input = self._run_inputs.get(layer, self._kept.run_input)  # the user's own labels, or a copy of the result
        if layer.data.shape == run_input.layer_shape:
            self._measure(layer, run_input, show=True)
            return
        size, other = (" x ".join(map(str, shape)) for shape in (layer.data.shape, run_input.layer_shape))
        self._say(
            f"Measure takes labels of the size of '{run_input.name}' ({other}), the image of the last run; "
            f"'{layer.name}' has {size}. Select other labels, or run on their image first."
        )

    def measure(self, *, show: bool = False) -> None:
        """Fill the table of features of the last run's layer, in a thread; `show` opens the table."""
        if self._kept is not None:
            self._measure(self._kept.layer, self._kept.run_input, show)

    def _measure(self, layer: Labels, run_input: RunInput, show: bool) -> None:
        labels = np.array(layer.data).reshape(run_input.shape)  # a copy: the user may paint meanwhile
        sized = layer if layer in self._run_inputs or self._kept is None else self._kept.layer
        create_worker(
            _measured,
            labels,
            run_input,
            unit_name(sized, -1),
            _connect={"returned": partial(self._fill, layer, run_input, show=show)},
        )

    def _fill(self, layer: Labels, run_input: RunInput, found: Measured, show: bool = False) -> None:
        if layer not in self._viewer.layers:
            return
        if isinstance(found, Failure):
            show_error(str(found.error))
            return
        layer.features = pd.DataFrame({"index": found["label"], **{k: v for k, v in found.items() if k != "label"}})
        if show:
            labels = count(len(np.unique(found["label"])))
            self._say(f"Measured {labels} of '{layer.name}' in the image '{run_input.name}'.")
            self._viewer.layers.selection = {layer}
            dock, _ = self._viewer.window.add_plugin_dock_widget(*TABLE)
            window = dock.parent()
            if isinstance(window, QMainWindow):  # under the image, where it does not squeeze the controls
                window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)

    def _listen(self, wanted: bool) -> None:
        if self._kept is None:
            return
        layer = self._kept.layer
        callbacks = layer.mouse_drag_callbacks
        if wanted and self._clicked not in callbacks:
            layer.mode = "pan_zoom"  # else the click would paint as well
            callbacks.append(self._clicked)
            self._viewer.layers.selection = {layer}
            self._say("Click on an object to remove it, or on one that was missed to add it.")
        elif not wanted and self._clicked in callbacks:
            callbacks.remove(self._clicked)

    def _clicked(self, layer: Labels, event: Any) -> Any:
        """Wait for the mouse to be released in place: a drag moves the picture."""
        yield
        if event.type == "mouse_move" or layer.mode != "pan_zoom":  # another tool draws
            return
        if len(event.dims_displayed) == 3 and layer.ndim > 2:
            ray = {"view_direction": event.view_direction, "dims_displayed": event.dims_displayed}
            self._remove(layer.get_value(event.position, **ray, world=True))
        else:
            self.correct(layer.world_to_data(event.position))

    def outdated(self) -> None:
        """Empty the table: the labels it was made of are gone."""
        if self._kept is not None and len(self._kept.layer.features):
            self._kept.layer.features = pd.DataFrame()

    def correct(self, position: Any) -> None:
        """Remove the object at a position in pixels of the layer, or add the one that was missed there."""
        if self._kept is None or self._kept.tree is None:
            return
        place, layer = tuple(int(i) for i in np.round(position)), self._kept.layer
        data = np.asarray(layer.data)
        if any(not 0 <= i < n for i, n in zip(place, data.shape, strict=True)):
            return
        if number := int(data[place]):
            self._remove(number)
            return
        self._say(self._add(self._kept, place, data))
        if len(layer.features):
            self.measure()

    def _remove(self, number: int | None) -> None:
        """Remove an object by its number; none is where a click in the 3D view has met nothing."""
        if self._kept is None:
            return
        if not number:
            self._say("There is no object here. To add one that was missed, switch the display to 2D and click on it.")
            return
        layer = self._kept.layer
        there = np.asarray(layer.data) == number
        self._removed.append(there)
        layer.data_setitem(np.nonzero(there), 0)
        self._say(f"Removed object {number}.")
        if len(layer.features):
            self.measure()

    def _add(self, kept: Kept, place: tuple[int, ...], data: NDArray[Any]) -> str:
        """Add the object at a place, and return in words what was done."""
        found = next((mask & (data == 0) for mask in reversed(self._removed) if mask[place]), None)
        if found is None:
            found = _missed(kept, place, data)
        if found is None:
            return "There is no object to be told apart here."
        number = int(data.max()) + 1
        if number > np.iinfo(data.dtype).max:
            show_in(self._viewer, kept.layer, data.astype(np.int32))
        kept.layer.data_setitem(np.nonzero(found), number)
        return f"Added object {number}."


def _missed(kept: Kept, place: tuple[int, ...], data: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return where the object at a place of the layer is, of a size that objects have; None if there is none."""
    from napari_backprop_segmentation.objects.click import object_at

    if kept.tree is None:
        return None
    free = (data == 0).reshape(kept.run_input.shape)
    inner = np.unravel_index(np.ravel_multi_index(place, data.shape), free.shape)
    counts = np.bincount(data.ravel())[1:]
    sizes = (kept.result.record["params"]["min_object"], LARGEST * counts.max(initial=0) or np.inf)
    found = object_at(kept.tree, tuple(int(i) for i in inner), free, sizes)
    return None if found is None else found.reshape(data.shape)


def _measured(labels: NDArray[Any], run_input: RunInput, unit: str) -> Measured:
    from napari_backprop_segmentation.objects.measure import measure

    try:
        return measure(labels, run_input.array, axes=run_input.axes, spacing=run_input.spacing, unit=unit)
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: the user is told, whatever Qt does with errors
        return Failure(error)

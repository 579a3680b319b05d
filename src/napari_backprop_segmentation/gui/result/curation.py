"""Buttons for the labels that are selected: measure them, add and remove objects by a click."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from napari.layers import Labels
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QGridLayout, QMainWindow, QWidget

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.corrections import correct, remove
from napari_backprop_segmentation.gui.result.layer_result import LayerResult
from napari_backprop_segmentation.gui.result.measuring import Tables, image_for, why_not
from napari_backprop_segmentation.gui.state import Phase, State
from napari_backprop_segmentation.pipeline.messages import count

if TYPE_CHECKING:
    from napari.viewer import Viewer

SOON_MS = 100
TABLE = ("napari", "Features table widget")


class Curation:
    """Buttons that work on the labels that are selected, else on those of the last run.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State

    Attributes
    ----------
    row : QWidget
        Hidden while there are no labels to work on.
    measure_button, click_button : PushButton
    tables : Tables
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state = viewer, state
        self.measure_button = PushButton(
            text="Measure",
            tooltip="Measure every label: size, place, outline, brightness. Your edits count.\n"
            "Takes the Labels layer that is selected, else that of the last run.",
        )
        self.click_button = PushButton(
            text="Add or remove by click",
            tooltip="Click on an object to remove it, or on one that was missed to add it. Ctrl+Z takes it back.\n"
            "In the 3D view a click only removes. Works on the Labels layer that is selected, else that of the last "
            "run.",
        )
        self.click_button.native.setCheckable(True)
        self.measure_button.changed.connect(self.measure)
        self.click_button.native.toggled.connect(self._toggled)
        self.row = QWidget()
        self._soon = QTimer(self.row)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._measure_target)
        self.tables = Tables(viewer, self.row)
        self._layout = QGridLayout(self.row)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.measure_button.native, 0, 0)
        self._layout.addWidget(self.click_button.native, 0, 1)
        self._layout.setColumnStretch(1, 1)
        for signal in (state.events.result, state.events.labels, state.events.phase, state.events.taken):
            signal.connect(self._update)
        state.events.phase.connect(self._measure_objects)
        state.events.taken.connect(self._measure_soon)
        state.teaching.events.result.connect(self._give_way)
        self._update()

    def add(self, button: PushButton) -> None:
        """Show one more button, below the others: three beside each other are wider than a dock."""
        self._layout.addWidget(button.native, self._layout.rowCount(), 0, 1, 2)

    def measure(self, *_: Any) -> None:
        """Measure the labels that are selected, and open the table."""
        layer = self._state.target
        if layer is None:
            return
        run_input = image_for(layer, self._state)
        if run_input is None:
            self._state.note(why_not(layer, self._state))
            return
        self.tables.measure(layer, run_input, self._show_table)

    def correct(self, position: Any) -> None:
        """Remove the object at a position in pixels of the layer, or add the one that was missed there."""
        layer = self._state.target
        if layer is not None and (text := correct(self._viewer, layer, position)):
            self._state.note(text)

    def clicked(self, layer: Labels, event: Any) -> Any:
        """Wait for the mouse to be released in place: a drag moves the picture."""
        yield
        if event.type == "mouse_move" or layer.mode != "pan_zoom":  # another tool draws
            return
        if len(event.dims_displayed) == 3 and layer.ndim > 2:
            ray = {"view_direction": event.view_direction, "dims_displayed": event.dims_displayed}
            number: Any = layer.get_value(event.position, **ray, world=True)
            self._state.note(remove(layer, number))
        else:
            self.correct(layer.world_to_data(event.position))

    def disconnect(self) -> None:
        """Let go of the layers."""
        self.click_button.native.setChecked(False)
        self._soon.stop()
        self.tables.close()

    def _measure_objects(self, phase: Phase) -> None:
        """Measure objects as soon as they are found."""
        if phase is Phase.DONE and self._state.result is not None:
            self._measure_taken(self._state.result)

    def _measure_soon(self, _: Any = None) -> None:
        """Measure once no other labels have come for a moment: a slider brings many."""
        self._soon.start()

    def _measure_target(self) -> None:
        if self._state.result is not None and self._state.result.layer in self._viewer.layers:
            self._measure_taken(self._state.result)

    def _give_way(self, _: Any = None) -> None:
        """Leave the clicks to the examples."""
        if self._state.teaching.on:
            self.click_button.native.setChecked(False)

    def _measure_taken(self, result: LayerResult) -> None:
        if result.has_objects and result.layer is not None:
            self.tables.measure(result.layer, result.run_input)

    def _show_table(self, layer: Labels, run_input: RunInput, number: int) -> None:
        self._state.note(f"Measured {count(number)} of '{layer.name}' in the image '{run_input.name}'.")
        self._viewer.layers.selection = {layer}
        dock, _ = self._viewer.window.add_plugin_dock_widget(*TABLE)
        window = dock.parent()
        if isinstance(window, QMainWindow):  # under the image, where it does not squeeze the controls
            window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, dock)

    def _update(self, _: Any = None) -> None:
        """Show the buttons that there is something to do for, and hear clicks in the layer they work on."""
        target, result = self._state.target, self._state.target_result
        self.row.setVisible(target is not None)
        clickable = target is not None and (result is None or result.has_objects)  # regions leave no ground between
        self.click_button.native.setVisible(clickable)
        if not clickable or self._state.busy:
            self.click_button.native.setChecked(False)
        self._hear(target if self.click_button.native.isChecked() else None)

    def _toggled(self, wanted: bool) -> None:
        layer = self._state.target
        if wanted:
            self._state.teaching.end()
        self._hear(layer if wanted else None)
        if wanted and layer is not None:
            self._viewer.layers.selection = {layer}
            self._state.note(
                "Click on an object to remove it, or on one that was missed to add it."
                if self._state.target_result is not None
                else f"Click on an object of '{layer.name}' to remove it, and once more to bring it back."
            )

    def _hear(self, layer: Labels | None) -> None:
        """Hear clicks in one layer, and in no other."""
        for other in self._viewer.layers:
            callbacks = other.mouse_drag_callbacks
            if other != layer and self.clicked in callbacks:
                callbacks.remove(self.clicked)
        if layer is not None and self.clicked not in layer.mouse_drag_callbacks:
            layer.mode = "pan_zoom"  # else the click would paint as well
            layer.mouse_drag_callbacks.append(self.clicked)

"""What there is for the labels that are selected: measuring, tracks, the tools of the mouse to correct them."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from napari.layers import Labels
from qtpy.QtCore import QSignalBlocker, Qt, QTimer
from qtpy.QtWidgets import QGridLayout, QMainWindow, QWidget

from napari_backprop_segmentation.gui.input.layers import unwrapped
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.counts import Counts
from napari_backprop_segmentation.gui.result.layer_result import LayerResult
from napari_backprop_segmentation.gui.result.measuring import Tables, image_for, why_not
from napari_backprop_segmentation.gui.result.table_view import MeasurementTable
from napari_backprop_segmentation.gui.result.tools import Tools
from napari_backprop_segmentation.gui.result.tracks import TracksButton
from napari_backprop_segmentation.gui.state import Phase, State
from napari_backprop_segmentation.pipeline.messages import count

if TYPE_CHECKING:
    from napari.viewer import Viewer

SOON_MS = 100
KEEP = (
    "The next run of the same image replaces a result that nobody has edited or renamed.\n"
    "Down, this button keeps the one that is shown. Edited ones are always kept, hidden below the new one."
)
COLUMNS = 3
TABLE = "Measurements"
TABLE_HEIGHT = 165  # pixels: totals, header and three rows


class Curation:
    """Buttons that work on the labels that are selected, else on the newest of the image that is chosen.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State

    Attributes
    ----------
    row : QWidget
        Hidden while there are no labels to work on.
    measure_button, keep_button : PushButton
    tables : Tables
    tracks : TracksButton
    counts : Counts
    table : MeasurementTable, optional
        Once it was asked for.
    tools : Tools
        With a row of its own.
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state = viewer, state
        self.measure_button = PushButton(
            text="Measure",
            tooltip="Measure every label: size, shape, place, brightness. Your edits count.\n"
            "Takes the Labels layer that is selected, else the newest of the image.",
        )
        self.measure_button.changed.connect(self.measure)
        self.row = QWidget()
        self._soon = QTimer(self.row)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._measure_target)
        self.tables = Tables(viewer, self.row)
        self._layout = QGridLayout(self.row)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.addWidget(self.measure_button.native, 0, 0)
        self.keep_button = PushButton(text="Keep", tooltip=KEEP)
        self.keep_button.native.setCheckable(True)
        self.keep_button.native.toggled.connect(self.keep)
        self.tracks = TracksButton(viewer, state)
        self._layout.addWidget(self.tracks.button.native, 0, 1)
        self.counts = Counts(viewer, state, self.tables)
        self._layout.addWidget(self.keep_button.native, 0, COLUMNS - 1)
        for column in range(COLUMNS):
            self._layout.setColumnStretch(column, 1)
        self.table: MeasurementTable | None = None
        self.tools = Tools(viewer, state)
        for signal in (state.events.result, state.events.labels, state.events.phase, state.events.taken):
            signal.connect(self._update)
        state.events.phase.connect(self._measure_objects)
        state.events.taken.connect(self._measure_soon)
        state.teaching.events.result.connect(self._give_way)
        for changed in (viewer.layers.events.inserted, viewer.layers.events.removed):
            changed.connect(self._on_layers)  # not the table: napari 0.6 cannot let go of a widget that Qt has deleted
        self._update()

    def add(self, button: PushButton, beside: PushButton) -> None:
        """Show two more buttons, the first a wide one, below the others: in one row they are wider than a dock."""
        row = self._layout.rowCount()
        self._layout.addWidget(button.native, row, 0, 1, COLUMNS - 1)
        self._layout.addWidget(beside.native, row, COLUMNS - 1)

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

    def keep(self, wanted: bool) -> None:
        """Keep the result that is shown from being replaced by the next run, or let it go again."""
        result = self._state.target_result
        if result is None or result.layer is None:
            return
        result.kept = wanted
        name = result.layer.name
        self._state.note(
            f"'{name}' is kept: the next run makes a layer of its own."
            if wanted
            else f"The next run of the image replaces '{name}', unless you edit it."
        )

    def disconnect(self) -> None:
        """Let go of the layers."""
        self.tools.put_down()
        self._soon.stop()
        if self.table is not None:
            self.table.follow(None)
            if (dock := self.table.parentWidget()) is not None:
                dock.hide()
        self.close()

    def close(self) -> None:
        """Follow no layer any more."""
        for changed in (self._viewer.layers.events.inserted, self._viewer.layers.events.removed):
            changed.disconnect(self._on_layers)
        self.counts.disconnect()
        self.tracks.close()
        self.tables.close()

    def _on_layers(self, _: Any) -> None:
        if self.table is not None:
            self.table.offer_images()

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
            self.tools.put_down()

    def _measure_taken(self, result: LayerResult) -> None:
        if result.has_objects and result.layer is not None:
            self.tables.measure(result.layer, result.run_input)

    def _show_table(self, layer: Labels, run_input: RunInput, number: int) -> None:
        self._state.note(f"Measured {count(number)} of '{layer.name}' in the image '{run_input.name}'.")
        if self.table is None:
            self.table = MeasurementTable(self._viewer, self.tables, lambda: self.tools.active is None)
        dock = self.table.parentWidget()
        if dock is None:  # never shown, or closed since; under the image it does not squeeze the controls
            dock = unwrapped(self._viewer.window.add_dock_widget(self.table, name=TABLE, area="bottom"))
            window = dock.parent()
            if isinstance(window, QMainWindow):  # as high as Qt likes it, it would squeeze the controls
                window.resizeDocks([dock], [TABLE_HEIGHT], Qt.Orientation.Vertical)
        dock.show()
        self.table.follow(layer)

    def _update(self, _: Any = None) -> None:
        """Show the button while there is something to do for it, and the table of the labels it works on."""
        self.row.setVisible(self._state.target is not None)
        self.measure_button.enabled = not self._state.busy  # labels that form are measured when they are done
        result = self._state.target_result
        self.keep_button.native.setVisible(result is not None)
        with QSignalBlocker(self.keep_button.native):
            self.keep_button.native.setChecked(result is not None and result.kept)
        if self.table is not None:
            self.table.follow(self._state.target)

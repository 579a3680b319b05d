"""The table of a layer, under the picture: totals, sorting, copying, saving; a row goes with its object.

napari's own table takes the row of an object to be its number, which it is not where numbers are missing.
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from napari.layers import Image, Labels
from napari.utils.notifications import show_error
from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtGui import QKeyEvent, QKeySequence
from qtpy.QtWidgets import (
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from napari_backprop_segmentation.gui.forms import SPACING, text_label
from napari_backprop_segmentation.gui.result.intensities import seen_in
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.result.measuring import Tables
from napari_backprop_segmentation.gui.result.show_object import frame_shown, show_object
from napari_backprop_segmentation.gui.result.table_columns import INDEX
from napari_backprop_segmentation.gui.result.table_model import SortedTable, TableModel
from napari_backprop_segmentation.gui.result.totals import FRAME, LABEL, in_one_line, per_frame
from napari_backprop_segmentation.io.tables import write_table

if TYPE_CHECKING:
    from napari.viewer import Viewer

HEIGHT = 130
ROWS = ("each label", "each frame")
UNMEASURED = "Press Measure for a table of these labels."
STILL = 3.0  # pixels of the screen: the mouse of a click moves no further


class CopiedTable(QTableView):
    """A table that copies whole rows; Qt's own copies one cell.

    Parameters
    ----------
    copy : callable
    """

    def __init__(self, copy: Callable[[], None]) -> None:
        super().__init__()
        self._copy = copy

    def keyPressEvent(self, event: QKeyEvent | None) -> None:  # noqa: N802
        """Copy, where that is asked for."""
        if event is not None and event.matches(QKeySequence.StandardKey.Copy):
            self._copy()
        else:
            super().keyPressEvent(event)


class MeasurementTable(QWidget):
    """The table of one layer at a time.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    tables : Tables
        Measure it.
    picks : callable
        Returns whether a click on an object selects its row: not while a tool of the mouse is in use.

    Attributes
    ----------
    layer : Labels, optional
    totals : QLabel
    view : QTableView
    intensities, rows : QComboBox
    copy_button, save_button : QPushButton
    """

    def __init__(self, viewer: "Viewer", tables: Tables, picks: Callable[[], bool]) -> None:
        super().__init__()
        self._viewer, self._tables, self._picks = viewer, tables, picks
        self.layer: Labels | None = None
        self._model, self._sorted = TableModel(), SortedTable()
        self._sorted.setSourceModel(self._model)
        self.totals = text_label()
        self.view = CopiedTable(self.copy)
        self.view.setModel(self._sorted)
        self.view.setSortingEnabled(True)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self._headers(self.view)
        self.intensities, self.rows = QComboBox(), QComboBox()
        self.intensities.setToolTip("In which image the brightness of the labels is measured.")
        self.rows.addItems(ROWS)
        self.rows.setToolTip("Of a series: one row for each label and frame, or the sums of each frame.")
        self.copy_button, self.save_button = QPushButton("Copy"), QPushButton("Save as CSV...")
        self.copy_button.setToolTip("Copy the rows that are selected, else all of them (Ctrl+C).")
        self._lay_out()
        self.intensities.activated.connect(self._measure_in)
        self.rows.currentIndexChanged.connect(self._fill)
        self.copy_button.clicked.connect(self.copy)
        self.save_button.clicked.connect(self.save)
        selection = self.view.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(self._on_row)

    def follow(self, layer: Labels | None) -> None:
        """Show the table of a layer from now on."""
        if layer is self.layer:
            return
        if self.layer is not None:
            self.layer.events.features.disconnect(self._fill)
            self.layer.events.selected_label.disconnect(self._on_label)
            if self.clicked in self.layer.mouse_drag_callbacks:
                self.layer.mouse_drag_callbacks.remove(self.clicked)
        self.layer = layer
        if layer is not None:
            layer.events.features.connect(self._fill)
            layer.events.selected_label.connect(self._on_label)
            layer.mouse_drag_callbacks.append(self.clicked)
        self._fill()

    def clicked(self, layer: Labels, event: Any) -> Any:
        """Select the object that is clicked on, and so its row."""
        start = event.pos
        yield
        while event.type == "mouse_move":
            yield
        still = max(abs(event.pos[0] - start[0]), abs(event.pos[1] - start[1])) <= STILL
        if not (still and self._picks() and self.isVisible() and layer.mode == "pan_zoom"):
            return
        ray = {"view_direction": event.view_direction, "dims_displayed": event.dims_displayed}
        value = layer.get_value(event.position, world=True, **ray)
        number = value[1] if layer.multiscale and isinstance(value, tuple) else value
        if number:
            layer.selected_label = int(number)
            self._on_label()

    def shown(self) -> pd.DataFrame:
        """Return the table as it is shown, in its order."""
        order = [self._sorted.mapToSource(self._sorted.index(row, 0)).row() for row in range(self._sorted.rowCount())]
        return self._model.table.iloc[order]

    def copy(self) -> None:
        """Copy the selected rows, else all, as text that spreadsheet programs take."""
        selection, table = self.view.selectionModel(), self.shown()
        rows = [] if selection is None else sorted(index.row() for index in selection.selectedRows())
        text = (table.iloc[rows] if rows else table).to_csv(sep="\t", index=False)
        clipboard = QApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)

    def save(self) -> None:
        """Write the table to a file that is asked for."""
        if self.layer is None:
            return
        path, _ = QFileDialog.getSaveFileName(self, "Save the table", f"{self.layer.name}.csv", "CSV files (*.csv)")
        if not path:
            return
        table = self.shown()
        try:
            write_table(Path(path), {str(name): table[name].to_numpy() for name in table})
        except OSError as error:
            show_error(f"The table could not be saved: {error}")

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(SPACING)
        top.addWidget(self.totals, 1)
        self._titles = [QLabel("Rows"), QLabel("Intensities of")]
        for title, box in zip(self._titles, (self.rows, self.intensities), strict=True):
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
            top.addWidget(title)
            top.addWidget(box)
        for button in (self.copy_button, self.save_button):
            top.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(SPACING, SPACING, SPACING, SPACING)
        layout.setSpacing(SPACING)
        layout.addLayout(top)
        layout.addWidget(self.view, 1)
        self.setMinimumHeight(HEIGHT)

    @staticmethod
    def _headers(view: QTableView) -> None:
        beside, above = view.verticalHeader(), view.horizontalHeader()
        if beside is not None:
            beside.hide()
        if above is not None:
            above.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)  # as measured, until a header is clicked on

    def _fill(self, _: Any = None) -> None:
        """Show what the layer's table holds now."""
        layer, found = self.layer, self._tables.of(self.layer)
        table = pd.DataFrame()
        text = UNMEASURED if layer is not None else ""
        if layer is not None and found is not None:
            table = layer.features.rename(columns={INDEX: LABEL})
            text = in_one_line(table, _noun(layer), found.n_frames)
        series = FRAME in table
        for box in (self._titles[0], self.rows):
            box.setVisible(series)
        for shown in (self._titles[1], self.intensities, self.copy_button, self.save_button):
            shown.setVisible(found is not None)
        self.totals.setText(text)
        if series and found is not None and self.rows.currentIndex() == 1:
            table = per_frame(table, found.n_frames)
        self._model.fill(table)
        self.view.resizeColumnsToContents()
        self.offer_images()
        self._on_label()

    def offer_images(self) -> None:
        """Offer the images in which brightness can be measured, and let go of a layer that is gone."""
        if self.layer is not None and self.layer not in self._viewer.layers:
            self.follow(None)
        found = self._tables.of(self.layer)
        with QSignalBlocker(self.intensities):
            self.intensities.clear()
            if found is None:
                return
            images = [each for each in self._viewer.layers if isinstance(each, Image)]
            names = [each.name for each in images if seen_in(each, found.own) is not None]
            for name in (found.run_input.name, found.own.name):  # such as several layers that are its channels
                if name not in names:
                    names.insert(0, name)
            self.intensities.addItems(names)
            self.intensities.setCurrentText(found.run_input.name)

    def _measure_in(self, _: int) -> None:
        """Measure the layer in the image that is chosen."""
        layer, name, found = self.layer, self.intensities.currentText(), self._tables.of(self.layer)
        if layer is None or found is None:
            return
        seen = seen_in(self._viewer.layers[name], found.own) if name in self._viewer.layers else None
        self._tables.measure(layer, found.own, run_input=None if name == found.own.name else seen)

    def _on_row(self, *_: Any) -> None:
        """Select the object of a row, and bring it into view."""
        layer, found, index = self.layer, self._tables.of(self.layer), self.view.currentIndex()
        if layer is None or found is None or not index.isValid():
            return
        row = self._model.table.iloc[self._sorted.mapToSource(index).row()]
        if LABEL in row:
            layer.selected_label = int(row[LABEL])
            show_object(self._viewer, layer, found, int(row[LABEL]), int(row[FRAME]) if FRAME in row else None)

    def _on_label(self, _: Any = None) -> None:
        """Select the row of the object that is selected, of a series in the frame that is shown."""
        layer, table, selection = self.layer, self._model.table, self.view.selectionModel()
        if layer is None or LABEL not in table or selection is None:
            return
        found = table[LABEL].to_numpy() == layer.selected_label
        if FRAME in table:
            here = found & (table[FRAME].to_numpy() == frame_shown(self._viewer, layer, self._tables.of(layer)))
            found = here if here.any() else found
        rows = found.nonzero()[0]
        selected = [self._sorted.mapToSource(index).row() for index in selection.selectedRows()]
        if set(selected) & set(rows.tolist()):
            return
        with QSignalBlocker(selection):  # the view stays where the user has moved it
            self.view.clearSelection()
            if len(rows):
                index = self._sorted.mapFromSource(self._model.index(int(rows[0]), 0))
                self.view.selectRow(index.row())
                self.view.scrollTo(index)
        viewport = self.view.viewport()
        if viewport is not None:
            viewport.update()


def _noun(layer: Labels | None) -> str:
    """Return what a label of a layer is."""
    result = result_of(layer)
    if result is None:
        return LABEL
    if result.has_objects:
        return "object"
    return "kind" if result.segmentation.record["params"].get("regions") == "classes" else "region"

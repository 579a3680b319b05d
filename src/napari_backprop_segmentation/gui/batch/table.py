"""The table of a batch: one row an image."""

from collections.abc import Mapping

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_backprop_segmentation.batch.entry import Entry, State
from napari_backprop_segmentation.gui.result.totals import short

COLUMNS = ("Image", "State", "Found", "Mean size", "Time", "Message")
NAME_WIDTH, NUMBER_WIDTH, ROW_HEIGHT = 190, 90, 25  # pixels
ADVICE = ("add --overwrite", "tick Overwrite")  # what the terminal says, and what is done here
SEPARATOR = "; "


class BatchTable(QTableWidget):
    """Shows how far each image is."""

    def __init__(self) -> None:
        super().__init__(0, len(COLUMNS))
        self.setHorizontalHeaderLabels(list(COLUMNS))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setAccessibleName("Images of the batch")
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        beside, above = self.verticalHeader(), self.horizontalHeader()
        if beside is not None:
            beside.hide()
            beside.setDefaultSectionSize(ROW_HEIGHT)
        if above is not None:
            above.setSectionResizeMode(len(COLUMNS) - 1, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(0, NAME_WIDTH)
        for column in range(1, len(COLUMNS) - 1):
            self.setColumnWidth(column, NUMBER_WIDTH)

    def show_entries(self, entries: Mapping[int, Entry]) -> None:
        """Show the entries of some rows; further rows are added for those that are not there yet."""
        self.setRowCount(max(self.rowCount(), *(number + 1 for number in entries)) if entries else self.rowCount())
        for number, entry in entries.items():
            for column, text in enumerate(_texts(entry)):
                item = QTableWidgetItem(text)
                item.setToolTip(text.replace(SEPARATOR, "\n"))
                if column in (2, 3, 4):
                    item.setTextAlignment(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
                self.setItem(number, column, item)
            if entry.state is State.RUNNING:
                self.scrollToItem(self.item(number, 0))

    def text(self, row: int, column: int) -> str:
        """Return what a cell says."""
        item = self.item(row, column)
        return "" if item is None else item.text()


def _texts(entry: Entry) -> tuple[str, ...]:
    found = entry.found
    count = size = ""
    if found is not None:
        count = f"{found.count} {found.of}"
        size = "" if found.mean_size is None else f"{short(found.mean_size)} {found.unit}"
    seconds = "" if entry.seconds is None else f"{entry.seconds:.1f} s"
    return entry.name, entry.state.value, count, size, seconds, entry.message.replace(*ADVICE)

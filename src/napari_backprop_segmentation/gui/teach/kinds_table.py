"""The kinds that can be drawn, one a row: colour, name, how many pixels. A click on a row takes it into the brush."""

from collections.abc import Callable

from qtpy.QtCore import QItemSelectionModel, QSignalBlocker, Qt
from qtpy.QtGui import QColor, QIcon, QPixmap
from qtpy.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from napari_backprop_segmentation.gui.teach.strokes_layer import Kind

SWATCH = 14
MOST_ROWS = 4  # the others are scrolled to
COLUMNS = ("", "Kind", "Pixels")
STYLE = "QTableWidget { border: none } QTableWidget::item { padding: 0 4px }"
HELP = (
    "What you draw, one kind a row. Click on a row to draw it; - and = go to the kind before and after.\n"
    "Double-click on a name or a colour to change it."
)


class KindsTable(QTableWidget):
    """The kinds of a layer of strokes.

    Parameters
    ----------
    on_chosen : callable
        Called with the number of the kind that is to be drawn.
    on_renamed : callable
        Called with a number and a name.
    on_colour : callable
        Called with the number of a kind that is to have another colour.
    """

    def __init__(
        self, on_chosen: Callable[[int], None], on_renamed: Callable[[int, str], None], on_colour: Callable[[int], None]
    ) -> None:
        super().__init__(0, len(COLUMNS))
        self._on_chosen, self._on_renamed, self._on_colour = on_chosen, on_renamed, on_colour
        self._numbers: list[int] = []
        self.setStyleSheet(STYLE)
        self.setToolTip(HELP)
        self.setAccessibleName("Kinds")
        self.setAccessibleDescription(HELP)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)  # the tab key leaves the table, as it leaves other controls
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setShowGrid(False)
        for header in (self.horizontalHeader(), self.verticalHeader()):
            if header is not None:
                header.setVisible(False)
        header = self.horizontalHeader()
        if header is not None:
            header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
            for column in (0, 2):
                header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.itemSelectionChanged.connect(self._chosen)
        self.itemChanged.connect(self._renamed)
        self.cellDoubleClicked.connect(self._double_clicked)

    @property
    def numbers(self) -> list[int]:
        """The kinds that are shown, in order."""
        return list(self._numbers)

    def fill(self, kinds: tuple[Kind, ...], chosen: int) -> None:
        """Show these kinds, one of which is drawn now."""
        with QSignalBlocker(self):
            self._numbers = [kind.number for kind in kinds]
            self.setRowCount(len(kinds))
            for row, kind in enumerate(kinds):
                self._fill_row(row, kind)
            self.choose(chosen)
        height = self.sizeHintForRow(0) if kinds else self.fontMetrics().height()
        for row in range(len(kinds)):
            self.setRowHeight(row, height)
        height = self.rowHeight(0) if kinds else height  # a style may not let rows be as low
        self.setFixedHeight(max(1, min(len(kinds), MOST_ROWS)) * height + 2 * self.frameWidth() + 2)

    def choose(self, number: int) -> None:
        """Show which kind is drawn now."""
        with QSignalBlocker(self):
            if number in self._numbers:
                flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
                self.setCurrentCell(self._numbers.index(number), 1, flags)
            else:
                self.clearSelection()

    def _fill_row(self, row: int, kind: Kind) -> None:
        swatch = QPixmap(SWATCH, SWATCH)
        swatch.fill(QColor.fromRgbF(*kind.colour))
        icon = QIcon()
        for mode in (QIcon.Mode.Normal, QIcon.Mode.Selected):  # else the style veils a selected one
            icon.addPixmap(swatch, mode)
        colour, name, pixels = QTableWidgetItem(icon, ""), QTableWidgetItem(kind.name), QTableWidgetItem()
        pixels.setText(f"{kind.pixels:,} px")
        pixels.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column, item in enumerate((colour, name, pixels)):
            if column != 1:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsEditable)
            item.setToolTip(f"Kind {kind.number}: {kind.name}, {kind.pixels} pixels drawn.\n{HELP}")
            self.setItem(row, column, item)
        colour.setData(Qt.ItemDataRole.AccessibleTextRole, f"colour of {kind.name}")

    def _chosen(self) -> None:
        row = self.currentRow()
        if 0 <= row < len(self._numbers):
            self._on_chosen(self._numbers[row])

    def _renamed(self, item: QTableWidgetItem) -> None:
        if item.column() == 1 and item.row() < len(self._numbers):
            self._on_renamed(self._numbers[item.row()], item.text())

    def _double_clicked(self, row: int, column: int) -> None:
        if column == 0:
            self._on_colour(self._numbers[row])

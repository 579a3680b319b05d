"""A table of features for Qt: short numbers are shown, all digits are sorted by and copied."""

from typing import Any

import numpy as np
import pandas as pd
from qtpy.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt

from napari_backprop_segmentation.gui.result.totals import short

VALUE = Qt.ItemDataRole.UserRole
Where = QModelIndex | QPersistentModelIndex
DISPLAY = int(Qt.ItemDataRole.DisplayRole)


class TableModel(QAbstractTableModel):
    """Shows a DataFrame.

    Attributes
    ----------
    table : DataFrame
    """

    def __init__(self) -> None:
        super().__init__()
        self.table = pd.DataFrame()

    def fill(self, table: pd.DataFrame) -> None:
        """Show another table."""
        self.beginResetModel()
        self.table = table
        self.endResetModel()

    def rowCount(self, parent: Where | None = None) -> int:  # noqa: N802
        """Return how many rows there are."""
        return len(self.table)

    def columnCount(self, parent: Where | None = None) -> int:  # noqa: N802
        """Return how many columns there are."""
        return len(self.table.columns)

    def data(self, index: Where, role: int = DISPLAY) -> Any:
        """Return what a cell shows, or what it is."""
        if not index.isValid():
            return None
        value = self.table.iat[index.row(), index.column()]
        value = value.item() if isinstance(value, np.generic) else value
        if role == VALUE:
            return value
        number = isinstance(value, (int, float))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignVCenter | (
                Qt.AlignmentFlag.AlignRight if number else Qt.AlignmentFlag.AlignLeft
            )
        if role != DISPLAY:
            return None
        if isinstance(value, float):
            return short(value)
        return "" if value is None or value is pd.NA else str(value)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = DISPLAY) -> Any:  # noqa: N802
        """Return the name of a column."""
        if role != DISPLAY or orientation != Qt.Orientation.Horizontal:
            return None
        return str(self.table.columns[section])


class SortedTable(QSortFilterProxyModel):
    """A table in the order of one of its columns."""

    def lessThan(self, left: Where, right: Where) -> bool:  # noqa: N802
        """Return whether one cell comes before another; empty ones come first, words after numbers."""
        return _key(left.data(VALUE)) < _key(right.data(VALUE))


def _key(value: Any) -> tuple[int, float, str]:
    if isinstance(value, (int, float)):
        return (0, 0.0, "") if value != value else (1, float(value), "")  # noqa: PLR0124 - not a number
    return (0, 0.0, "") if value is None or value is pd.NA else (2, 0.0, str(value))

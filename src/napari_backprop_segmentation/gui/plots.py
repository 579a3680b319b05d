"""Plots above each other, in the colours of the theme.

Built from the parts of pyqtgraph rather than its PlotItem, which brings menus and mouse modes nobody needs here.
"""

from typing import Any

import pyqtgraph as pg
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

# Readable on dark and on light; counts take the first, others theirs in the order in which they come.
COUNT_COLOUR, COLOURS = "#3fb68b", ("#e8963c", "#6f94ea", "#d06fb0", "#b5a642", "#5fb8c9", "#e06a5a")
AXIS_WIDTH = 38
LINE_WIDTH = 2
TICK = -4  # pixels, outwards


class WholeAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis of whole numbers: there is no half iteration."""

    def tickSpacing(self, minimum: float, maximum: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        """Return the steps between ticks, without those below 1."""
        spacing = super().tickSpacing(minimum, maximum, size)
        return [(step, offset) for step, offset in spacing if step >= 1] or [(1, 0)]


class Plots(QWidget):
    """A widget with plots above each other, each with a caption."""

    def __init__(self) -> None:
        super().__init__()
        self._text = "gray"
        self._view = pg.GraphicsView(self)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)  # takes what is left
        self._grid = pg.GraphicsLayout()
        self._grid.setContentsMargins(0, 4, 6, 0)
        self._grid.setSpacing(0)
        self._view.setCentralItem(self._grid)
        self._axes: list[Any] = []
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def recolour(self, background: str, text: str) -> None:
        """Take the colours of a theme, as CSS names."""
        self._view.setBackground(background)
        self._text = text
        for axis in self._axes:
            axis.setPen(text)
            axis.setTextPen(text)
        self._draw()

    def _draw(self) -> None:
        """Show what there is in the colours that hold now."""
        raise NotImplementedError

    def _add_caption(self, row: int) -> Any:
        return self._grid.addLabel("", row=row, col=1, justify="left")

    def _add_plot(self, row: int, kind: type[Any]) -> Any:
        box = self._grid.addViewBox(row=row, col=1, enableMenu=False, enableMouse=False, defaultPadding=0.06)
        self._add_axis(kind("left", maxTickLength=TICK), box, row, 0).setWidth(AXIS_WIDTH)
        return box

    def _add_axis(self, axis: Any, box: Any, row: int, col: int) -> Any:
        axis.linkToView(box)
        self._grid.addItem(axis, row=row, col=col)
        self._axes.append(axis)
        return axis

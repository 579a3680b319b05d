"""The live chart: how many labels are left and how the losses fall."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_backprop_segmentation.gui.run.worker import Point

LABELS, LOSSES = "labels", "losses"
SERIES = {  # field of Point -> plot, name, colour readable on dark and on light
    "n_labels": (LABELS, "labels of the network", "#3fb68b"),
    "similarity": (LOSSES, "similarity", "#e8963c"),
    "continuity": (LOSSES, "continuity", "#6f94ea"),
}
MIN_HEIGHT = 120  # in a low window the settings need the room more
READABLE_HEIGHT = 170  # below, the numbers along the upright axes would lie one over the other
AXIS_WIDTH = 38
LINE_WIDTH = 2
TICK = -4  # pixels, outwards


class _WholeAxis(pg.AxisItem):  # type: ignore[misc]
    """An axis of whole numbers: there is no half iteration."""

    def tickSpacing(self, minimum: float, maximum: float, size: float) -> list[tuple[float, float]]:  # noqa: N802
        spacing = super().tickSpacing(minimum, maximum, size)
        return [(step, offset) for step, offset in spacing if step >= 1] or [(1, 0)]


class Chart(QWidget):
    """Two plots above each other over the same iterations: number of labels, losses.

    Built from the parts of pyqtgraph rather than its PlotItem, which brings menus and mouse modes nobody needs here.
    """

    def __init__(self) -> None:
        super().__init__()
        self._points: list[Point] = []
        self._text = "gray"
        self._view = pg.GraphicsView(self)
        self._view.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Ignored)  # takes what is left
        self._grid = pg.GraphicsLayout()
        self._grid.setContentsMargins(0, 4, 6, 0)
        self._grid.setSpacing(0)
        self._view.setCentralItem(self._grid)
        self._axes: list[Any] = []
        self._captions = {
            plot: self._grid.addLabel("", row=2 * i, col=1, justify="left") for i, plot in enumerate((LABELS, LOSSES))
        }
        boxes = {LABELS: self._add_plot(1, _WholeAxis), LOSSES: self._add_plot(3, pg.AxisItem)}
        boxes[LOSSES].setXLink(boxes[LABELS])
        self._add_axis(_WholeAxis("bottom", maxTickLength=TICK), boxes[LOSSES], 4, 1).setLabel("iteration")
        self._labels_box = boxes[LABELS]
        self._curves = {}
        for name, (plot, _, colour) in SERIES.items():
            self._curves[name] = pg.PlotCurveItem(pen=pg.mkPen(colour, width=LINE_WIDTH))
            boxes[plot].addItem(self._curves[name])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self.setMinimumHeight(MIN_HEIGHT)
        self.clear()

    @property
    def points(self) -> tuple[Point, ...]:
        """What is shown."""
        return tuple(self._points)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Leave out the numbers for which there is no room; the captions hold the last ones."""
        super().resizeEvent(event)
        for axis in self._axes:
            if axis.orientation == "left":
                axis.setStyle(showValues=self.height() >= READABLE_HEIGHT)

    def clear(self) -> None:
        """Forget the last run."""
        self._points = []
        self._draw()

    def add(self, points: Sequence[Point]) -> None:
        """Show more iterations."""
        self._points.extend(points)
        self._draw()

    def recolour(self, background: str, text: str) -> None:
        """Take the colours of a theme, as CSS names."""
        self._view.setBackground(background)
        self._text = text
        for axis in self._axes:
            axis.setPen(text)
            axis.setTextPen(text)
        self._draw()

    def _add_plot(self, row: int, kind: type[Any]) -> Any:
        box = self._grid.addViewBox(row=row, col=1, enableMenu=False, enableMouse=False, defaultPadding=0.06)
        self._add_axis(kind("left", maxTickLength=TICK), box, row, 0).setWidth(AXIS_WIDTH)
        return box

    def _add_axis(self, axis: Any, box: Any, row: int, col: int) -> Any:
        axis.linkToView(box)
        self._grid.addItem(axis, row=row, col=col)
        self._axes.append(axis)
        return axis

    def _draw(self) -> None:
        iterations = np.array([point.iteration for point in self._points], dtype=float)
        captions: Mapping[str, list[str]] = {LABELS: [], LOSSES: []}
        for name, (plot, title, colour) in SERIES.items():
            values = np.array([getattr(point, name) for point in self._points], dtype=float)
            # A loss the method does not have stays at 0 and would only be a line along the axis.
            shown = bool(values.any())
            self._curves[name].setData(iterations if shown else [], values if shown else [])
            if shown:
                captions[plot].append(f'<span style="color:{colour}">{title} <b>{values[-1]:.4g}</b></span>')
        self._labels_box.setYRange(0, max((point.n_labels for point in self._points), default=1))
        for plot, parts in captions.items():
            empty = f'<span style="color:{self._text}">{plot}</span>'
            self._captions[plot].setText("&nbsp;&nbsp; ".join(parts) or empty)

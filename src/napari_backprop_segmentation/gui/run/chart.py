"""The live chart: how many labels are left and how the losses fall."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtCore import Qt
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from napari_backprop_segmentation.gui.run.worker import Point

LABELS, LOSSES = "labels", "losses"
COUNT = "labels of the network"
# Readable on dark and on light; losses take theirs in the order in which they come.
COUNT_COLOUR, LOSS_COLOURS = "#3fb68b", ("#e8963c", "#6f94ea", "#d06fb0", "#b5a642", "#5fb8c9", "#e06a5a")
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
        self._points: Sequence[Point] = ()
        self._text = "gray"
        self._view = pg.GraphicsView(self)
        self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
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
        self._boxes = boxes
        self._curves: dict[str, tuple[Any, str]] = {}  # with their colours
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)
        self.setMinimumHeight(MIN_HEIGHT)
        self._draw()

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Leave out the numbers for which there is no room; the captions hold the last ones."""
        super().resizeEvent(event)
        for axis in self._axes:
            if axis.orientation == "left":
                axis.setStyle(showValues=self.height() >= READABLE_HEIGHT)

    @property
    def points(self) -> Sequence[Point]:
        """What is shown."""
        return self._points

    def show_points(self, points: Sequence[Point]) -> None:
        """Show these iterations."""
        self._points = points
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
        numbers = series(self._points)
        captions: Mapping[str, list[str]] = {LABELS: [], LOSSES: []}
        for name in self._curves.keys() - numbers:
            self._curves[name][0].setData([], [])
        for name, values in numbers.items():
            plot = LABELS if name == COUNT else LOSSES
            curve, colour = self._curve(name, plot)
            curve.setData(iterations, values)
            captions[plot].append(f'<span style="color:{colour}">{name} <b>{values[-1]:.4g}</b></span>')
        if self._points:
            self._boxes[LABELS].enableAutoRange()
            self._boxes[LOSSES].enableAutoRange()
        else:  # no numbers along the axes that belong to another run
            for box in self._boxes.values():
                box.setRange(xRange=(0, 1), yRange=(0, 1))
        self._boxes[LABELS].setYRange(0, max((point.n_labels for point in self._points), default=1))
        for plot, parts in captions.items():
            empty = f'<span style="color:{self._text}">{plot}</span>'
            self._captions[plot].setText("&nbsp;&nbsp; ".join(parts) or empty)

    def _curve(self, name: str, plot: str) -> tuple[Any, str]:
        """Return the curve of some numbers, and its colour."""
        if name not in self._curves:
            taken = [colour for _, colour in self._curves.values()]
            free = [colour for colour in LOSS_COLOURS if colour not in taken] or LOSS_COLOURS
            colour = COUNT_COLOUR if name == COUNT else free[0]
            curve = pg.PlotCurveItem(pen=pg.mkPen(colour, width=LINE_WIDTH))
            self._boxes[plot].addItem(curve)
            self._curves[name] = curve, colour
        return self._curves[name]


def series(points: Sequence[Point]) -> dict[str, NDArray[np.float64]]:
    """Return what a chart of some iterations shows, by name: the number of labels and the losses that there are.

    A loss that the method does not have stays at 0 and would only be a line along the axis.
    """
    if not points:
        return {}
    names = dict.fromkeys(name for point in points for name in point.losses)
    losses = {name: np.array([point.losses.get(name, np.nan) for point in points]) for name in names}
    shown = {name: values for name, values in losses.items() if np.nan_to_num(values).any()}
    return {COUNT: np.array([point.n_labels for point in points], dtype=float), **shown}

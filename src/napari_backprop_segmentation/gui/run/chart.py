"""The live chart: how many labels are left and how the losses fall."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from qtpy.QtGui import QResizeEvent

from napari_backprop_segmentation.gui.plots import COLOURS, COUNT_COLOUR, LINE_WIDTH, TICK, Plots, WholeAxis
from napari_backprop_segmentation.gui.run.worker import Point

LABELS, LOSSES = "labels", "losses"
COUNT = "labels of the network"
MIN_HEIGHT = 120  # in a low window the settings need the room more
READABLE_HEIGHT = 170  # below, the numbers along the upright axes would lie one over the other


class Chart(Plots):
    """Two plots above each other over the same iterations: number of labels, losses."""

    def __init__(self) -> None:
        super().__init__()
        self._points: Sequence[Point] = ()
        self._captions = {plot: self._add_caption(2 * i) for i, plot in enumerate((LABELS, LOSSES))}
        boxes = {LABELS: self._add_plot(1, WholeAxis), LOSSES: self._add_plot(3, pg.AxisItem)}
        boxes[LOSSES].setXLink(boxes[LABELS])
        self._add_axis(WholeAxis("bottom", maxTickLength=TICK), boxes[LOSSES], 4, 1).setLabel("iteration")
        self._boxes = boxes
        self._curves: dict[str, tuple[Any, str]] = {}  # with their colours
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
            free = [colour for colour in COLOURS if colour not in taken] or COLOURS
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

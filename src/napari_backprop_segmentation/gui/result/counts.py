"""How many objects each frame of a series has, as a curve."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph as pg
from napari.layers import Labels
from qtpy.QtCore import Qt

from napari_backprop_segmentation.gui.forms import Folded
from napari_backprop_segmentation.gui.plots import COUNT_COLOUR, LINE_WIDTH, TICK, Plots, WholeAxis
from napari_backprop_segmentation.gui.result.measuring import Tables
from napari_backprop_segmentation.gui.result.show_object import frame_shown
from napari_backprop_segmentation.gui.result.table_columns import INDEX
from napari_backprop_segmentation.gui.result.totals import FRAME, LABEL, per_frame
from napari_backprop_segmentation.gui.state import State

if TYPE_CHECKING:
    from napari.viewer import Viewer

HEIGHT = 110
MARK_SIZE = 6


class CountsPlot(Plots):
    """A curve of counts over frames, and which frame is shown.

    Attributes
    ----------
    counts : sequence of int
        One a frame.
    frame : int, optional
        The one that is shown.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Sequence[int] = ()
        self.frame: int | None = None
        self._caption = self._add_caption(0)
        self._box = self._add_plot(1, WholeAxis)
        self._add_axis(WholeAxis("bottom", maxTickLength=TICK), self._box, 2, 1).setLabel("frame")
        pen = pg.mkPen(COUNT_COLOUR, width=LINE_WIDTH)
        self._curve = pg.PlotDataItem(
            pen=pen, symbol="o", symbolSize=MARK_SIZE, symbolBrush=COUNT_COLOUR, symbolPen=None
        )
        self._here = pg.InfiniteLine(angle=90)
        for item in (self._here, self._curve):
            self._box.addItem(item)
        self.setFixedHeight(HEIGHT)
        self._draw()

    def show_counts(self, counts: Sequence[int], frame: int | None) -> None:
        """Show so many objects, one number a frame, and which frame is shown."""
        self.counts, self.frame = counts, frame
        self._draw()

    def _draw(self) -> None:
        self._curve.setData(np.arange(len(self.counts), dtype=float), np.array(self.counts, dtype=float))
        here = self.frame is not None and 0 <= self.frame < len(self.counts)
        self._here.setVisible(here)
        self._here.setPen(pg.mkPen(self._text, width=1, style=Qt.PenStyle.DashLine))
        text = ""
        if self.frame is not None and here:
            self._here.setValue(self.frame)
            text = f"frame {self.frame}: <b>{self.counts[self.frame]}</b>"
        self._caption.setText(f'<span style="color:{COUNT_COLOUR}">{text}</span>')
        self._box.setRange(xRange=(0, max(1, len(self.counts) - 1)), yRange=(0, max(self.counts, default=1) or 1))


class Counts:
    """Shows the plot for a series that was measured, and follows edits as its table does.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    tables : Tables

    Attributes
    ----------
    plot : CountsPlot
    folded : Folded
        Hidden where there is no series.
    """

    def __init__(self, viewer: "Viewer", state: State, tables: Tables) -> None:
        self._viewer, self._state, self._tables = viewer, state, tables
        self._layer: Labels | None = None
        self.plot = CountsPlot()
        self.folded = Folded("Objects per frame", self.plot)
        self.folded.unfold()
        for signal in (state.events.result, state.events.labels, state.events.taken, state.events.phase):
            signal.connect(self._follow)
        viewer.dims.events.current_step.connect(self._show_frame)
        self._follow()

    def disconnect(self) -> None:
        """Let go of the viewer and the layer."""
        self._viewer.dims.events.current_step.disconnect(self._show_frame)
        self._hear(None)

    def _follow(self, _: Any = None) -> None:
        self._hear(self._state.target)
        self._show()

    def _hear(self, layer: Labels | None) -> None:
        if layer is self._layer:
            return
        if self._layer is not None:
            self._layer.events.features.disconnect(self._show)
        self._layer = layer
        if layer is not None:
            layer.events.features.connect(self._show)

    def _show(self, _: Any = None) -> None:
        layer, found = self._layer, self._tables.of(self._layer)
        series = layer is not None and found is not None and FRAME in layer.features
        self.folded.setVisible(series)
        if layer is None or found is None or not series:
            return
        counts = per_frame(layer.features.rename(columns={INDEX: LABEL}), found.n_frames)["count"]
        self.plot.counts = [int(n) for n in counts]
        self._show_frame()

    def _show_frame(self, _: Any = None) -> None:
        """Mark the frame that is shown; what was counted stays as it is."""
        layer, found = self._layer, self._tables.of(self._layer)
        if layer is not None and found is not None and not self.folded.isHidden():
            self.plot.show_counts(self.plot.counts, frame_shown(self._viewer, layer, found))

"""How often a run may draw: as often as the screen can follow, measured while it runs.

Painting holds the interpreter, and without a graphics card one frame of a napari window takes about 75 ms: left alone,
drawing would take most of the time from the computation, and from the user's clicks.
"""

import time
from collections.abc import Callable

import numpy as np
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel, QWidget

from napari_backprop_segmentation.gui.run.process_guards import Hold, slow_movies
from napari_backprop_segmentation.gui.run.worker import MESSAGE_SECONDS, WorkerControl

SHARE = 0.25  # of its time that the GUI thread may spend on showing a run
MAX_SECONDS = 5.0
PAINT_WAIT_MS = 20  # Qt paints within about this time after something has changed


class Throttle:
    """Measures how long a message takes to be drawn, and tells the worker when to send the next.

    Parameters
    ----------
    control : WorkerControl
    parent : QWidget
        Any widget of the window; the timer lives no longer than it.
    """

    def __init__(self, control: WorkerControl, parent: QWidget) -> None:
        self._control, self._parent = control, parent
        self._began = self._waited = 0.0
        self._action: Callable[[], None] | None = None
        self._slowed: list[Hold] = []
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAINT_WAIT_MS)
        self._timer.timeout.connect(self._on_painted)

    def begin(self) -> None:
        """Start the clock: what follows is the work of one message."""
        self._began, self._waited = time.monotonic(), 0.0

    def finish(self, action: Callable[[], None] | None = None) -> None:
        """Stop the clock when all is painted.

        Parameters
        ----------
        action : callable, optional
            The slow part of the work: done in an event of its own, so that clicks come in between.
        """
        self._action = action
        self._timer.start()

    def calm_indicator(self) -> None:
        """Slow down the animation by which napari says that something is going on.

        It repaints the window 22 times a second, the canvas included.
        """
        labels = self._main_window().findChildren(QLabel)
        self._slowed = slow_movies.hold(movie for label in labels if (movie := label.movie()) is not None)

    def end(self) -> None:
        """Stop measuring and leave the window as it was."""
        self._timer.stop()
        for hold in self._slowed:
            hold.release()
        self._slowed = []

    def _main_window(self) -> QWidget:
        """Return the window of napari; a floating dock is a window of its own inside it."""
        window = self._parent.window() or self._parent
        while (outer := window.parentWidget()) is not None:
            window = outer.window() or outer
        return window

    def _on_painted(self) -> None:
        self._waited += PAINT_WAIT_MS / 1000
        if self._action is not None:
            action, self._action = self._action, None
            action()
            self._timer.start()
            return
        seconds = time.monotonic() - self._began - self._waited
        self._control.message_seconds = float(np.clip(seconds / SHARE, MESSAGE_SECONDS, MAX_SECONDS))
        self._control.heard = True

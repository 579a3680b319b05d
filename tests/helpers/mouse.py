"""Real mouse events on the canvas of a viewer."""

from itertools import pairwise

import numpy as np
from qtpy.QtCore import QEvent, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QWidget

LEFT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

MOVE_MS = 12  # vispy leaves out moves that follow others faster


class Mouse:
    """Presses, moves and releases over places of the world, as the viewer shows them.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
        On the screen, showing a plane.
    """

    def __init__(self, viewer):
        self._viewer = viewer
        # the canvas is a private attribute of napari's window, which plugins see through a proxy
        window = getattr(viewer.window, "__wrapped__", viewer.window)
        self.canvas = next(w for w in window._qt_window.findChildren(QWidget) if _is_canvas(w))

    def place(self, world):
        """Return the pixel of the canvas that shows a place (ndim,) of the world."""
        camera = self._viewer.scene.camera if hasattr(self._viewer, "scene") else self._viewer.camera
        rows, columns = self._viewer.dims.displayed[-2:]
        away = (np.array([world[rows], world[columns]]) - np.array(camera.center)[-2:]) * camera.zoom
        return QPointF(self.canvas.width() / 2 + away[1], self.canvas.height() / 2 + away[0])

    def click(self, world, modifiers=Qt.KeyboardModifier.NoModifier):
        self.send(QEvent.Type.MouseButtonPress, self.place(world), LEFT, LEFT, modifiers)
        self.send(QEvent.Type.MouseButtonRelease, self.place(world), LEFT, NONE, modifiers)

    def move(self, place):
        """Move to a pixel of the canvas; the cursor of the screen, which other tests share, stays where it is."""
        self.send(QEvent.Type.MouseMove, QPointF(place), NONE, NONE)

    def drag(self, *worlds, steps=6, during=lambda: None):
        """Press at the first place, move through the others, and release at the last; `during` is called before."""
        places = [self.place(world) for world in worlds]
        self.send(QEvent.Type.MouseButtonPress, places[0], LEFT, LEFT)
        for start, end in pairwise(places):
            for share in np.linspace(0, 1, steps + 1)[1:]:
                self.send(QEvent.Type.MouseMove, start + (end - start) * float(share), NONE, LEFT)
        self.send(QEvent.Type.MouseMove, places[-1], NONE, LEFT)  # again, should the last one have been left out
        during()
        self.send(QEvent.Type.MouseButtonRelease, places[-1], LEFT, NONE)

    def send(self, kind, place, button, buttons, modifiers=Qt.KeyboardModifier.NoModifier):
        whole = QPointF(self.canvas.mapToGlobal(place.toPoint()))
        QApplication.sendEvent(self.canvas, QMouseEvent(kind, place, whole, button, buttons, modifiers))
        QApplication.processEvents()
        QTest.qWait(MOVE_MS)


def _is_canvas(widget):
    return "CanvasBackend" in type(widget).__name__

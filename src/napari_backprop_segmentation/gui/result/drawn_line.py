"""A line over the picture while the mouse draws it: in no layer, so that nothing of the user's changes."""

from collections.abc import Sequence
from typing import Any

from qtpy.QtCore import QPointF, Qt
from qtpy.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from qtpy.QtWidgets import QApplication, QWidget

WIDTH = 2
SAME = 2  # pixels: a widget in which the mouse is elsewhere is not the canvas
DARK, LIGHT = QColor(0, 0, 0, 160), QColor(255, 255, 255)  # one of them is seen on any picture


class DrawnLine(QWidget):
    """Lies over the canvas, and lets the mouse through.

    Parameters
    ----------
    canvas : QWidget

    Attributes
    ----------
    points : list of (float, float)
        In pixels of the canvas, from its upper left corner.
    """

    def __init__(self, canvas: QWidget) -> None:
        super().__init__(canvas)
        self.points: list[tuple[float, float]] = []
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_NoSystemBackground)
        self.resize(canvas.size())
        self.show()

    def draw(self, points: Sequence[Any]) -> None:
        """Show a line through these points."""
        self.points = [(float(x), float(y)) for x, y in points]
        self.update()

    def paintEvent(self, _: QPaintEvent | None) -> None:  # noqa: N802
        """Paint the line, light within dark."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        line = QPolygonF([QPointF(x, y) for x, y in self.points])
        for colour, width in ((DARK, WIDTH + 2), (LIGHT, WIDTH)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
            painter.drawPolyline(line)
        painter.end()


def line_over(event: Any) -> DrawnLine | None:
    """Return a line over the canvas that a mouse event of napari comes from; None where it cannot be told."""
    native = getattr(event, "native", None)
    if not isinstance(native, QMouseEvent):
        return None
    place = native.globalPosition().toPoint()
    # QApplication.widgetAt finds nothing where a window of another program lies above
    for window in QApplication.topLevelWidgets():
        canvas = window.childAt(window.mapFromGlobal(place)) if window.isVisible() else None
        if canvas is not None:
            here = canvas.mapFromGlobal(place)
            if max(abs(here.x() - event.pos[0]), abs(here.y() - event.pos[1])) <= SAME:
                return DrawnLine(canvas)
    return None

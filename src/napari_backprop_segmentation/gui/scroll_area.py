"""A part of the dock that is scrolled where there is no room for all of it."""

from qtpy.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer
from qtpy.QtGui import QResizeEvent, QShowEvent, QWheelEvent
from qtpy.QtWidgets import QAbstractSpinBox, QComboBox, QFrame, QScrollArea, QSlider, QWidget

LEAST_HEIGHT, LEAST_WIDTH = 200, 290  # pixels of what is scrolled: seven rows, as wide as buttons below each other
SETTLED_MS = 300  # until what appears has its place and its height
TURNED_BY_WHEEL = (QComboBox, QAbstractSpinBox, QSlider)


class ScrollArea(QScrollArea):
    """Scrolls its content up and down where the dock is too low to show all of it.

    Controls that are passed over by the mouse wheel keep their value, unless they have the focus.

    Parameters
    ----------
    content : QWidget
    """

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # nobody sees that it has the focus
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setWidget(content)
        self._revealed: dict[QObject, QWidget | None] = {}
        self._appeared: QWidget | None = None
        self._before = self._after = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SETTLED_MS)
        self._soon.timeout.connect(self._show_appeared)
        if (bar := self.verticalScrollBar()) is not None:
            bar.rangeChanged.connect(self._follow_appeared)

    def reveal(self, *contents: QWidget, last: QWidget | None = None) -> None:
        """Scroll to each of some widgets in the content whenever it appears.

        Parameters
        ----------
        *contents : QWidget
        last : QWidget, optional
            Below them, and to be seen with them while it is there.
        """
        for each in contents:
            self._revealed[each] = last
            each.installEventFilter(self)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the width that the content needs, beside the bar; a table docked below the image leaves the height."""
        content, bar = self.widget(), self.verticalScrollBar()
        width = 0 if content is None or bar is None else content.minimumSizeHint().width() + bar.sizeHint().width()
        return QSize(max(width, LEAST_WIDTH), LEAST_HEIGHT)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Watch the mouse wheel over all controls that there are by now."""
        super().showEvent(event)
        for kind in TURNED_BY_WHEEL:
            for each in self.findChildren(kind):
                if each.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    each.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                each.installEventFilter(self)

    def resizeEvent(self, event: QResizeEvent | None) -> None:  # noqa: N802
        """Show what has appeared also where words above take some of the room, unless somebody has scrolled since."""
        super().resizeEvent(event)
        if self._appeared is not None and self._value() == self._after:
            self._show_appeared()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Scroll to what appears, and over controls."""
        if event is None or not isinstance(watched, QWidget):
            return bool(super().eventFilter(watched, event))
        if event.type() == QEvent.Type.LayoutRequest and watched is self.widget():
            self.updateGeometry()  # what has appeared may be wider
        if isinstance(event, QWheelEvent) and isinstance(watched, TURNED_BY_WHEEL) and not watched.hasFocus():
            self.wheelEvent(event)
            return True
        if event.type() == QEvent.Type.Show and watched in self._revealed and not event.spontaneous():
            self._appeared, self._before = watched, self._value()
            self._soon.start()
        if event.type() == QEvent.Type.Hide and watched is self._appeared and self._value() == self._after:
            self._scroll_to(self._before)  # nobody has scrolled since
        return bool(super().eventFilter(watched, event))

    def _follow_appeared(self, *_: int) -> None:
        """Scroll again while it and what is around it take their places."""
        if self._soon.isActive():
            self._show_appeared()

    def _show_appeared(self) -> None:
        """Scroll as little as shows all of it, or its upper part where it is higher than what is seen."""
        shown, content, view = self._appeared, self.widget(), self.viewport()
        if shown is not None and content is not None and view is not None and shown.isVisibleTo(self):
            top = shown.mapTo(content, QPoint(0, 0)).y()  # Qt's own looks at the cursor in it only
            last = self._revealed.get(shown)
            last = shown if last is None or not last.isVisibleTo(self) else last
            bottom = last.mapTo(content, QPoint(0, last.height())).y()
            self._scroll_to(min(top, max(self._value(), bottom - view.height())))

    def _scroll_to(self, value: int) -> None:
        if (bar := self.verticalScrollBar()) is not None:
            bar.setValue(value)
        self._after = self._value()

    def _value(self) -> int:
        bar = self.verticalScrollBar()
        return 0 if bar is None else bar.value()

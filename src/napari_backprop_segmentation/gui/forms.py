"""Rows of a form: a name on the left, a control on the right, one tooltip for both."""

from collections.abc import Sequence
from typing import Any, Protocol

from magicgui.widgets import CheckBox
from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import QEvent, QObject, QPoint, QSize, Qt, QTimer
from qtpy.QtGui import QShowEvent, QWheelEvent
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

SPACING = 4
SHARED = "row of a control and what stands beside it"
LEAST_HEIGHT = 240  # of what is scrolled: eight rows
SETTLED_MS = 300  # until what appears has its place and its height
TURNED_BY_WHEEL = (QComboBox, QAbstractSpinBox, QSlider)
# Three of these stand beside each other, so the arrow gets no more room than it needs.
FLAT = "QToolButton { border: none; background: transparent; padding: 2px } QToolButton:focus { border: 1px dotted }"
LINK = (
    "QPushButton { background: transparent; padding: 0px 2px; text-decoration: underline }"
    " QPushButton:focus { border: 1px dotted }"
)
NARROW = "QComboBox { padding: 3px 2px 3px 5px } QComboBox::drop-down { width: 16px }"


def make_form() -> QFormLayout:
    """Return an empty form."""
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setSpacing(SPACING)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return form


class Control(Protocol):
    """What a row needs of a control, of magicgui or our own."""

    @property
    def label(self) -> Any:
        """What stands before it."""

    @property
    def tooltip(self) -> Any:
        """What it is for."""

    @property
    def native(self) -> Any:
        """The widget of Qt."""


def add_row(form: QFormLayout, control: Control, beside: QWidget | None = None) -> QLabel:
    """Add a control, and perhaps something beside it, under its own label; return the label."""
    label = QLabel(control.label)
    label.setToolTip(control.tooltip)
    label.setBuddy(control.native)
    _name(control)
    _let_shrink(control)
    if isinstance(control, CheckBox):
        control.native.setText("")  # its name stands before it
    if beside is None:
        form.addRow(label, control.native)
        return label
    row = QWidget()
    row.setObjectName(SHARED)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACING)
    layout.addWidget(control.native, 1)
    layout.addWidget(beside, 1)
    form.addRow(label, row)
    return label


def side_by_side(controls: Sequence[ValueWidget], title: str = "") -> QWidget:  # type: ignore[type-arg]
    """Return controls in one row, after a title if there is one."""
    row = QWidget()
    row.setStyleSheet(NARROW)
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACING)
    if title:
        layout.addWidget(QLabel(title))
    for control in controls:
        _name(control)
        _let_shrink(control)
        layout.addWidget(control.native, 1)
    return row


def _name(control: Control) -> None:
    """Let those hear the name of a control who do not see its label."""
    if not control.native.accessibleName():
        control.native.setAccessibleName(str(control.label))


def _let_shrink(control: Control) -> None:
    """Let a control be as narrow as the dock; its longest possible value must not widen the whole widget."""
    control.native.setMinimumWidth(0)
    control.native.setSizePolicy(QSizePolicy.Policy.Ignored, control.native.sizePolicy().verticalPolicy())


def show_row(label: QLabel, control: Control, visible: bool) -> None:
    """Show or hide a control together with its label and what stands beside it."""
    parent = control.native.parentWidget()
    if parent is not None and parent.objectName() == SHARED:
        parent.setVisible(visible)
    label.setVisible(visible)
    control.native.setVisible(visible)


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
        self.setMinimumHeight(LEAST_HEIGHT)  # else a table docked below the image leaves two rows of it
        self._revealed: set[QObject] = set()
        self._appeared: QWidget | None = None
        self._before = self._after = 0
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SETTLED_MS)
        self._soon.timeout.connect(self._show_appeared)
        if (bar := self.verticalScrollBar()) is not None:
            bar.rangeChanged.connect(self._follow_appeared)

    def reveal(self, *contents: QWidget) -> None:
        """Scroll to each of some widgets in the content whenever it appears."""
        for each in contents:
            self._revealed.add(each)
            each.installEventFilter(self)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Return the width that the content needs, beside the bar that scrolls it."""
        content, bar = self.widget(), self.verticalScrollBar()
        width = 0 if content is None or bar is None else content.minimumSizeHint().width() + bar.sizeHint().width()
        return QSize(width, LEAST_HEIGHT)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Watch the mouse wheel over all controls that there are by now."""
        super().showEvent(event)
        for kind in TURNED_BY_WHEEL:
            for each in self.findChildren(kind):
                if each.focusPolicy() == Qt.FocusPolicy.WheelFocus:
                    each.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
                each.installEventFilter(self)

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
            self._scroll_to(min(top, max(self._value(), top + shown.height() - view.height())))

    def _scroll_to(self, value: int) -> None:
        if (bar := self.verticalScrollBar()) is not None:
            bar.setValue(value)
        self._after = self._value()

    def _value(self) -> int:
        bar = self.verticalScrollBar()
        return 0 if bar is None else bar.value()


class Folded(QWidget):
    """Content below a triangle with a title: hidden at first, and then out of reach of the keyboard too.

    Parameters
    ----------
    title : str
    content : QWidget

    Attributes
    ----------
    button : QToolButton
        Down while the content is shown.
    """

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self.button, self._content = QToolButton(), content
        self.button.setText(title)
        self.button.setCheckable(True)
        self.button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.button.setStyleSheet(FLAT)
        self.button.toggled.connect(self._show)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(content, 1)
        self._show(False)

    @property
    def unfolded(self) -> bool:
        """Whether the content is shown."""
        return bool(self.button.isChecked())

    def unfold(self, wanted: bool = True) -> None:
        """Show the content, or hide it."""
        self.button.setChecked(wanted)

    def _show(self, wanted: bool) -> None:
        self.button.setArrowType(Qt.ArrowType.DownArrow if wanted else Qt.ArrowType.RightArrow)
        self._content.setVisible(wanted)


def text_label(dim: bool = False) -> QLabel:
    """Return an empty label that wraps its words; dim ones take the colour that `dim_style` gives them."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("dim", dim)
    return label


def dim_style(colour: Sequence[int]) -> str:
    """Return the style sheet that gives dim labels a colour, as red, green and blue from 0 to 255."""
    return f'QLabel[dim="true"] {{ color: rgb{tuple(colour)} }}'

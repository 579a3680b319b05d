"""Rows of a form: a name on the left, a control on the right, one tooltip for both."""

from collections.abc import Sequence

from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import QEvent, QObject, QSize, Qt
from qtpy.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QWidget

SPACING = 4
SLACK = 8
LEAST_HEIGHT = 180  # of what is scrolled: six rows
# Three of these stand beside each other, so the arrow gets no more room than it needs.
NARROW = "QComboBox { padding: 3px 2px 3px 5px } QComboBox::drop-down { width: 16px }"


def make_form() -> QFormLayout:
    """Return an empty form."""
    form = QFormLayout()
    form.setContentsMargins(0, 0, 0, 0)
    form.setSpacing(SPACING)
    form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    return form


def add_row(form: QFormLayout, control: ValueWidget) -> QLabel:  # type: ignore[type-arg]
    """Add a control under its own label; return the label."""
    label = QLabel(control.label)
    label.setToolTip(control.tooltip)
    _let_shrink(control)
    form.addRow(label, control.native)
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
        _let_shrink(control)
        layout.addWidget(control.native, 1)
    return row


def _let_shrink(control: ValueWidget) -> None:  # type: ignore[type-arg]
    """Let a control be as narrow as the dock; its longest possible value must not widen the whole widget."""
    control.native.setMinimumWidth(0)
    control.native.setSizePolicy(QSizePolicy.Policy.Ignored, control.native.sizePolicy().verticalPolicy())


def show_row(label: QLabel, control: ValueWidget, visible: bool) -> None:  # type: ignore[type-arg]
    """Show or hide a control together with its label."""
    label.setVisible(visible)
    control.native.setVisible(visible)


class FittingScrollArea(QScrollArea):
    """Scrolls its content only where the dock is too low to show all of it."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.setWidget(content)
        self.setMinimumHeight(LEAST_HEIGHT)  # else a table docked below the image leaves two rows of it

    def sizeHint(self) -> QSize:  # noqa: N802
        """Return the size at which nothing needs to be scrolled."""
        content = self.widget()
        if content is None:
            return super().sizeHint()
        # Without slack, Qt would show a scroll bar, which makes the content narrower and higher, which needs the bar.
        return content.sizeHint() + QSize(0, SLACK)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Follow content that is folded or unfolded."""
        if event is not None and event.type() == QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return bool(super().eventFilter(watched, event))


def text_label(dim: bool = False) -> QLabel:
    """Return an empty label that wraps its words."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setEnabled(not dim)
    return label

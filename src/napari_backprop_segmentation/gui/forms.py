"""Rows of a form: a name on the left, a control on the right, one tooltip for both."""

from collections.abc import Sequence
from typing import Any, Protocol

from magicgui.widgets import CheckBox
from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QComboBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from napari_backprop_segmentation.gui.whole_words import WholeWords

SPACING = 4
SHARED = "row of a control and what stands beside it"
# Three of these stand beside each other, so the arrow gets no more room than it needs.
FLAT = "QToolButton { border: none; background: transparent; padding: 2px } QToolButton:focus { border: 1px dotted }"
LINK = (
    "QPushButton { background: transparent; padding: 0px 2px; text-decoration: underline }"
    " QPushButton:focus { border: 1px dotted }"
)
NO_BUTTONS = (
    "QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 0px; height: 0px }"
    " QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow { image: none; width: 0px; height: 0px }"
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
    if isinstance(control.native, QComboBox):
        WholeWords(control.native)


def show_row(label: QLabel, control: Control, visible: bool) -> None:
    """Show or hide a control together with its label and what stands beside it."""
    parent = control.native.parentWidget()
    if parent is not None and parent.objectName() == SHARED:
        parent.setVisible(visible)
    label.setVisible(visible)
    control.native.setVisible(visible)


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
    content : QWidget
    """

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self.button, self.content = QToolButton(), content
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
        self.content.setVisible(wanted)


def text_label(dim: bool = False) -> QLabel:
    """Return an empty label that wraps its words; dim ones take the colour that `dim_style` gives them."""
    label = QLabel()
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setProperty("dim", dim)
    return label


def make_room_for_numbers(parent: QWidget) -> None:
    """Give boxes without buttons, such as those beside sliders, buttons without a size.

    Qt 6.12 leaves a number one pixel where the box has `NoButtons` and a style sheet, as all in napari have.
    """
    for box in parent.findChildren(QAbstractSpinBox):
        if box.buttonSymbols() == QAbstractSpinBox.ButtonSymbols.NoButtons:
            box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.UpDownArrows)
            box.setStyleSheet(f"QAbstractSpinBox {{ {box.styleSheet()} }} {NO_BUTTONS}")


def dim_style(colour: Sequence[int]) -> str:
    """Return the style sheet that gives dim labels a colour, as red, green and blue from 0 to 255."""
    return f'QLabel[dim="true"] {{ color: rgb{tuple(colour)} }}'

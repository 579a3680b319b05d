"""A row of buttons of which one is down: for the few choices that everything else follows from."""

from collections.abc import Callable, Mapping

from qtpy.QtCore import QEvent, QObject, Qt
from qtpy.QtGui import QKeyEvent
from qtpy.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget

# All of them beside each other in a narrow dock.
STEPS = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
MARGIN = 6  # pixels, of both sides together
STYLE = "QPushButton { padding: 4px 0px; border-radius: 2px; min-width: 0px; font-size: 11px }"


class Switch(QWidget):
    """One of several choices. Tab goes to the row, arrow keys go along it.

    Parameters
    ----------
    name : str
        For those who do not see it.
    choices : mapping of str to str
        What the buttons say, and what that means.
    on_choice : callable
        Is told what the user has chosen.
    """

    def __init__(self, name: str, choices: Mapping[str, str], on_choice: Callable[[str], None]) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setStyleSheet(STYLE)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(1)
        self._group = QButtonGroup(self)
        self._on_choice = on_choice
        self.buttons: dict[str, QPushButton] = {}
        for text, meaning in choices.items():
            button = QPushButton(text)
            button.setCheckable(True)
            button.setToolTip(meaning)
            button.setAccessibleName(f"{name}: {text}")
            button.setAccessibleDescription(meaning)
            button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            button.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
            button.installEventFilter(self)
            self._group.addButton(button)
            button.setMinimumWidth(1)
            layout.addWidget(button, button.fontMetrics().horizontalAdvance(text) + MARGIN)  # room as the words need it
            self.buttons[text] = button
        self._group.buttonToggled.connect(self._toggled)

    @property
    def value(self) -> str:
        """The choice whose button is down."""
        down = self._group.checkedButton()
        return "" if down is None else str(down.text())

    def show_choice(self, text: str) -> None:
        """Press a button without telling."""
        self._group.blockSignals(True)
        self.buttons[text].setChecked(True)
        self._group.blockSignals(False)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Go along the row with the arrow keys: Qt itself does so only in a window that is active."""
        buttons = list(self.buttons.values())
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched in buttons:
            step = STEPS.get(Qt.Key(event.key()))
            if step is not None:
                other = buttons[(buttons.index(watched) + step) % len(buttons)]
                other.setFocus()
                other.setChecked(True)
                return True
        return bool(super().eventFilter(watched, event))

    def _toggled(self, button: QPushButton, down: bool) -> None:
        if down:
            self._on_choice(str(button.text()))

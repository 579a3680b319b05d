"""Words that a list is too narrow to show, such as names of layers: whole in its tooltip, and where it is opened."""

from qtpy.QtCore import QEvent, QObject
from qtpy.QtGui import QHelpEvent
from qtpy.QtWidgets import QComboBox, QToolTip

ARROW = 34  # pixels of a list that are no words: the arrow and what is around them


class WholeWords(QObject):
    """Shows the words of a list as they are.

    Parameters
    ----------
    box : QComboBox
        Keeps this, and is only looked at.
    """

    def __init__(self, box: QComboBox) -> None:
        super().__init__(box)
        box.installEventFilter(self)

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Widen what is about to be opened, and begin the tooltip with what is cut."""
        if not isinstance(watched, QComboBox) or event is None:
            return bool(super().eventFilter(watched, event))
        if (
            event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.KeyPress)
            and (view := watched.view()) is not None
        ):
            texts = (watched.itemText(row) for row in range(watched.count()))
            view.setMinimumWidth(max(map(watched.fontMetrics().horizontalAdvance, texts), default=0) + ARROW)
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and is_cut(watched):
            QToolTip.showText(event.globalPos(), told(watched), watched)
            return True
        return bool(super().eventFilter(watched, event))


def is_cut(box: QComboBox) -> bool:
    """Return whether a list is too narrow for the words it shows."""
    return int(box.fontMetrics().horizontalAdvance(box.currentText())) > box.width() - ARROW


def told(box: QComboBox) -> str:
    """Return the tooltip of a list with what it shows."""
    return f"{box.currentText()}\n\n{box.toolTip()}".strip()

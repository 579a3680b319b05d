"""What the least value of a number means, in words instead of the number."""

from typing import Any, cast

from qtpy.QtCore import QEvent, QObject, QSignalBlocker
from superqt import QLargeIntSpinBox

SHORT = "\N{EN DASH}"
MARGINS = 8  # pixels beside the words


class NamedLeast(QObject):
    """Shows in words what the least value means; superqt's box of whole numbers has nothing for it of its own.

    Parameters
    ----------
    box : QLargeIntSpinBox
        Takes an empty text as the value it has. This lives as long.
    least : int
    meaning : str
    """

    def __init__(self, box: QLargeIntSpinBox, least: int, meaning: str) -> None:
        super().__init__(box)
        self._edit = cast("Any", box.lineEdit())
        self._least = str(least)
        self._meaning = meaning
        self._edit.setPlaceholderText(meaning)
        self._edit.textChanged.connect(self._show)
        self._edit.installEventFilter(self)
        self._show(self._edit.text())

    def _show(self, text: str) -> None:
        if text == self._least:
            with QSignalBlocker(self._edit):  # the value stays as it is
                self._edit.clear()

    def eventFilter(self, watched: QObject | None, event: QEvent | None) -> bool:  # noqa: N802
        """Leave the words out where there is no room for them."""
        if event is not None and event.type() == QEvent.Type.Resize:
            needed = self._edit.fontMetrics().horizontalAdvance(self._meaning) + MARGINS
            self._edit.setPlaceholderText(self._meaning if needed <= self._edit.width() else SHORT)
        return bool(super().eventFilter(watched, event))

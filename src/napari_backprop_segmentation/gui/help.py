"""One screen of help: what can be done, from the first run to a table, and the keys."""

from collections.abc import Sequence

from qtpy.QtCore import Qt
from qtpy.QtGui import QShowEvent
from qtpy.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from napari_backprop_segmentation.gui.teach.help import WAYS, Keys

TITLE = "What can I do?"
COLUMN = 440  # pixels: both fit on the smallest screen
GAP = 24
FIRST: tuple[tuple[str, str, Keys], ...] = (
    (
        "Segment an image",
        (
            "Choose it on top, or open a sample (File &gt; Open Sample), and press <i>Run</i>. Labels form in a layer "
            "above the image while a small network learns it. <i>Stop</i> keeps them, <i>Cancel</i> removes them."
        ),
        (),
    ),
    (
        "Say what you want",
        (
            "<i>Automatic</i> looks at the image and decides. <i>Objects</i> counts things, <i>Regions</i> divides the "
            "whole image, <i>Classes</i> gives alike regions one number. A preset knows more about one kind of image."
        ),
        (),
    ),
    (
        "Begin small",
        (
            "<i>Where</i> takes only what you see, a rectangle you draw, or one slice. <i>Apply to the whole image</i> "
            "then labels the rest with the same network."
        ),
        (),
    ),
    (
        "Look at the result",
        (
            "<i>Detail</i> makes regions coarser or finer at once. The next run of the image replaces a result, unless "
            "you press <i>Keep</i> or have edited it. Your image and your own layers are never changed."
        ),
        (),
    ),
    (
        "Edit, count, save",
        (
            "Labels are a napari Labels layer: paint, fill and erase as you like. <i>Measure</i> makes a table of "
            "size, shape and brightness. File &gt; Save Selected Layers writes labels; the table has its own button."
        ),
        (),
    ),
    (
        "Use it again",
        (
            "<i>Trained network</i> keeps what was learned, and taught, in a file, and labels other images with it; "
            "<i>Batch...</i> does many. <i>This result</i> uses settings again, copies a script, saves labels with all "
            "of it. From the palette, <b>Ctrl+Shift+P</b>, everything runs by keyboard: Segment the active image, ..."
        ),
        (),
    ),
)


def text(ways: Sequence[tuple[str, str, Keys]]) -> str:
    """Return a part of the help as rich text."""
    parts = []
    for title, meaning, keys in ways:
        rows = "".join(f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{does}</td></tr>" for key, does in keys)
        parts.append(f"<p><b>{title}</b><br>{meaning}</p>" + f"<table cellspacing='2'>{rows}</table>" * bool(rows))
    return "".join(parts)


class HelpDialog(QDialog):
    """Shows the help beside the window, which stays usable.

    Parameters
    ----------
    parent : QWidget
        Whose colours it has.
    """

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(TITLE)
        self._labels: list[QLabel] = []
        columns = QHBoxLayout()
        columns.setSpacing(GAP)
        for ways in (FIRST, WAYS):
            label = QLabel(text(ways))
            label.setWordWrap(True)
            label.setFixedWidth(COLUMN)
            label.setAlignment(Qt.AlignmentFlag.AlignTop)
            columns.addWidget(label)
            self._labels.append(label)
        button = QPushButton("Close")
        button.clicked.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addLayout(columns)
        layout.addWidget(button, 0, Qt.AlignmentFlag.AlignRight)

    def showEvent(self, event: QShowEvent | None) -> None:  # noqa: N802
        """Make room for all words: only now the letters are as large as they will be."""
        for label in self._labels:
            label.setMinimumHeight(label.heightForWidth(COLUMN))
        self.adjustSize()
        super().showEvent(event)


def show_help(beside: QWidget) -> None:
    """Show the help beside the window that a widget is in: once, however often it is asked for."""
    window = beside.window() or beside
    dialog = window.findChild(HelpDialog) or HelpDialog(window)
    dialog.show()
    dialog.raise_()

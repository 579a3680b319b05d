"""One screen of help: what each way of correcting a result is for, and its keys."""

from qtpy.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

WIDTH = 520
WAYS = (
    (
        "Draw strokes",
        (
            "You know what there is to tell apart: paint a little of each kind, and every pixel gets the kind that it "
            "is most like. Or only the kind <i>object</i> is divided and counted, or each stroke shows one thing."
        ),
        (
            ("1 / 2 / 4 / 6", "eraser, brush, fill, move the picture"),
            ("- and =", "the kind before and after"),
            ("[ and ]", "smaller and larger brush"),
            ("Ctrl+Z", "take back the last stroke; Ctrl+Shift+Z brings it back"),
            ("N", "go to the next doubtful place"),
        ),
    ),
    (
        "Find more like this",
        (
            "You want all things that are like one of them: click on it. A click on what was found wrongly says that "
            "this is none."
        ),
        (
            ("click", "an example, or a counter-example on what was found wrongly"),
            ("Shift / Alt + click", "always an example / always a counter-example"),
            ("Shift + wheel, Up, Down", "a larger or smaller outline"),
            ("Ctrl+Z", "take back the last click"),
        ),
    ),
    (
        "Add / remove, Merge, Split",
        "A few single objects are wrong: a click removes one or adds the one that was missed; a drag joins or divides.",
        (("Ctrl+Z", "take it back"),),
    ),
    (
        "Other readings...",
        (
            "Something else was found than you want, such as bright things instead of what lines enclose: choose "
            "another way to see the image by its picture."
        ),
        (),
    ),
)


def text() -> str:
    """Return the help as rich text."""
    parts = []
    for title, meaning, keys in WAYS:
        rows = "".join(f"<tr><td><b>{key}</b>&nbsp;&nbsp;</td><td>{does}</td></tr>" for key, does in keys)
        parts.append(f"<p><b>{title}</b><br>{meaning}</p><table cellspacing='2'>{rows}</table>")
    return "".join(parts)


class HelpDialog(QDialog):
    """Shows the help beside the window, which stays usable."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Teaching: what to use when")
        self.setMinimumWidth(WIDTH)
        label = QLabel(text())
        label.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        layout = QVBoxLayout(self)
        layout.addWidget(label)
        layout.addWidget(buttons)

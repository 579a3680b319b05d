"""What else there is for the result that is selected: its settings, a text that repeats it, a file."""

from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from napari.layers import Labels
from qtpy.QtWidgets import QApplication, QFileDialog, QMenu, QWidget

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui import background
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.result.saved_labels import record_in, saved, to_save
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.words import sentence
from napari_backprop_segmentation.io.repeat import settings_of
from napari_backprop_segmentation.io.repeat_text import FILL_IN, as_command, as_python
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari.viewer import Viewer

USE, PYTHON, COMMAND = "Use the settings of this layer", "Copy as Python", "Copy as command line"
SAVE = "Save labels..."
TEXTS = {PYTHON: as_python, COMMAND: as_command}
TOOLTIP = "Use the settings of these labels again, copy what makes them anew, or save them."
MEANINGS = {
    USE: "Put the settings that these labels were made with into the controls.",
    PYTHON: "Copy lines of Python that make the same labels again.",
    COMMAND: "Copy a command for the terminal that makes the same labels again.",
    SAVE: "Write an OME-TIFF with the labels, their table and how they were made, as the command line does.",
}
FILES = "Labels (*.tif *.tiff)"
PATTERN = "*labels.tif*"  # of the manifest
OTHER_NAME = "Under a name that ends in labels.tif, napari also offers to open it with place, table and settings."
UNKNOWN = "These labels do not say how they were made: no run has made them."


def text_of(record: Mapping[str, Any], wanted: str, edited: bool) -> str | Failure:
    """Return what is copied, in a thread: files are looked at. An error is returned, see `worker.outcome`."""
    try:
        return TEXTS[wanted](record, edited)
    except SegmentationError as error:
        return Failure(error)


def ask_where_to_save(parent: QWidget, name: str) -> str:
    """Ask for a file to write, also before one that is there is replaced; empty for none."""
    dialog = QFileDialog(parent, "Save the labels", "", FILES)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("tif")
    dialog.selectFile(f"{name}.tif")
    try:
        return dialog.selectedFiles()[0] if dialog.exec() else ""
    finally:
        dialog.deleteLater()


class ThisResult:
    """A button with a menu, beside the others for the labels that are selected.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    use : callable
        Puts settings into the controls.

    Attributes
    ----------
    button : PushButton
    menu : QMenu
    """

    def __init__(self, viewer: "Viewer", state: State, use: Callable[[Params], None]) -> None:
        self._viewer, self._state, self._use = viewer, state, use
        self.button = PushButton(text="This result", tooltip=TOOLTIP)
        self.menu = QMenu(self.button.native)
        self.menu.setToolTipsVisible(True)
        for text, meaning in MEANINGS.items():
            if text == SAVE:
                self.menu.addSeparator()
            if (action := self.menu.addAction(text)) is not None:
                action.setToolTip(meaning)
        self.menu.triggered.connect(self._choose)
        self.button.native.setMenu(self.menu)
        events = state.events
        for signal in (events.result, events.labels, events.phase, events.taken):
            signal.connect(self._update)
        self._update()

    def _choose(self, action: Any) -> None:
        text = action.text()
        if text in TEXTS:
            self.copy(text)
        elif text == SAVE:
            self.save()
        else:
            self.use()

    def use(self) -> None:
        """Put the settings of the labels into the controls."""
        if (found := self._found()) is None:
            return
        layer, record = found
        try:
            self._use(settings_of(record))
        except SegmentationError as error:
            self._state.note(sentence(str(error)))
        else:
            self._state.note(f"The settings are those of '{layer.name}' now.")

    def copy(self, wanted: str) -> None:
        """Copy a text that makes the labels again."""
        if (found := self._found()) is not None:
            layer, record = found
            result = result_of(layer)
            edited = result is not None and result.edited
            background.start(text_of, record, wanted, edited, then=partial(self._on_text, wanted))

    def save(self) -> None:
        """Ask where, and write the labels."""
        if (found := self._found()) is None:
            return
        layer, record = found
        if path := ask_where_to_save(self.button.native, layer.name):
            given = Path(path), *to_save(layer, record)
            background.start(saved, *given, then=partial(self._on_saved, Path(path).name))

    def _found(self) -> tuple[Labels, dict[str, Any]] | None:
        """Return the labels that are worked on and their record; None where there is none, which is said."""
        layer = self._state.target
        record = record_in(layer)
        if layer is None or record is None:
            self._state.note(UNKNOWN)
            return None
        return layer, record

    def _on_text(self, wanted: str, text: str | Failure) -> None:
        clipboard = QApplication.clipboard()
        if isinstance(text, Failure) or clipboard is None:
            reason = sentence(str(text.error)) if isinstance(text, Failure) else "There is no clipboard."
            self._state.note(f"Nothing was copied. {reason}")
            return
        clipboard.setText(text)
        gaps = [line.removeprefix("# ") for line in text.splitlines()[1:] if line.startswith("# ")]
        if FILL_IN in text:
            gaps.append(f"Put in what stands at {FILL_IN}: no file holds it.")
        what = "the command" if wanted == COMMAND else "Python"
        self._state.note(" ".join((f"Copied {what} that makes these labels again.", *gaps)))

    def _on_saved(self, name: str, outcome: tuple[str, ...] | Failure) -> None:
        if isinstance(outcome, Failure):
            self._state.note(f"The labels were not saved. {sentence(str(outcome.error))}")
        else:
            also = () if fnmatch(name.lower(), PATTERN) else (OTHER_NAME,)
            self._state.note(" ".join((f"Saved the labels as {name}.", *map(sentence, outcome), *also)))

    def _update(self, _: Any = None) -> None:
        """Let those actions rest that there is nothing to do for."""
        known = record_in(self._state.target) is not None and not self._state.busy
        for action in self.menu.actions():
            action.setEnabled(known)

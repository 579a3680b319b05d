"""The button *Find more like this*, and what belongs to it: how alike, how many examples, taking back."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import FloatSlider, PushButton
from napari.qt.threading import create_worker
from napari.utils.notifications import ErrorNotification, notification_manager
from qtpy.QtCore import QSignalBlocker, QTimer
from qtpy.QtWidgets import QApplication, QGridLayout, QHBoxLayout, QLabel, QMainWindow, QSplitter, QVBoxLayout, QWidget

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui.forms import text_label
from napari_backprop_segmentation.gui.run.worker import Failure, Listener
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.teach.alike import Found, Prepared, find, in_words, prepare, reason_against, show
from napari_backprop_segmentation.gui.teach.canvas import EARLY, Canvas
from napari_backprop_segmentation.gui.teach.examples import KINDS
from napari_backprop_segmentation.gui.teach.outlines import Outlines
from napari_backprop_segmentation.gui.words import sentence

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

TOOLTIP = (
    "Click on an object, and all objects like it become the result.\n"
    "- The white outline is what a click takes. Shift + mouse wheel, or Up and Down, choose a larger or smaller one.\n"
    "- Click: an example. On an object that was found wrongly: a counter-example.\n"
    "- Alt + click: always a counter-example. Shift + click: always an example.\n"
    "- Click on an example or counter-example: take it back. Ctrl+Z: take back the last click.\n"
    "Examples have blue outlines, counter-examples pink ones. Works on the last result, or the one that is selected."
)
WAITING = "Getting ready to find objects by example; this takes a while, and the window stays usable..."
READY = "Click on an object to find all that are like it. The white outline is what a click takes."
LOOKING = "Looking for alike objects..."
NEEDS_EXAMPLE = "Click on an object that should be found: counter-examples alone say too little."


class ExamplesPanel:
    """Finds objects like those the user points at, in the result that is selected, else the last one.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State

    Attributes
    ----------
    button : PushButton
        Turns the mode on and off.
    box : QWidget
        What is shown while the mode is on.
    how_alike : FloatSlider
    back_button, clear_button : PushButton
    counts : QLabel
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state, self._teaching = viewer, state, state.teaching
        self._preparing: list[Segmentation] = []
        self._finding = False
        self._outlines = Outlines(viewer)
        self._canvas = Canvas(viewer, self._teaching, self._say)
        self._make()
        events, taught = state.events, self._teaching.events
        for signal in (events.result, events.labels, events.phase, events.taken):
            signal.connect(self._update)
        taught.result.connect(self._on_result)
        taught.finder.connect(self._on_finder)
        taught.pointer.connect(self._draw_pointer)
        taught.examples.connect(self._on_examples)
        viewer.layers.events.removed.connect(self._on_removed)
        self._update()

    def toggle(self, wanted: bool) -> None:
        """Turn the mode on or off."""
        result = self._state.target_result
        if not wanted:
            self._end()
        elif result is not None and result.layer is not None and self.button.enabled:
            self._viewer.layers.selection = {result.layer}
            self._teaching.begin(result)
        else:
            self._show_mode()

    def close(self) -> None:
        """Let go of the viewer; the examples stay with their result."""
        self._end()
        self._tidy.stop()
        self._outlines.remove()

    def disconnect(self) -> None:
        """Let go of the viewer for good."""
        self._teaching.close()
        self._canvas.stop()
        self._outlines.remove()
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _make(self) -> None:
        self.button = PushButton(text="Find more like this", tooltip=TOOLTIP)
        self.button.native.setCheckable(True)
        self.button.native.setAccessibleDescription(TOOLTIP)
        self.button.native.toggled.connect(self.toggle)
        self.how_alike = FloatSlider(
            min=0,
            max=1,
            step=0.01,
            value=self._teaching.examples.how_alike,
            tooltip="How much like the examples an object must be.\nTo the left more is found, to the right less.",
        )
        title = QLabel("How alike")
        title.setToolTip(self.how_alike.tooltip)
        title.setBuddy(self.how_alike.native)
        self.how_alike.native.setAccessibleName("How alike")
        self.how_alike.changed.connect(self._teaching.set_how_alike)
        self.counts = text_label()
        self.back_button = PushButton(text="Take back", tooltip="Take back the last click (Ctrl+Z over the image).")
        self.clear_button = PushButton(text="Clear", tooltip="Take all examples back: the result is that of the run.")
        self.back_button.changed.connect(lambda _: self._teaching.take_back())
        self.clear_button.changed.connect(lambda _: self._teaching.clear())
        self.box = QWidget()
        self.box.hide()  # until the mode is on
        self._tidy = QTimer(self.box)  # napari may be in the middle of removing layers, which must not change meanwhile
        self._tidy.setSingleShot(True)
        self._tidy.timeout.connect(self._outlines.remove)
        form = QGridLayout()
        form.addWidget(title, 0, 0)
        form.addWidget(self.how_alike.native, 0, 1)
        row = QHBoxLayout()
        row.addWidget(self.counts, 1)
        for button in (self.back_button, self.clear_button):
            row.addWidget(button.native)
        layout = QVBoxLayout(self.box)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        layout.addLayout(row)

    def _end(self) -> None:
        self._teaching.end()
        if self._state.notice in (WAITING, sentence(EARLY)):  # nobody waits any more
            self._state.note("")
        self._show_mode()

    def _say(self, text: str) -> None:
        self._state.note(sentence(text))

    # What changes

    def _update(self, _: Any = None) -> None:
        """Follow the result that is worked on; the mode ends where it cannot go on."""
        state, result = self._state, self._state.target_result
        reason = reason_against(result)
        if self._teaching.result is not None and result is not self._teaching.result:
            same = result is not None and result.segmentation is self._teaching.result.segmentation
            if same and result is not None and result.layer in self._viewer.layers and not state.busy:
                self._teaching.begin(result)
            else:
                self._end()
        if state.busy:
            self._end()
        self.button.native.setVisible(result is not None)
        self.button.enabled = not (state.busy or reason)
        self.button.tooltip = f"{reason}\n\n{TOOLTIP}" if reason else TOOLTIP

    def _on_result(self, _: Any = None) -> None:
        """Follow the mode, which was turned on or off, or goes on with another layer."""
        result = self._teaching.result
        self._show_mode()
        if result is None or result.layer is None:
            self._canvas.stop()
            self._tidy.start()
            return
        self._tidy.stop()
        with self._state.events.labels.blocked():  # napari selects what is added, but the labels stay the same
            self._outlines.show_over(result.layer, result.run_input.shape)
        self._canvas.listen(result.layer)
        segmentation = result.segmentation
        if "finder" in vars(segmentation):  # made before
            refusal = Failure(ValueError(reason_against(result)))
            self._on_prepared(Prepared(segmentation, segmentation.finder or refusal))
        elif segmentation not in self._preparing:
            self._preparing.append(segmentation)
            self._state.note(WAITING)
            create_worker(prepare, segmentation, _connect=Listener(returned=self._on_prepared).slots)
        else:
            self._state.note(WAITING)

    def _on_prepared(self, prepared: Prepared) -> None:
        self._preparing = [each for each in self._preparing if each is not prepared.segmentation]
        result = self._teaching.result
        if result is None or result.segmentation is not prepared.segmentation or self._teaching.finder is not None:
            return
        if isinstance(prepared.outcome, Failure):
            self._end()
            self._fail("Nothing can be found by example", prepared.outcome.error)
        else:
            self._state.note(READY)
            self._teaching.ready(prepared.outcome)

    def _on_finder(self, _: Any = None) -> None:
        self._draw_examples()

    def _on_examples(self, _: Any = None) -> None:
        self._show_examples()
        self._draw_examples()
        self._draw_pointer()
        if self._teaching.finder is not None:
            self._find()

    def _on_removed(self, _: Any = None) -> None:
        if self._teaching.on and self._outlines.lost:
            self._end()

    # Looking for alike objects

    def _find(self) -> None:
        """Look for what is alike, in a thread; what is asked meanwhile is looked for after that."""
        finder, examples, result = self._teaching.finder, self._teaching.examples, self._teaching.result
        if self._finding or finder is None or result is None:
            return
        if not examples.examples:
            shown = show(self._viewer, result, None, examples)
            text = NEEDS_EXAMPLE if examples.counter_examples else READY
            self._taken(shown, text)
            return
        self._finding = True
        self._state.note(LOOKING)
        create_worker(find, finder, examples, _connect=Listener(returned=self._on_found).slots)

    def _on_found(self, found: Found) -> None:
        self._finding = False
        result = self._teaching.result
        if result is None:
            return
        if found.examples is not self._teaching.examples:
            self._find()
        elif isinstance(found.outcome, Failure):
            self._fail("Alike objects could not be found", found.outcome.error)
        else:
            text = in_words(found.outcome, found.examples)
            self._taken(show(self._viewer, result, found.outcome, found.examples), text)

    def _taken(self, shown: Any, text: str) -> None:
        if shown is not None:
            self._state.take(shown, text)
            self._outlines.raise_to_top()

    def _fail(self, what: str, error: Exception) -> None:
        text = str(error) or type(error).__name__
        self._state.note(f"{what}: {sentence(text)}")
        if not isinstance(error, (SegmentationError, ValueError)):  # a defect of ours: with the traceback to report
            notification_manager.dispatch(ErrorNotification(error))

    # What is seen

    def _show_mode(self) -> None:
        on = self._teaching.on
        with QSignalBlocker(self.button.native):
            self.button.native.setChecked(on)
        self.box.setVisible(on)
        self._show_examples()

    def _show_examples(self) -> None:
        examples = self._teaching.examples
        words = examples.in_words()
        self.counts.setText(f"{words[:1].upper()}{words[1:]}")
        self.back_button.enabled = examples.before is not None
        self.clear_button.enabled = not examples.empty
        if self.how_alike.value != examples.how_alike:
            with self.how_alike.changed.blocked():
                self.how_alike.value = examples.how_alike

    def _draw_pointer(self, _: Any = None) -> None:
        finder, pointer = self._teaching.finder, self._teaching.pointer
        if finder is None or pointer is None or pointer.node is None or self._teaching.marked(pointer.place):
            self._outlines.draw({"pointer": ()})
        else:
            self._focus()
            self._outlines.draw({"pointer": (finder.patch(pointer.node),)})

    def _draw_examples(self) -> None:
        finder, examples = self._teaching.finder, self._teaching.examples
        if finder is not None:
            self._outlines.draw({kind: [finder.patch(each.node) for each in examples.of(kind)] for kind in KINDS})

    def _focus(self) -> None:
        """Let the canvas hear keys once the mouse has moved over it, as if it had been clicked on."""
        window = self.box.window()
        if QApplication.focusWidget() is self.button.native and isinstance(window, QMainWindow):
            canvas = window.findChild(QSplitter)
            if canvas is not None:
                canvas.setFocus()

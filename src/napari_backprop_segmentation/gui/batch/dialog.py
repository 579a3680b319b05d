"""The window of a batch: what is asked, how far it is, and a table of all images."""

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from napari.qt.threading import GeneratorWorker, create_worker
from napari.utils.notifications import show_info
from qtpy.QtCore import QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from napari_backprop_segmentation.batch.entry import Entry, State
from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui.background import ClosingWorker
from napari_backprop_segmentation.gui.batch.form import LAYERS, BatchForm
from napari_backprop_segmentation.gui.batch.progress import in_words, why
from napari_backprop_segmentation.gui.batch.source import Source
from napari_backprop_segmentation.gui.batch.table import BatchTable
from napari_backprop_segmentation.gui.batch.work import Control, News, batch
from napari_backprop_segmentation.gui.forms import SPACING, text_label
from napari_backprop_segmentation.gui.state import State as WidgetState

if TYPE_CHECKING:
    from napari_backprop_segmentation.gui.batch.work import Outcome, Told

TITLE = "Batch"
SIZE = (860, 600)
LOOK_MS = 200  # how often the bar moves
FINE = 1000  # parts of the bar for each image
NONE_SELECTED = "Select image layers in the layer list first: several with Ctrl or Shift."
BUSY = "Wait until the run in the widget has ended."


class BatchDialog(QDialog):
    """Stays beside the window, which can be used meanwhile; a batch goes on while this is closed.

    Parameters
    ----------
    parent : QWidget
    state : State
    source : Source
        Of layers.

    Attributes
    ----------
    form : BatchForm
    start_button, cancel_button : QPushButton
    bar : QProgressBar
    table : BatchTable
    entries : list of Entry
        How far each image is.
    """

    def __init__(self, parent: QWidget, state: WidgetState, source: Source) -> None:
        super().__init__(parent)
        self._state, self._source = state, source
        self._control = Control()
        self._worker: GeneratorWorker[Told, None, Outcome] | None = None
        self._shows_layers = False
        self.entries: list[Entry] = []
        self.form, self.table, self.bar = BatchForm(state), BatchTable(), QProgressBar()
        self._status = text_label()
        self.start_button, self.cancel_button = QPushButton("Start"), QPushButton("Cancel")
        self.start_button.setToolTip("Segment all images, one after the other. What is done already is left as it is.")
        self.cancel_button.setToolTip("End now. What is done is kept; the next start goes on from there.")
        self.start_button.clicked.connect(self.start)
        self.cancel_button.clicked.connect(self.cancel)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._look.timeout.connect(self._show_bar)
        state.events.phase.connect(self._show)
        self.setWindowTitle(TITLE)
        self._lay_out()
        self._show()

    @property
    def running(self) -> bool:
        """Whether a batch is under way."""
        return self._worker is not None

    @property
    def status(self) -> str:
        """What is going on, in words."""
        return str(self._status.text())

    def start(self) -> None:
        """Begin; says why if that cannot be."""
        if self.running:
            return
        if self._state.busy:
            self._status.setText(BUSY)
            return
        self._shows_layers = self.form.source.value == LAYERS
        try:
            plan: Any
            if self._shows_layers:
                overwrite, together = bool(self.form.overwrite.value), self.form.one_network
                plan = self._source.plan(*self.form.settings, overwrite=overwrite, together=together)
                if plan is None:
                    self._status.setText(NONE_SELECTED)
                    return
            else:
                plan = replace(self.form.files(), cluster=self._state.cluster).plan
        except SegmentationError as error:
            self._status.setText(why(error))
            return
        self.entries = []
        self.table.setRowCount(0)
        self._control = Control(cluster=self._state.cluster)
        self._worker = create_worker(
            batch, plan, self._control, _start_thread=False, _connect=self._slots(), _worker_class=ClosingWorker
        )
        self._status.setText("Looking for the images...")
        self._look.start()
        self._show()
        self._worker.start()

    def cancel(self) -> None:
        """End after the step that is under way."""
        if self.running:
            self._control.run.command = "cancel"
            self._status.setText("Cancelling...")
            self._show()

    def abandon(self) -> None:
        """Go for good, and let the thread end unheard, because nobody is left to listen."""
        self._control.run.command = "cancel"
        worker, self._worker = self._worker, None
        with suppress(RuntimeError):  # where the display is lost the worker's signals may be gone
            for name, slot in self._slots().items() if worker is not None else ():
                getattr(worker, name).disconnect(slot)
        with suppress(RuntimeError):  # the window, and this one with it, may be gone
            self._look.stop()
            self.hide()
            self.deleteLater()
        self._state.events.phase.disconnect(self._show)
        self.form.disconnect_state()

    def closeEvent(self, event: QCloseEvent | None) -> None:  # noqa: N802
        """Say that a batch goes on."""
        if self.running:
            show_info("The batch goes on. Batch... shows it again.")
        super().closeEvent(event)

    def _slots(self) -> dict[str, Any]:
        return {"yielded": self._on_news, "returned": self._on_outcome, "finished": self._on_finished}

    def _on_news(self, news: "Told") -> None:
        if not isinstance(news, News):
            return
        told = dict(news.entries)
        for number, entry in told.items():
            if entry.result is not None:
                told[number] = self._source.show(number, entry, measure=bool(self.form.measure.value))
            self.entries[number : number + 1] = [told[number]]
        self.table.show_entries(told)
        self._show_bar()

    def _on_outcome(self, outcome: "Outcome") -> None:
        self._look.stop()  # it must not write over how the batch has ended
        text = in_words(self.entries, cancelled=self._control.run.cancelled)
        if outcome is not None:
            text = f"{text} {why(outcome.error)}".strip()
        self._status.setText(text)
        if not self.isVisible():
            show_info(f"{TITLE}: {text}")

    def _on_finished(self) -> None:
        self._worker = None
        self._source.end()
        self._look.stop()
        self._show_bar()
        self._show()

    def _show_bar(self) -> None:
        """Show how much of all images is done."""
        ended = sum(entry.state not in (State.WAITING, State.RUNNING) for entry in self.entries)
        share = self._control.share if any(entry.state is State.RUNNING for entry in self.entries) else 0.0
        self.bar.setMaximum(max(1, len(self.entries)) * FINE)
        self.bar.setValue(int((ended + share) * FINE))
        if self.running and not self._control.run.cancelled and self.entries:
            training = f"Training one network on {len(self.entries)} images..."
            cluster = self._control.cluster
            by = "" if cluster is None or self._shows_layers else f" by {cluster.in_words()}"
            counted = f"{ended} of {len(self.entries)} images{by}..."
            self._status.setText(training if self._control.training else counted)

    def _show(self, _: Any = None) -> None:
        self.form.lock(self.running)
        self.start_button.setEnabled(not self.running and not self._state.busy)
        self.cancel_button.setEnabled(self.running and not self._control.run.cancelled)

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        for button in (self.start_button, self.cancel_button):
            button.setAutoDefault(False)
            buttons.addWidget(button)
        self.bar.setAccessibleName("Progress of the batch")
        layout = QVBoxLayout(self)
        layout.setSpacing(2 * SPACING)
        layout.addWidget(self.form)
        layout.addLayout(buttons)
        layout.addWidget(self.bar)
        layout.addWidget(self.table, 1)
        layout.addWidget(self._status)
        self.resize(*SIZE)

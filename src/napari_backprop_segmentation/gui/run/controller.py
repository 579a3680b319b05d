"""One run: its worker, its progress, its end. The widget only shows what happens here."""

import gc
import logging
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import napari
import numpy as np
from napari.layers import Labels
from napari.qt.threading import GeneratorWorker, create_worker
from napari.utils import progress
from napari.utils.notifications import ErrorNotification, notification_manager, show_error, show_warning
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run import worker
from napari_backprop_segmentation.gui.run.preview import Preview
from napari_backprop_segmentation.gui.run.throttle import Throttle
from napari_backprop_segmentation.gui.run.worker import Failure, Progress, WorkerControl
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.iteration import iterated_axes, total_steps

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

logger = logging.getLogger(__name__)

FIRST_PAINT_MS = 50
LOOK_MS = 250  # how often the count of labelled frames is looked at
SILENCE = 0.5  # seconds without steps, after which it is shown
# Of interest to developers only; workers collect the warnings of the whole process.
WINDOW = str(Path(napari.__file__).parent)  # its own warnings are no concern of a run
SILENT = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning, ImportWarning)


class Watcher(Protocol):
    """Who wants to hear of a run; called in the GUI thread."""

    def progressed(self, message: Progress) -> None:
        """Take the numbers of the last iterations."""

    def said(self, text: str) -> None:
        """Show in words what is going on."""

    def kept(self, layer: Labels, result: "Segmentation", run_input: RunInput) -> None:
        """Take note of a result, the layer that shows it, and the image it is of."""

    def ended(self) -> None:
        """Be ready again: called once, however the run ended."""


class RunController:
    """A run from Run to its end.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    run_input : RunInput
    params : Params
    watcher : Watcher
    trained : Model, optional
        Of an earlier run: it is applied, and nothing is trained.
    """

    def __init__(
        self, viewer: "Viewer", run_input: RunInput, params: Params, watcher: Watcher, trained: "Model | None" = None
    ) -> None:
        self._viewer, self._run_input, self._params, self._watcher = viewer, run_input, params, watcher
        self._trained = trained
        self._total = 0 if trained is not None else total_steps(params, run_input.axes, run_input.array.shape)
        self._control = WorkerControl()
        self._preview: Preview | None = None
        self._throttle: Throttle | None = None
        self._bar: progress | None = None
        self._worker: GeneratorWorker[Progress | None, None, Segmentation | Failure | None] | None = None
        self._outcome: Segmentation | Exception | None = None
        self._wants_pause = False
        self._warned: set[str] = set()
        self._started = self._last_message = time.monotonic()
        self._labelled = 0
        self._look: QTimer | None = None

    @property
    def paused(self) -> bool:
        """Whether the user wants the run to rest."""
        return self._wants_pause

    def start(self, parent: QWidget) -> None:
        """Add the preview layer and start the worker.

        Parameters
        ----------
        parent : QWidget
            The widget's; timers end with it.
        """
        self._watcher.said("Starting...")
        gc.freeze()  # else one of the next events would last 200 ms, see `light_collection`
        self._preview = Preview(self._viewer, self._run_input)
        self._throttle = Throttle(self._control, parent)
        self._look = QTimer(parent)
        self._look.timeout.connect(self._tell_labelled)
        self._look.start(LOOK_MS)
        steps = partial(worker.start_steps, self._run_input, self._params, self._control, self._trained)
        self._worker = create_worker(worker.outcome, steps, self._control, _start_thread=False, _connect=self._slots())
        QTimer.singleShot(FIRST_PAINT_MS, partial(self._begin, self._worker))

    def _begin(self, job: GeneratorWorker[Progress | None, None, "Segmentation | Failure | None"]) -> None:
        """Start the worker, now that the click has been answered and the new layer painted.

        Loading torch at the same time makes that painting take 200 ms. A run that has been abandoned meanwhile is
        started too, and ends at once: napari counts a worker that never starts as a pending task for good.
        """
        if self._worker is not None and self._throttle is not None:
            # A total of 0 gives a bar that only moves.
            self._bar = progress(total=self._total, desc=f"Segmenting {self._run_input.name}")
            self._throttle.calm_indicator()
        job.start()

    def toggle_pause(self) -> None:
        """Pause after the present iteration, or go on."""
        if self._worker is None or self._control.command:
            return
        self._wants_pause = not self._wants_pause
        self._watcher.said("Pausing after this iteration..." if self._wants_pause else "Going on...")
        self._reconcile_pause()

    def stop(self) -> None:
        """End training after the present iteration and keep the labels."""
        self._order("stop", "Stopping: labelling every pixel with what was learned...")

    def cancel(self) -> None:
        """End after the present iteration and remove the labels."""
        self._order("cancel", "Cancelling after this iteration...")

    def abandon(self) -> None:
        """Let the worker end unheard because nobody is left to listen; the labels stay as they are."""
        self._wind_up()
        if self._worker is None:
            return
        self._control.command = "cancel"
        for name, slot in self._slots().items():
            getattr(self._worker, name).disconnect(slot)
        if self._wants_pause:
            # Only a resting worker is told to quit: a quit generator is never closed, so it keeps its memory.
            self._worker.quit()
        self._worker = None

    def release(self) -> None:
        """After `abandon`, where the window is still there: hand the labels to the user as they are."""
        if self._throttle is not None:
            self._throttle.end()
        if self._preview is not None:
            self._preview.release()

    def _slots(self) -> dict[str, Any]:
        return {
            "yielded": self._on_yielded,
            "returned": self._on_outcome,
            "errored": self._on_outcome,
            "warned": self._on_warned,
            "paused": self._on_paused,
            "resumed": self._reconcile_pause,
            "finished": self._finish,
        }

    def _order(self, command: Literal["stop", "cancel"], text: str) -> None:
        if self._worker is None or self._control.cancelled:
            return
        self._control.command = command
        self._wants_pause = False
        self._watcher.said(text)
        self._reconcile_pause()

    def _on_paused(self) -> None:
        if self._wants_pause:
            self._watcher.said("Paused. Press Resume to go on, or Stop to keep these labels.")
        self._reconcile_pause()

    def _reconcile_pause(self) -> None:
        """Bring the worker to what the user wants; it may only be half way to what was wanted before."""
        if self._worker is None or self._worker.is_paused == self._wants_pause:
            return
        if self._wants_pause:
            self._worker.pause()
        else:
            self._worker.resume()

    def _on_yielded(self, message: Progress | None) -> None:
        if message is None or self._preview is None or self._throttle is None:
            return
        if self._preview.lost:
            self._order("cancel", "The labels layer was deleted: ending the run...")
            return
        self._last_message = time.monotonic()
        self._throttle.begin()
        if message.labels is not None:
            self._preview.take(message.labels, message.place)
        self._watcher.progressed(message)
        if not self._control.command and not self._wants_pause:
            roi = words.run(*message.run) + self._run_input.place_in_words(message.place)
            self._watcher.said(roi + words.iteration(message.points[-1], self._total, message.step_seconds))
        if self._bar is not None:
            self._bar.update(len(message.points))
        if self._worker is not None:  # updating the bar handles events: the run may have ended meanwhile
            self._throttle.finish(self._preview.show if message.labels is not None else None)

    def _tell_labelled(self) -> None:
        """Say how far a series is while there are no steps to tell of."""
        done, total = self._control.labelled
        silent = time.monotonic() - self._last_message > SILENCE and not self._wants_pause
        if done == self._labelled or not silent or self._control.cancelled:
            return
        self._labelled = done
        iterated = iterated_axes(self._params, self._run_input.axes, self._run_input.array.shape)
        self._watcher.said(words.labelled(done, total, iterated))

    def _on_outcome(self, outcome: "Segmentation | Failure | Exception | None") -> None:
        self._outcome = outcome.error if isinstance(outcome, Failure) else outcome

    def _on_warned(self, warning: tuple[Any, ...]) -> None:
        text = str(warning[0])
        if issubclass(warning[1], SILENT) or str(warning[2]).startswith(WINDOW) or text in self._warned:
            return
        self._warned.add(text)
        show_warning(text)

    def _finish(self) -> None:
        """Tidy up: the one place where every run ends, however it ends."""
        self._worker = None
        self._wants_pause = False
        self._rest()
        try:
            self._watcher.said(self._end(self._outcome))
        finally:
            self._watcher.ended()

    def _rest(self) -> None:
        if self._throttle is not None:
            self._throttle.end()
        self._wind_up()

    def _wind_up(self) -> None:
        """Close the bar, and let the collection of garbage see everything again."""
        gc.unfreeze()
        if self._look is not None:
            self._look.stop()
        if self._bar is not None:
            self._bar.close()

    def _end(self, outcome: "Segmentation | Exception | None") -> str:
        """Settle the preview layer; return in words how the run ended."""
        preview = self._preview
        if isinstance(outcome, Exception):
            return self._fail(outcome)
        if preview is None or preview.lost:
            return "The labels layer was deleted, so the run has ended."
        if outcome is None:
            preview.remove()
            return "Cancelled. The labels were removed."
        preview.finish(outcome.labels, {**outcome.record, "image": self._run_input.origin})
        self._watcher.kept(preview.layer, outcome, self._run_input)
        n_labels = np.count_nonzero(np.bincount(outcome.labels.ravel())[1:])  # much faster than sorting all pixels
        done = words.done(int(n_labels), time.monotonic() - self._started, outcome.record)
        return done if outcome.agreement is None else f"{done} {words.agreement(outcome.agreement.n_runs)}"

    def _fail(self, error: Exception) -> str:
        """Tell the user of an error; labels that have formed are kept."""
        text = str(error) or type(error).__name__
        if self._preview is not None and self._preview.formed and not self._preview.lost:
            self._preview.release()
            text += f". The labels formed so far are kept in '{self._preview.layer.name}'"
        elif self._preview is not None:
            self._preview.remove()
        if isinstance(error, SegmentationError):
            show_error(text)
        else:  # a defect of ours: the notification offers the traceback to report
            notification_manager.dispatch(ErrorNotification(error))
        return f"Failed: {text}."

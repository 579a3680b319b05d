"""One run, from Run to its end: its worker, its preview, its progress. What happens is told to the state."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import napari
import numpy as np
from napari.qt.threading import GeneratorWorker, create_worker
from napari.utils import progress
from napari.utils.notifications import show_warning
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.background import ClosingWorker
from napari_backprop_segmentation.gui.run import process_guards, worker
from napari_backprop_segmentation.gui.run.ending import Ending, settled
from napari_backprop_segmentation.gui.run.job import Job
from napari_backprop_segmentation.gui.run.preview import Preview
from napari_backprop_segmentation.gui.run.throttle import Throttle
from napari_backprop_segmentation.gui.state import Phase, State
from napari_backprop_segmentation.pipeline.iteration import iterated_axes, total_steps

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.gui.run.worker import Ended, Outcome, Progress

logger = logging.getLogger(__name__)

FIRST_PAINT_MS = 50
LOOK_MS = 250  # how often the count of labelled frames is looked at
SILENCE = 0.5  # seconds without steps, after which it is shown
LONG = 3.0  # seconds without steps, after which they are counted where nothing else is
# Of interest to developers only; workers collect the warnings of the whole process.
WINDOW = str(Path(napari.__file__).parent)  # its own warnings are no concern of a run
SILENT = (DeprecationWarning, PendingDeprecationWarning, FutureWarning, ResourceWarning, ImportWarning)


class RunController:
    """A run; it begins when this is made known to the state by `start`, and ends once, however it ends.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    job : Job
    then : callable, optional
        Is told once of the result, or of None where there is none, before the state is.
    """

    def __init__(self, viewer: "Viewer", state: State, job: Job, then: Callable[[Any], None] = lambda _: None) -> None:
        self._viewer, self._state, self._job, self._then = viewer, state, job, then
        self._run_input = job.run_input
        self._total = total_steps(job.params, self._run_input.axes, self._run_input.array.shape) if job.trains else 0
        self._control = worker.WorkerControl()
        self._frozen: process_guards.Hold | None = None
        self._preview: Preview | None = None
        self._throttle: Throttle | None = None
        self._bar: progress | None = None
        self._worker: GeneratorWorker[Progress | None, None, Outcome] | None = None
        self._listener = worker.Listener(
            yielded=self._on_yielded,
            returned=self._on_outcome,
            errored=self._on_outcome,
            warned=self._on_warned,
            finished=self._finish,
        )
        self._outcome: Ended = None
        self._warned: set[str] = set()
        self._started = self._last_message = time.monotonic()
        self._labelled = 0
        self._look: QTimer | None = None
        self._told = job.strokes  # what the loop knows of

    def start(self, parent: QWidget) -> None:
        """Add the preview layer and start the worker.

        Parameters
        ----------
        parent : QWidget
            The widget's; timers end with it.
        """
        # Of a model that is applied the plot of its training stays; one from a file has none.
        last = self._state.target_result or self._state.result
        applies_last = self._job.model is not None and last is not None and last.model is self._job.model
        points = self._state.points if applies_last or not self._job.go_on else ()
        self._state.begin(self._run_input.name, self._job.layers, points, self._control.history)
        self._frozen = process_guards.frozen_objects.hold()  # else one of the next events would last 200 ms
        try:
            self._preview = Preview(self._viewer, self._run_input)
        except Exception:  # nothing of ours; napari shows it, and nobody must wait for a run that never began
            self._wind_up()
            self._then(None)
            self._state.end(Phase.FAILED, "Failed: the labels layer could not be added.")
            raise
        self._state.form_in(self._preview.layer)
        self._state.drawing.events.seen.connect(self._send_strokes)
        self._throttle = Throttle(self._control, parent)
        self._look = QTimer(parent)
        self._look.timeout.connect(self._tell_silence)
        self._look.start(LOOK_MS)
        job = self._job
        given = self._run_input, job.params, self._control, job.model, job.strokes
        steps = partial(worker.start_steps, *given, **job.others(self._control))
        self._worker = create_worker(
            worker.outcome,
            steps,
            self._control,
            _start_thread=False,
            _connect=self._listener.slots,
            _worker_class=ClosingWorker,
        )
        QTimer.singleShot(FIRST_PAINT_MS, partial(self._begin, self._worker))

    def _begin(self, job: "GeneratorWorker[Progress | None, None, Outcome]") -> None:
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
        self._control.pause = not self._control.pause
        self._state.enter(Phase.PAUSING if self._control.pause else Phase.RUNNING)

    def stop(self) -> None:
        """End training after the present iteration and keep the labels."""
        if self._worker is not None and not self._control.cancelled:
            self._control.command = "stop"
            self._state.enter(Phase.STOPPING)

    def cancel(self) -> None:
        """End after the present iteration and remove the labels."""
        if self._worker is not None:
            self._control.command = "cancel"
            self._state.enter(Phase.CANCELLING)

    def abandon(self) -> None:
        """Let the worker end unheard because nobody is left to listen; the labels stay as they are."""
        if self._worker is not None:
            self._control.command = "cancel"  # which also ends a pause, so that the worker can end by itself
            self._listener.leave()
            self._worker = None
        self._wind_up()
        self._then(None)
        self._state.end(Phase.IDLE, words.LEFT)

    def release(self) -> None:
        """After `abandon`, where the window is still there: hand the labels to the user as they are."""
        if self._throttle is not None:
            self._throttle.end()
        if self._preview is not None:
            self._preview.release()

    def _send_strokes(self, _: Any = None) -> None:
        """Let the loop know what is drawn now, where that is something else than it knows of."""
        found = self._state.drawing.now_on(self._run_input, self._job.layers)
        known = np.zeros(self._run_input.shape, np.uint8) if self._told is None else self._told
        if found is not None and not np.array_equal(found, known):
            self._control.new_strokes = self._told = found

    def _on_yielded(self, message: "Progress | None") -> None:
        if message is None:
            if self._control.resting and self._control.pause and not self._control.command:
                self._state.enter(Phase.PAUSED)
            return
        if self._preview is None or self._throttle is None:
            return
        if self._preview.lost:
            self.cancel()
            return
        self._last_message = time.monotonic()
        self._throttle.begin()
        if message.labels is not None:
            self._preview.take(message.labels, message.place)
        self._state.tell(self._progress_in_words(message), message.points)
        if self._bar is not None:
            if self._again(message) and self._bar.total == self._total:
                self._bar.total = 2 * self._total
            self._bar.update(len(message.points))
        if self._worker is not None:  # updating the bar handles events: the run may have ended meanwhile
            self._throttle.finish(self._preview.show if message.labels is not None else None)

    def _progress_in_words(self, message: "Progress") -> str | None:
        """Return how far training is; None once it is not training that is waited for."""
        if self._control.command:
            return None
        number, n_runs = message.run
        total, where = self._total, ""
        if self._again(message):
            total, where, number, n_runs = 2 * total, words.ONCE_MORE, number - n_runs // 2, n_runs // 2
        where += words.run(number, n_runs) + self._run_input.place_in_words(message.place)
        return where + words.iteration(message.points[-1], total, message.step_seconds)

    def _again(self, message: "Progress") -> bool:
        """Return whether the run is made once more, as its image is of another kind than it was taken for."""
        return message.run[1] > self._job.params.n_runs

    def _tell_silence(self) -> None:
        """Say how far a series is while there are no steps to tell of, or for how long there were none."""
        seconds, control = time.monotonic() - self._last_message, self._control
        if seconds <= SILENCE or control.pause or control.cancelled:
            return
        done, total = control.labelled
        if done != self._labelled:
            self._labelled = done
            iterated = iterated_axes(self._job.params, self._run_input.axes, self._run_input.array.shape)
            self._state.tell(words.labelled(done, total, iterated))
        elif seconds >= LONG and not (self._state.notice or self._state.refusal):
            self._state.tell(words.so_far(self._state.status, int(seconds)))

    def _on_outcome(self, outcome: "Outcome | Exception") -> None:
        self._outcome = outcome.error if isinstance(outcome, worker.Failure) else outcome

    def _on_warned(self, warning: tuple[Any, ...]) -> None:
        text = str(warning[0])
        if issubclass(warning[1], SILENT) or str(warning[2]).startswith(WINDOW) or text in self._warned:
            return
        self._warned.add(text)
        show_warning(text)

    def _finish(self) -> None:
        """Tidy up: the one place where every run ends, however it ends."""
        self._worker = None
        if self._throttle is not None:
            self._throttle.end()
        self._wind_up()
        ended: Ending = Phase.FAILED, "Failed: the labels could not be shown.", None
        try:
            ended = self._settle()
        finally:
            self._then(ended[2])
            self._state.end(*ended)

    def _wind_up(self) -> None:
        """Close the bar, and let the collection of garbage see everything again."""
        with suppress(ValueError):  # a run that never began
            self._state.drawing.events.seen.disconnect(self._send_strokes)
        if self._frozen is not None:
            self._frozen.release()
        if self._look is not None:
            self._look.stop()
        if self._bar is not None:
            self._bar.close()

    def _settle(self) -> Ending:
        if self._preview is None:
            return Phase.IDLE, words.DELETED, None
        ended = settled(self._viewer, self._job, self._preview, self._outcome, time.monotonic() - self._started)
        if ended[2] is not None:
            # of a network that was dropped no iteration can become a result
            mistaken = "mistaken" in ended[2].segmentation.record
            ended[2].history = self._job.history or (None if mistaken else self._control.history)
        return ended

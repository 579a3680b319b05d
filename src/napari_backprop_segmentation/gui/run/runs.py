"""The runs of one widget, one after the other: how each begins, or is refused, and the one that is under way."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import show_error
from numpy.typing import NDArray
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.former import Former
from napari_backprop_segmentation.gui.run.controller import RunController
from napari_backprop_segmentation.gui.run.job import Job
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.teach.sentences import obstacle

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.network.model import Model, Start
    from napari_backprop_segmentation.params.params import Params


class Runs:
    """Begins runs on images of a viewer; during one nothing else begins.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    fixed : callable
        Returns the labels of an image that are to stay as they were edited, or None.
    parent : QWidget
        Timers of runs end with it.
    """

    def __init__(
        self, viewer: "Viewer", state: State, fixed: Callable[[RunInput], NDArray[Any] | None], parent: QWidget
    ) -> None:
        self._viewer, self._state, self._fixed, self._parent = viewer, state, fixed, parent
        self._controller: RunController | None = None

    def begin_chosen(
        self, params: "Params", model: "Model | None" = None, model_file: str = "", start: "Start | None" = None
    ) -> None:
        """Begin a run on the chosen image, or say why there is none; see `Job` for what is given."""
        if self._state.busy:
            return
        chosen = self._state.input
        if chosen.run_input is None:
            self.refuse(str(chosen.obstacle))
            return
        job = Job(chosen.run_input, params, chosen.layers, chosen.whole, model, model_file=model_file)
        self.begin(replace(job, start=start))

    def use_moment(self) -> None:
        """Make a result of the iteration that is looked back at, with the settings of its run.

        Strokes are those of now, and so is what they show.
        """
        result, moment = self._state.looked_at, self._state.moment
        if not self._state.busy and result is not None and moment is not None:
            asked = result.asked.replace(strokes_as=self._state.params.strokes_as).marked(result.asked.given)
            job = Job(result.run_input, asked, result.layers, result.whole)
            self.begin(replace(job, start=moment.kept, go_on=False, history=moment.history))

    def continue_from_moment(self) -> None:
        """Run again on the same image, from the iteration that is looked back at."""
        result, moment = self._state.looked_at, self._state.moment
        if not self._state.busy and result is not None and moment is not None:
            job = Job(result.run_input, self._state.settings, result.layers, result.whole)
            self.begin(replace(job, start=moment.kept))

    def begin(self, job: Job) -> None:
        """Begin a run with what is drawn and edited now, or say why there is none."""
        try:
            strokes = self._state.drawing.strokes_on(job.run_input, job.layers)
        except SegmentationError as error:
            self.refuse(str(error))
            return
        if strokes is not None and (text := obstacle(np.unique(strokes[strokes != 0]), job.params)):
            self.refuse(text)
            return
        self._state.look_back(None)
        job = replace(job, strokes=strokes, fixed=self._fixed(job.run_input), cluster=self._state.cluster)
        self._controller = RunController(self._viewer, self._state, job, Former(self._viewer, job).settle)
        self._controller.start(self._parent)

    def refuse(self, text: str) -> None:
        """Say why there is no run."""
        self._state.refuse(words.sentence(text))
        show_error(text)

    def pause(self) -> None:
        """Pause the run, or resume it."""
        if self._controller is not None:
            self._controller.toggle_pause()

    def stop(self) -> None:
        """End training and label every pixel with what was learned."""
        if self._controller is not None:
            self._controller.stop()

    def cancel(self) -> None:
        """End the run and remove the labels."""
        if self._controller is not None:
            self._controller.cancel()

    def abandon(self, release: bool = False) -> None:
        """Let a run end unheard; where the window is still there, hand its labels to the user."""
        if self._controller is not None and self._state.busy:
            self._controller.abandon()
            if release:
                self._controller.release()

    def forget(self) -> None:
        """Let go of how the last run has ended, with all that it had."""
        if not self._state.busy:
            self._controller = None

"""One network for all images of a batch: trained on all of them together when it is first asked for. No Qt here."""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError, SegmentationError, engine_errors
from napari_backprop_segmentation.gui.batch.work import Control, Network, followed
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run import worker
from napari_backprop_segmentation.gui.run.process_guards import no_collection, pass_over_new_objects
from napari_backprop_segmentation.gui.run.torch_startup import make_ready_for_torch
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model


def always(model: "Model | None") -> Network:
    """Return what gives a network that is there already, or none."""

    def given(_: Control) -> Generator[None, None, "Model | None"]:
        yield from ()
        return model

    return given


class OneNetwork:
    """Trains one network on several images when it is first asked for.

    Parameters
    ----------
    images : callable
        Returns the images: called in the thread, as files are opened by it.
    params : Params
    strokes : sequence of (*spatial) int arrays and None
        Drawn on each of them.
    kinds : mapping
        Names and colours of what is drawn, in plain values.
    """

    def __init__(
        self,
        images: Callable[[], Sequence[RunInput]],
        params: Params,
        strokes: Sequence[NDArray[Any] | None] = (),
        kinds: Mapping[str, Any] | None = None,
    ) -> None:
        self._images, self._strokes, self._kinds = images, strokes, kinds or {}
        self._params = params.replace(n_runs=1).marked(params.given)
        self._model: Model | None = None
        self._error: SegmentationError | None = None

    def __call__(self, control: Control) -> Generator[None, None, "Model | None"]:
        """Return the network; None after a cancel.

        Raises
        ------
        SegmentationError
            The same for every image, if it could not be trained.
        """
        if self._error is not None:
            raise self._error
        if self._model is None:
            control.training = True
            try:
                self._model = yield from self._trained(control)
            except SegmentationError as error:
                self._error = error
                raise
            finally:
                control.training = False
        return self._model

    def _trained(self, control: Control) -> Generator[None, None, "Model | None"]:
        make_ready_for_torch()
        with no_collection():
            from napari_backprop_segmentation.pipeline.together import total_steps_together, train_together
        pass_over_new_objects()  # torch's
        images = self._images()
        if len({image.channels for image in images}) > 1:
            raise ParameterError("Channels must be the same ones in all images, got others; choose them alike.")
        control.total = total_steps_together(self._params, len(images))
        with engine_errors(), suppress(worker.CancelledError):
            steps = train_together(
                [worker.Cancellable(image.array, control.run) for image in images],
                self._params,
                axes=[image.axes for image in images],
                spacing=[image.spacing for image in images],
                strokes=list(self._strokes) or None,
                channels=images[0].channels,
                left_out=lambda number, error: None,  # whatever is wrong with it is told when it is segmented
            )
            model = yield from followed(steps, control)
            return None if model is None else self._named(model)
        return None

    def _named(self, model: "Model") -> "Model":
        """Return the network with what its kinds are called, and their colours."""
        if model.lesson is None or not self._kinds:
            return model
        return replace(model, lesson=replace(model.lesson, told=dict(self._kinds)))

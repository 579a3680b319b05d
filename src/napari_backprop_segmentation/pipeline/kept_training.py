"""A training that need not be done again, where a run goes on that was interrupted."""

from collections.abc import Generator

from napari_backprop_segmentation.hierarchy.blockwise_means import features_of
from napari_backprop_segmentation.network.kept_model import NETWORK, keep_model, kept_model
from napari_backprop_segmentation.network.loop import STOPPED
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.seen import LABELS
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.sections import Input, Training
from napari_backprop_segmentation.pipeline.job import READINGS, Job
from napari_backprop_segmentation.pipeline.unfinished import no_room

WENT_ON = "went on where an earlier start had ended"

Steps = Generator[Step, Command | None, Model]


def kept_or_trained(job: Job, steps: Steps, training: Training, number: int = 0) -> Steps:
    """Return the network that an earlier start of the run has trained; else train it, and keep it.

    One that is stopped early is not kept: the next start trains it to the end.

    Parameters
    ----------
    job : Job
    steps : generator
        Trains it.
    training : Training
        How it is trained.
    number : int
        Of several networks.

    Raises
    ------
    OutputError
        If there is no room to keep it.
    """
    kept = job.work.kept
    if kept.folder is None:
        return (yield from steps)
    parts, part = kept.parts(NETWORK), job.part
    known = kept_model(parts, training, Input.of(job.params), part.preparation, len(part.shape) - 1, number=number)
    if known is not None:
        if WENT_ON not in job.less.notes:
            job.less.notes.append(WENT_ON)
        return known.on(job.plan.device)
    # of a network that was stopped early
    kept.drop(features_of(number), *((LABELS, READINGS) if not number else ()))
    model = yield from steps
    if model.stopped_by != STOPPED and not model.taught:
        try:
            keep_model(model, parts, number)
        except OSError as error:
            raise no_room(kept.folder, error) from error
    return model

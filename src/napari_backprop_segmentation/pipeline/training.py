"""Who trains for an image: a network begins anew, goes on from another one, or is there already."""

from collections.abc import Generator, Sequence
from typing import Any

from napari_backprop_segmentation.hierarchy.blockwise_means import FEATURES
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network import loop
from napari_backprop_segmentation.network.history import Kept
from napari_backprop_segmentation.network.kept_model import NETWORK, keep_model, kept_model
from napari_backprop_segmentation.network.model import Model, Start
from napari_backprop_segmentation.network.restore import restored
from napari_backprop_segmentation.network.seen import LABELS
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.sections import Input, Training
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.unfinished import no_room


def train_on(
    job: Job,
    parts: Part | Sequence[Part],
    training: Training,
    strokes: Any = None,
    start: Start | None = None,
) -> Generator[Step, Command | None, Model]:
    """Train on one frame or slice, or several, at first from where the job says; arguments as of `loop.train`."""
    fallback = job.less.fallback(training, job.part.shape[1:])
    plan = job.less.plan or job.plan
    return loop.train(
        parts,
        training,
        Input.of(job.params),
        plan,
        strokes,
        start=job.start if start is None else start,
        fallback=fallback,
        keep_weights=job.keep_weights,
    )


def train_image(job: Job) -> Generator[Step, Command | None, Model]:
    """Return the network for an image: the one that was trained before, or a new one."""
    if job.model is not None:
        return job.model
    if isinstance(job.start, Kept) and not job.go_on:
        taught = job.seen_strokes is not None
        return restored([job.part], Training.of(job.params), Input.of(job.params), job.plan, job.start, taught=taught)
    return (yield from _kept_or_trained(job))


def _kept_or_trained(job: Job) -> Generator[Step, Command | None, Model]:
    """Return the network that an earlier start of this run has trained, or train it; one stopped early is not kept."""
    training, parts = Training.of(job.params), job.work.kept.parts(NETWORK)
    known = kept_model(parts, training, Input.of(job.params), job.part.preparation, len(job.part.shape) - 1)
    if known is not None:
        job.less.notes.append("went on where an earlier start had ended")
        return known.on(job.plan.device)
    job.work.kept.drop(FEATURES, LABELS)  # of a network that was stopped early
    model = yield from train_on(job, job.part, training, job.seen_strokes)
    if parts.folder is not None and model.stopped_by != loop.STOPPED and not model.taught:
        try:
            keep_model(model, parts)
        except OSError as error:
            raise no_room(parts.folder, error) from error
    return model

"""Who trains for an image: a network begins anew, goes on from another one, or is there already."""

from collections.abc import Generator, Sequence
from typing import Any

from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network import loop
from napari_backprop_segmentation.network.history import Kept
from napari_backprop_segmentation.network.model import Model, Start
from napari_backprop_segmentation.network.restore import restored
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.references import References
from napari_backprop_segmentation.params.sections import Input, Training
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.kept_training import kept_or_trained


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
        references=References(statistics=job.params.statistics),
    )


def train_image(job: Job) -> Generator[Step, Command | None, Model]:
    """Return the network for an image: the one that was trained before, or a new one."""
    if job.model is not None:
        return job.model
    if isinstance(job.start, Kept) and not job.go_on:
        taught = job.seen_strokes is not None
        shown = Input.of(job.params)
        found = restored([job.part], Training.of(job.params), shown, job.plan, job.start, taught=taught)
        return found.by(job.params.statistics)
    training = Training.of(job.params)
    steps = train_on(job, job.part, training, job.seen_strokes)
    return (yield from kept_or_trained(job, steps, training))

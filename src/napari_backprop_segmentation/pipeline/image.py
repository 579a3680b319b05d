"""One plane or volume that is all there is: a network learns it, its labels are made."""

from collections.abc import Generator, Sequence
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network import classical, loop
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.sections import Input, Training
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.label import ending, label_image
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


def train_on(
    job: Job,
    parts: Part | Sequence[Part],
    training: Training,
    strokes: Any = None,
    start: Model | None = None,
) -> Generator[Step, Command | None, Model]:
    """Train on one frame or slice, or several; arguments as of `network.loop.train`."""
    fallback = job.less.fallback(training, job.part.shape[1:])
    plan = job.less.plan or job.plan
    return loop.train(parts, training, Input.of(job.params), plan, strokes, start=start, fallback=fallback)


def train_image(job: Job) -> Generator[Step, Command | None, Model]:
    """Return the network for an image: the one that was trained before, or a new one."""
    if job.model is not None:
        return job.model
    return (yield from train_on(job, job.part, Training.of(job.params), job.seen_strokes))


def segment_image(job: Job) -> Generator[Step, Command | None, Segmentation]:
    """Segment one plane or volume, see `run`."""
    if not job.learns:
        labels = classical_labels(job, job.part)
        if job.out is not None:
            job.out[job.part.whole] = labels
            labels = job.out.array
        return Segmentation(labels, record=ending("trained", f"{job.params.method} done", 0))
    model = yield from train_image(job)
    return label_image(job, model)


def classical_labels(job: Job, part: Part) -> NDArray[Any]:
    """Return the labels (*spatial) of a method that trains nothing."""
    labels = classical.CLASSICAL[job.params.method](part.read(part.whole), Training.of(job.params))
    return labels.astype(label_dtype(int(labels.max())))

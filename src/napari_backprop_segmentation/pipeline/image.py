"""One plane or volume that is all there is: a network learns it, its labels are made."""

from collections.abc import Generator
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network import classical
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.sections import Training
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.label import ending, label_image
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.training import train_image

__all__ = ["classical_labels", "segment_image", "train_image"]


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

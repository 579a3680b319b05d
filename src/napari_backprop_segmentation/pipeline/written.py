"""Where the labels of an image go that is done in blocks: what was given, a kept file, or memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import PAINTED_SIDE
from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.pipeline.binned import Enlarged
from napari_backprop_segmentation.pipeline.job import Job

Made = Iterator[tuple[Window, NDArray[Any]]]


def seen_by(job: Job, model: Model) -> Seen:
    """Return the image and the network, as whoever does the blocks needs them."""
    seen = Seen(model, job.part)
    return seen if job.work.each is None else seen.elsewhere(job.params.device)


def out_of(job: Job, dtype: Any) -> Any:
    """Return what labels are written into, piece by piece: what was given, a kept file, or memory."""
    if job.out is not None:
        return job.out
    shape, kept = job.part.shape[1:], job.work.kept
    return np.empty(shape, dtype) if kept.folder is None else kept.labels("labels", shape, dtype)


def given_back(job: Job, out: Any) -> Any:
    """Return the labels as the caller gets them."""
    if job.out is not None:
        return job.out.array
    return out.array() if isinstance(out, LabelFile) else out


@dataclass(frozen=True)
class Written:
    """Where further labels at the size of the image go, once the run has its own.

    Attributes
    ----------
    job : Job
    name : str
        Of the kept file.
    """

    job: Job
    name: str

    def __call__(self, dtype: Any, made: Made) -> Any:
        """Write labels window by window, and return them as the caller of the run gets them."""
        job, shape, out = self.job, self.job.image_shape[1:], self.job.out
        file: Any = out
        if out is None:
            kept = job.work.kept
            file = np.empty(shape, dtype) if kept.folder is None else kept.labels(self.name, shape, dtype)
        for window, labels in made:
            file[window] = labels.astype(dtype, copy=False)
        return given_back(job, file)

    def enlarged(self, dtype: Any, made: Made) -> Made:
        """Return labels of the image as the run has seen it, window by window at the size of the image."""
        binning = self.job.binning
        if binning.factor == 1:
            return made
        file = LabelFile(self.job.part.shape[1:], dtype=dtype)
        for window, labels in made:
            file[window] = labels
        view = Enlarged(file, binning)
        return ((window, view[window]) for window in written_windows(view.shape))


def written_windows(shape: tuple[int, ...]) -> list[Window]:
    """Return the windows in which labels of an image (*spatial) are written one after another."""
    return list(blocks(shape, PAINTED_SIDE))

"""Where the labels of an image go that is done in blocks: what was given, a kept file, or memory."""

from typing import Any

import numpy as np

from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.pipeline.job import Job


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

"""What a trained network finds in an image that does not fit the memory, or is written piece by piece."""

from typing import Any

import numpy as np

from napari_backprop_segmentation.errors import ENGINE_ERRORS
from napari_backprop_segmentation.hierarchy.build_in_blocks import build_tree_in_blocks
from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.seen import LABELS, Seen, predict_and_copy, predict_in_blocks
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.unfinished import no_room, of_place


def from_blocks(job: Job, model: Model) -> Segmentation | None:
    """Return the regions at the detail that is asked for; None, with a note, if there is no room to merge any.

    Raises
    ------
    OutputError
        If there is no room on the disk for finished blocks that are to be kept.
    """
    try:
        return _regions(job, model)
    except OSError as error:  # of the disk, where the finest regions lie
        if job.work.kept.folder is not None:
            if not of_place(error):
                raise
            raise no_room(job.work.kept.folder, error) from error
        job.less.notes.append(f"labels stay as trained, as regions could not be merged ({error})")
    except ENGINE_ERRORS as error:
        job.less.note("labels stay as trained, as memory ran out while regions were merged", error)
    return None


def predicted(job: Job, model: Model) -> Any:
    """Return the labels (*spatial) as trained, where they are to be written.

    Raises
    ------
    OutputError
        As of `from_blocks`.
    """
    kept = job.work.kept
    if job.work.each is None and kept.folder is None:
        labels = model.predict(job.part, job.out)
        return labels if job.out is None else job.out.array
    shape, dtype = job.part.shape[1:], label_dtype(model.training.n_channels)
    try:
        if job.out is None or kept.folder is None:
            out = _out(job, dtype)
            predict_in_blocks(_seen(job, model), out, job.work)
            return _given(job, out)
        predict_and_copy(_seen(job, model), kept.labels(LABELS, shape, dtype), job.out, job.work)
        return job.out.array
    except OSError as error:
        if kept.folder is None or not of_place(error):
            raise
        raise no_room(kept.folder, error) from error


def _regions(job: Job, model: Model) -> Segmentation:
    regions = Regions.of(job.params)
    tree = build_tree_in_blocks(_seen(job, model), regions, job.merge, job.work)
    table = tree.table(None if regions.n_regions else regions.detail, n_regions=regions.n_regions or None)
    if job.out is not None and job.out.room is not None and table.max() > job.out.room:
        table = tree.table(n_regions=job.out.room)
        job.less.notes.append(f"has at most {job.out.room} regions, as the numbers of out end there")
    out = _out(job, table.dtype)
    tree.paint(table, out)
    return Segmentation(_given(job, out), model, hierarchy=tree)


def _seen(job: Job, model: Model) -> Seen:
    seen = Seen(model, job.part)
    return seen if job.work.each is None else seen.elsewhere(job.params.device)


def _out(job: Job, dtype: Any) -> Any:
    """Return what labels are written into, piece by piece: what was given, a kept file, or memory."""
    if job.out is not None:
        return job.out
    shape, kept = job.part.shape[1:], job.work.kept
    return np.empty(shape, dtype) if kept.folder is None else kept.labels("labels", shape, dtype)


def _given(job: Job, out: Any) -> Any:
    """Return the labels as the caller gets them."""
    if job.out is not None:
        return job.out.array
    return out.array() if isinstance(out, LabelFile) else out

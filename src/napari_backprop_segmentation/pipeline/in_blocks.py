"""What a trained network finds in an image that does not fit the memory, or is written piece by piece."""

from typing import Any

from napari_backprop_segmentation.errors import ENGINE_ERRORS
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.seen import LABELS, predict_and_copy, predict_in_blocks
from napari_backprop_segmentation.pipeline.blockwise import found_in_blocks
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.unfinished import no_room, of_place
from napari_backprop_segmentation.pipeline.written import given_back, out_of, seen_by


def from_blocks(job: Job, model: Model) -> Segmentation | None:
    """Return the regions at the detail that is asked for; None, with a note, if there is no room to merge any.

    Raises
    ------
    OutputError
        If there is no room on the disk for finished blocks that are to be kept.
    ParameterError
        If a reading is asked for that there is not.
    """
    try:
        return found_in_blocks(job, model)
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
            out = out_of(job, dtype)
            predict_in_blocks(seen_by(job, model), out, job.work)
            return given_back(job, out)
        predict_and_copy(seen_by(job, model), kept.labels(LABELS, shape, dtype), job.out, job.work)
        return job.out.array
    except OSError as error:
        if kept.folder is None or not of_place(error):
            raise
        raise no_room(kept.folder, error) from error

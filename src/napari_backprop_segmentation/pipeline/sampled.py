"""Which reading an image has that does not fit the memory: judged on a few samples, and taken for all of it."""

from dataclasses import replace

import numpy as np

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image.crop import some_crops
from napari_backprop_segmentation.image.kept_blocks import Arrays
from napari_backprop_segmentation.image.passes import kept_once
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.objects.ways import ON_THE_GROUND, OUTLINED
from napari_backprop_segmentation.pipeline.count import best_reading, summed_scores
from napari_backprop_segmentation.pipeline.job import READINGS, Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.trees import plain_params, tree_of

MADE_IN_BLOCKS = (*ON_THE_GROUND, OUTLINED)  # those of trees of brightness or lines need all of the image at once


def with_reading(job: Job, model: Model) -> Job:
    """Return the job with the reading that is asked for, or the best one where none but the image can tell.

    Raises
    ------
    ParameterError
        If there are not so many.
    """
    number = job.params.reading
    if not number and not job.judges:
        return job
    names = list(kept_once(job.work, READINGS, lambda: _ranked(job, model))["names"].tolist())
    if number > len(names):
        raise ParameterError(
            f"reading must be from 0 to {len(names)}, as an image of this size has so many, got {number}; choose "
            "one of these, or take a part of the image"
        )
    made = "brightness, darkness and outlines, as other readings need all of the image at once"
    job.less.notes.append(f"compared what can be counted on samples of the image, by {made}")
    if not names:
        return job
    return replace(job, read_as=names[max(number, 1) - 1], params=plain_params(job.params).replace(reading=number or 1))


def _ranked(job: Job, model: Model) -> Arrays:
    """Return the names of readings, the best first; where it is open whether there is any, at most the best one."""
    samples = [Merged(job, crop, model, tree_of(job, crop, model)) for crop in some_crops(job.part)]
    if job.judges:
        best = best_reading(samples, MADE_IN_BLOCKS)
        found = [best] if best else []
    else:
        found = list(summed_scores(samples, MADE_IN_BLOCKS))
    return {"names": np.array(found, dtype=str)}

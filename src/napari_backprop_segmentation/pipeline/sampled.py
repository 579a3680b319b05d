"""Which reading an image has that does not fit the memory: judged on a few samples, and taken for all of it."""

from dataclasses import replace

import numpy as np

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image.crop import some_crops
from napari_backprop_segmentation.image.kept_blocks import Arrays
from napari_backprop_segmentation.image.passes import kept_once
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.objects.ways import ON_THE_GROUND, OUTLINED
from napari_backprop_segmentation.pipeline.count import best_for_large, summed_scores, sure_on
from napari_backprop_segmentation.pipeline.job import READINGS, Job
from napari_backprop_segmentation.pipeline.merged_part import merged_part
from napari_backprop_segmentation.pipeline.trees import plain_params

MADE_IN_BLOCKS = (*ON_THE_GROUND, OUTLINED)  # the others need all pixels of a window at once


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
    ranked = kept_once(job.work, READINGS, lambda: _ranked(job, model))
    names, best = ranked["names"].tolist(), str(ranked["best"])
    if number > len(names):
        raise ParameterError(
            f"reading must be from 0 to {len(names)}, as an image of this size has so many, got {number}; choose "
            "one of these, or take a part of the image"
        )
    job.less.notes.append("compared what can be counted on samples of the image")
    name = names[number - 1] if number else best
    if not number and np.isfinite(ranked["sure"]):
        job = replace(job, sure=float(ranked["sure"]))
    if not name:
        return job
    if name not in MADE_IN_BLOCKS:
        job.less.notes.append("looked for objects in one window after another, each read by itself")
    return replace(job, read_as=name, params=plain_params(job.params).replace(reading=names.index(name) + 1))


def _ranked(job: Job, model: Model) -> Arrays:
    """Return the names of readings, those made in blocks first; where it is open, the best one and how sure it is."""
    samples = [merged_part(job, crop, model) for crop in some_crops(job.part)]
    in_blocks = summed_scores(samples, MADE_IN_BLOCKS)
    names = [*in_blocks, *(name for name in summed_scores(samples) if name not in in_blocks)]
    best = best_for_large(samples, MADE_IN_BLOCKS) if job.judges else ""
    sure = sure_on(samples, best) if job.judges else None
    return {
        "names": np.array(names, dtype=str),
        "best": np.array(best),
        "sure": np.array(np.nan if sure is None else sure),
    }

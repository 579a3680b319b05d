"""What a network takes along for further images, found on several together: classes, and kinds that were drawn."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.training_schedule import spread
from napari_backprop_segmentation.pipeline.trees import knowing_classes, tree_of
from napari_backprop_segmentation.teaching.patches import Patches, make_patches
from napari_backprop_segmentation.teaching.strokes import Lesson, learned

MOST_SEEN = 8  # planes or volumes of all images in which classes are looked for: each takes as long as labelling it


def knowing_classes_of(model: Model, jobs: Sequence[Job]) -> Model:
    """Return a network that knows the classes of several images, if these are wanted."""
    if not jobs[0].params.by_class:
        return model
    return knowing_classes(model, list(_merged(model, jobs)))


def _merged(model: Model, jobs: Sequence[Job]) -> Iterator[tuple[Job, Part, Hierarchy]]:
    for job in jobs:
        if job.merges:
            for place in spread(list(job.source.places(len(job.iterated))), max(1, MOST_SEEN // len(jobs))):
                part = job.source.at(place)
                yield job, part, tree_of(job, part, model)


def lesson_of(jobs: Sequence[Job], model: Model) -> Lesson | None:
    """Return what the strokes on several images teach together; None where there are none to learn from.

    Raises
    ------
    ImageError
        If this cannot be learned from.
    """
    params = jobs[0].params
    if params.strokes_as not in ("kinds", "objects") or all(job.strokes is None for job in jobs):
        return None
    patches, strokes = zip(*_drawn(jobs, model), strict=True)
    return Lesson.of(learned(patches, strokes, params.seed), params.strokes_as)


def _drawn(jobs: Sequence[Job], model: Model) -> Iterator[tuple[Patches, NDArray[np.integer]]]:
    """Yield each plane or volume that is drawn on, with what is drawn there."""
    for job in jobs:
        if job.strokes is None:
            continue
        for place in job.source.places(len(job.iterated)):
            if job.strokes[place].any():
                part = job.source.at(place)
                tree = tree_of(job, part, model)
                yield make_patches(part.read(part.whole), model.all_responses(part), tree), job.strokes[place]

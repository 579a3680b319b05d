"""Objects that are like those the user has pointed at, in an image that does not fit the memory."""

from dataclasses import replace

import numpy as np

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.objects.foreground import cleaned
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.alike import record_of
from napari_backprop_segmentation.pipeline.example_windows import windows_of
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.written import given_back, out_of, written_windows

KEPT = "alike"  # name of what is kept


def alike_in_blocks(job: Job, model: Model, tree: Hierarchy) -> Segmentation:
    """Return all alike objects of an image, numbered from 1, written where they are to go."""
    shape, kept = job.part.shape[1:], job.work.kept
    rules = replace(Objects.of(job.params), min_object=1)  # what is like an example may be as small
    labels, parts = kept.labels(KEPT, shape), kept.parts(KEPT)
    windows, behind = windows_of(job, model), 0
    for number, outer in enumerate(windows.outer):
        done = parts.get(number)
        if done is None:
            found = cleaned(windows.found(number), rules, windows.edges(number))
            labels[outer], new = windows.added(found, labels[outer], behind)
            parts.put(number, done := {"count": np.array(new)})
        behind += int(done["count"])
        job.work.tell(number + 1, len(windows.outer))
    out = out_of(job, label_dtype(behind))
    for window in written_windows(shape):
        out[window] = labels[window]
    return Segmentation(given_back(job, out), model, hierarchy=tree, record=record_of(job))

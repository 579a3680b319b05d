"""Objects of any reading, in an image that does not fit the memory: each window is read by itself."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.windows import Windows
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.objects.find import labels_of
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.in_windows import objects_in_windows
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged_part import merged_window
from napari_backprop_segmentation.pipeline.nothing import shows_something
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


def read_in_windows(job: Job, model: Model, tree: Hierarchy) -> Segmentation:
    """Return the objects of the reading that was taken, numbered from 1, written where they are to go."""
    windows = Windows(job.part.shape[1:])
    rules = Objects.of(job.params)
    inside = replace(rules, drop_border=False)  # the edge of a window cuts off nothing

    def found(number: int) -> NDArray[Any]:
        merged = merged_window(job, tree, model, windows.outer[number])
        reading = merged.readings.named(job.read_as)
        if reading is None or not shows_something(job, reading):
            return np.zeros(merged.tree.shape, np.int32)
        return windows.own(number, labels_of(reading, inside))

    labels = objects_in_windows(job, windows, replace(rules, min_object=1), found)  # sizes were looked at by then
    record = {"regions": "merged", "params": {"reading": job.params.reading}, "reading": job.read_as}
    return Segmentation(labels, model, record=record)

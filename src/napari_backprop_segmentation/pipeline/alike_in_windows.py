"""Objects that are like those the user has pointed at, in an image that does not fit the memory."""

from dataclasses import replace

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.alike import record_of
from napari_backprop_segmentation.pipeline.example_windows import windows_of
from napari_backprop_segmentation.pipeline.in_windows import objects_in_windows
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


def alike_in_windows(job: Job, tree: Hierarchy) -> Segmentation:
    """Return all alike objects of an image, numbered from 1, written where they are to go."""
    windows = windows_of(job, tree)
    rules = replace(Objects.of(job.params), min_object=1)  # what is like an example may be as small
    labels = objects_in_windows(job, windows, rules, windows.found)
    return Segmentation(labels, record=record_of(job))

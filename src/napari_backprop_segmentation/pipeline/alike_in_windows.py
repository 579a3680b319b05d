"""Objects that are like those the user has pointed at, in an image that does not fit the memory."""

from dataclasses import replace

from napari_backprop_segmentation.hierarchy.resized import windowed
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.apart import seen_apart
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.alike import record_of
from napari_backprop_segmentation.pipeline.alike_window import Alike, Item, alike_in_window
from napari_backprop_segmentation.pipeline.example_windows import windows_of
from napari_backprop_segmentation.pipeline.in_windows import objects_in_windows
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


def alike_in_windows(job: Job, tree: Hierarchy) -> Segmentation:
    """Return all alike objects of an image, numbered from 1, written where they are to go."""
    image = seen_apart(job.source, job.part)
    examples = windows_of(job, image, tree)
    windows = examples.windows
    rules = replace(Objects.of(job.params), min_object=1)  # what is like an example may be as small

    def item(number: int) -> Item:
        return number, windowed(tree, windows.outer[number]), examples.pointed_at(number)

    common = Alike(image, windows, examples.likeness(job.how_alike))
    labels = objects_in_windows(job, windows, rules, alike_in_window, common, item=item)
    return Segmentation(labels, record=record_of(job))

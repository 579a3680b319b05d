"""The windows of an image that does not fit the memory, in which objects like examples are looked for."""

from functools import partial

from napari_backprop_segmentation.hierarchy.resized import windowed
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.crop import Crop
from napari_backprop_segmentation.pipeline.finder import by_example_of, seen_at
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.teaching.examples import ByExample
from napari_backprop_segmentation.teaching.examples_in_windows import ExampleWindows


def windows_of(job: Job, tree: Hierarchy) -> ExampleWindows:
    """Return the windows of an image; each takes about 10 seconds of one core when it is looked at."""
    shape, seen_shape, factor = job.image_shape[1:], job.part.shape[1:], job.source.preparation.binning
    examples, against = (
        [seen_at(each, shape, seen_shape, factor) for each in some]
        for some in (job.examples or (), job.counter_examples)
    )
    return ExampleWindows(seen_shape, partial(_prepared, job, tree), examples, against, job.how_alike)


def _prepared(job: Job, tree: Hierarchy, window: Window) -> ByExample:
    return by_example_of(job, Crop(job.part, window), windowed(tree, window))

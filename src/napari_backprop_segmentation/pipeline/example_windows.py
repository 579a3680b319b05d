"""The windows of an image that does not fit the memory, in which objects like examples are looked for."""

from napari_backprop_segmentation.hierarchy.resized import windowed
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.image.windows import Windows
from napari_backprop_segmentation.objects.tree_cuts import nested
from napari_backprop_segmentation.pipeline.finder import seen_at
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.teaching.examples import ByExample
from napari_backprop_segmentation.teaching.examples_in_windows import ExampleWindows


def windows_of(job: Job, image: Source, tree: Hierarchy) -> ExampleWindows:
    """Return the windows of an image; each takes about 10 seconds of one core when it is looked at.

    Parameters
    ----------
    job : Job
    image : Source
        As objects are looked for in it.
    tree : Hierarchy
    """
    shape, seen_shape, factor = job.image_shape[1:], job.part.shape[1:], job.source.preparation.binning
    examples, against = (
        [seen_at(each, shape, seen_shape, factor) for each in some]
        for some in (job.examples or (), job.counter_examples)
    )

    def prepared(window: Window) -> ByExample:
        return prepared_in(image, window, windowed(tree, window))

    return ExampleWindows(Windows(seen_shape), prepared, examples, against)


def prepared_in(image: Source, window: Window, tree: Hierarchy) -> ByExample:
    """Return what finds objects in a window of an image, of which the merge tree is given."""
    return ByExample.prepared(image.read(window), nested(tree))

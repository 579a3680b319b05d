"""What needs all pixels of a window at once, in an image that does not fit the memory: examples, and most readings."""

from dataclasses import replace

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline.alike_in_windows import alike_in_windows
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.read_in_windows import read_in_windows
from napari_backprop_segmentation.pipeline.sampled import MADE_IN_BLOCKS
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


def found_in_windows(job: Job, model: Model, tree: Hierarchy) -> Segmentation | None:
    """Return the objects of an image, if they are to be found in such a way, written where they are to go."""
    if job.examples is not None:
        return replace(alike_in_windows(job, tree), model=model, hierarchy=tree)
    if job.read_as and job.read_as not in MADE_IN_BLOCKS:
        return replace(read_in_windows(job, model, tree), hierarchy=tree)
    return None

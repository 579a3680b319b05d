"""A part of an image that does not fit the memory, seen by itself."""

from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.trees import tree_of


def merged_part(job: Job, part: Source, model: Model) -> Merged:
    """Return a part of the image of a job with a merge tree of its own."""
    return Merged(job, part, model, tree_of(job, part, model))

"""From a trained network to what is wanted of an image that does not fit the memory."""

from dataclasses import replace

from napari_backprop_segmentation.hierarchy.build_in_blocks import tree_and_looks
from napari_backprop_segmentation.hierarchy.classes_in_blocks import classes_in_blocks
from napari_backprop_segmentation.network.allocator import give_back
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.sampled import with_reading
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.tree_in_blocks import of_tree
from napari_backprop_segmentation.pipeline.written import seen_by


def found_in_blocks(job: Job, model: Model) -> Segmentation:
    """Return what is wanted, written where it is to go: a cut of the merge tree, classes, or objects."""
    job = with_reading(job, model)
    regions, seen = Regions.of(job.params), seen_by(job, model)
    tree, looks = tree_and_looks(seen, regions, job.merge, job.work, job.ridges)
    if job.params.by_class:
        tree, codebook = classes_in_blocks((tree, looks), seen, regions, job.work)
        model = replace(model, codebook=codebook)
    del looks  # of half a million regions they take hundreds of megabytes
    give_back()
    return of_tree(job, model, tree)

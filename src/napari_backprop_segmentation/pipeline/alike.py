"""Objects of one plane or volume that are like those the user has pointed at."""

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.objects.find import readings_of
from napari_backprop_segmentation.pipeline.count import offers
from napari_backprop_segmentation.pipeline.finder import finder_of
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Offer, Segmentation
from napari_backprop_segmentation.teaching.plain import recorded


def found_alike(job: Job, tree: Hierarchy) -> Segmentation:
    """Return all objects that are like those the user has pointed at."""
    finder = finder_of(job, tree)
    labels = finder.seen_alike(job.examples or (), job.counter_examples, job.how_alike)
    record = {
        "regions": "merged",
        "reading": "like the examples",
        "examples": recorded(job.examples or ()),
        "counter_examples": recorded(job.counter_examples),
        "how_alike": job.how_alike,
    }
    part = job.part

    def look() -> list[Offer]:
        return offers(job, readings_of(tree, part.read(part.whole), part.spacing))

    return Segmentation(labels, hierarchy=tree, look=look, find=lambda: finder, record=record)

"""Objects of one plane or volume that are like those the user has pointed at."""

from typing import Any

from napari_backprop_segmentation.pipeline.count import offers
from napari_backprop_segmentation.pipeline.finder import finder_of
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.segmentation import Offer, Segmentation
from napari_backprop_segmentation.teaching.plain import recorded


def found_alike(merged: Merged) -> Segmentation:
    """Return all objects that are like those the user has pointed at."""
    job = merged.job
    finder = finder_of(job, merged.tree)
    labels = finder.seen_alike(job.examples or (), job.counter_examples, job.how_alike)

    def look() -> list[Offer]:
        return offers(job, merged.readings)

    return Segmentation(labels, hierarchy=merged.tree, look=look, find=lambda: finder, record=record_of(job))


def record_of(job: Job) -> dict[str, Any]:
    """Return how what is like examples was found."""
    return {
        "regions": "merged",
        "reading": "like the examples",
        "examples": recorded(job.examples or ()),
        "counter_examples": recorded(job.counter_examples),
        "how_alike": job.how_alike,
    }

"""What is wanted of the merge tree of one plane or volume: a cut, objects, or what is like the examples."""

from functools import cache, partial

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.alike import found_alike
from napari_backprop_segmentation.pipeline.count import first_reading, objects_of, offers
from napari_backprop_segmentation.pipeline.finder import finder_of
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.recount import Recount
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.trees import cut_as_asked
from napari_backprop_segmentation.teaching.choosing import Offered


def wanted(job: Job, tree: Hierarchy, recount: Recount | None = None) -> Segmentation:
    """Return a cut of a merge tree, or objects among its regions, whichever is asked for."""
    if job.examples is not None:
        return found_alike(job, tree)
    if job.may_count and (found := first_reading(job, tree)) is not None:
        return found
    if not job.params.counts:
        labels = cut_as_asked(job, tree)
    elif recount is not None:
        labels = recount.seen(Objects.of(job.params))
    else:
        labels = objects_of(job, tree, job.part)
    record = {"regions": "classes" if job.params.by_class else "merged"}
    if job.iterated or job.params.by_class:
        return Segmentation(labels, hierarchy=tree, record=record)
    look, find = cache(partial(offers, job, tree)), partial(finder_of, job, tree)  # strokes look too
    return Segmentation(labels, hierarchy=tree, look=look, find=find, record=record)


def seen(job: Job, found: Segmentation) -> list[Offered]:
    """Return all objects that can be seen in an image without strokes; those that were found first."""
    counted = job.params.counts or "reading" in found.record
    own = [Offered(found.labels, counted=True)] if counted else []
    return own + [Offered(each.labels()) for each in (() if found.look is None else found.look())]

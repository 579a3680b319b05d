"""What is wanted of the merge tree of one plane or volume: a cut, objects, or what is like the examples."""

from functools import cache, partial
from typing import Any

from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.alike import found_alike
from napari_backprop_segmentation.pipeline.count import check_kind, offers, verdict
from napari_backprop_segmentation.pipeline.finder import finder_of
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.recount import Recount
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.trees import cut_as_asked
from napari_backprop_segmentation.teaching.choosing import Offered


def wanted(merged: Merged) -> Segmentation:
    """Return a cut of a merge tree, or objects among its regions, whichever is asked for.

    Where nothing of it is asked for, that is the best of what the preset for this kind of image finds and all readings.
    """
    job, tree = merged.job, merged.tree
    if job.examples is not None:
        return found_alike(merged)
    recount = None if job.iterated or job.params.by_class else Recount(merged)
    if not job.params.counts:
        labels = cut_as_asked(job, tree)
    elif recount is not None:
        labels = recount.seen(Objects.of(job.params))
    else:
        labels = merged.objects
    record: dict[str, Any] = {"regions": "classes" if job.params.by_class else "merged"}
    if recount is None:
        return Segmentation(labels, hierarchy=tree, record=record)
    if job.params.reading:
        record["reading"] = recount.name_of(Objects.of(job.params))
    look, find = cache(lambda: offers(job, recount.readings)), partial(finder_of, job, tree)  # strokes look too
    if job.judges:
        record["offered"] = [{"name": each.name, "count": each.count} for each in look()]
        taken = verdict(job, labels if job.params.counts else None, recount.readings)
        record |= taken.record
        if taken.reading:
            first = look()[0]
            labels = first.labels()
            record |= {"params": {"reading": 1}, "reading": first.name}
        elif job.params.counts:
            check_kind(merged, labels)
    return Segmentation(labels, hierarchy=tree, look=look, find=find, recount=recount, record=record)


def seen(job: Job, found: Segmentation) -> list[Offered]:
    """Return all objects that can be seen in an image without strokes; those that were found first."""
    counted = job.params.counts or "reading" in found.record
    own = [Offered(found.labels, counted=True)] if counted else []
    return own + [Offered(each.labels()) for each in (() if found.look is None else found.look())]

"""What a trained network finds in one plane or volume: labels as trained, a cut of its merge tree, or objects."""

from dataclasses import replace
from functools import partial
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.build import build_tree
from napari_backprop_segmentation.hierarchy.classes import class_tree
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.objects.find import find_objects, other_readings
from napari_backprop_segmentation.objects.foreground import foreground_objects
from napari_backprop_segmentation.params.sections import Objects, Regions
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Offer, Segmentation


def label_image(job: Job, model: Model) -> Segmentation:
    """Return what a trained network finds in an image."""
    reason = (model.stopped_by, model.iterations) if job.model is None else ("labelled by a network trained before", 0)
    if not job.merges or model.taught:
        labels = model.predict(job.part, job.out)
        labels = labels if job.out is None else job.out.array
        return Segmentation(labels, model, record=ending("trained", *reason))
    found = from_tree(job, tree_of(job, job.part, model))
    return replace(found, model=model, record=ending(found.record["regions"], *reason))


def ending(regions: str, stopped_by: str, iterations: int) -> dict[str, Any]:
    """Return what is recorded of how a run ended: the kind of its regions, why it stopped, after how many steps."""
    return {"regions": regions, "stopped_by": stopped_by, "iterations": iterations}


def tree_of(job: Job, part: Part, model: Model) -> Hierarchy:
    """Return the merge tree of one plane or volume: of its regions, or of its classes."""
    regions = Regions.of(job.params)
    tree = build_tree(model, part, regions, job.merge, job.ridges)
    return class_tree(tree, model, part, regions) if job.params.by_class else tree


def from_tree(job: Job, tree: Hierarchy) -> Segmentation:
    """Return what is wanted of the merge tree of an image: a cut of it, or objects among its regions."""
    wants_objects = job.params.counts
    labels = objects_of(job, tree, job.part) if wants_objects else tree.cut(job.params.detail)
    look = partial(offers, job, tree) if not job.iterated and not job.params.by_class else None
    return Segmentation(
        labels, hierarchy=tree, look=look, record={"regions": "classes" if job.params.by_class else "merged"}
    )


def objects_of(job: Job, tree: Hierarchy, part: Part) -> NDArray[Any]:
    """Return the objects (*spatial) of one plane or volume."""
    return find_objects(tree, part.read(part.whole), Objects.of(job.params), job.ridges, part.spacing)


def objects_among(job: Job, regions: NDArray[Any], part: Part) -> NDArray[Any]:
    """Return the objects (*spatial) of a volume that was divided into regions slice by slice."""
    return foreground_objects(regions, part.read(part.whole), Objects.of(job.params), part.spacing)


def offers(job: Job, tree: Hierarchy) -> list[Offer]:
    """Return the other readings of an image, see `Segmentation.readings`."""
    part, rules = job.part, Objects.of(job.params)
    found = []
    for reading, labels in other_readings(tree, part.read(part.whole), rules):
        found.append(Offer(reading.name, reading.count, reading.score, labels))
    return found

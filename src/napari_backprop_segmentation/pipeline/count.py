"""Things to count in one plane or volume: as the settings say, or as one of several readings."""

from functools import partial
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.objects.find import find_objects, other_readings
from napari_backprop_segmentation.objects.foreground import foreground_objects
from napari_backprop_segmentation.objects.readings import NOTHING
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.finder import finder_of
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Offer, Segmentation


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
    for reading, labels in other_readings(tree, part.read(part.whole), rules, part.spacing):
        found.append(Offer(reading.name, reading.count, reading.score, labels))
    return found


def first_reading(job: Job, tree: Hierarchy) -> Segmentation | None:
    """Return the best reading of an image of no kind that was recognised; None where regions are the better result."""
    found = offers(job, tree)
    if not found or found[0].score < NOTHING:
        return None
    record = {"regions": "merged", "params": {"reading": 1}, "reading": found[0].name}
    find = partial(finder_of, job, tree)
    return Segmentation(found[0].labels(), hierarchy=tree, look=lambda: found, find=find, record=record)

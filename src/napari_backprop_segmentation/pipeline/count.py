"""Things to count in one plane or volume: as the settings say, as one of several readings, or like examples."""

from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.objects.find import (
    cleaned_reading,
    find_objects,
    fine_regions,
    nested,
    other_readings,
    reading_at,
    readings_of,
)
from napari_backprop_segmentation.objects.foreground import Foreground, foreground_objects
from napari_backprop_segmentation.objects.outlined import Outlined
from napari_backprop_segmentation.objects.readings import NOTHING, Reading
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.finder import Finder
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Offer, Segmentation
from napari_backprop_segmentation.teaching.examples import ByExample


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


class Recount:
    """Counts the objects of an image again, under other settings, without another run.

    Parameters
    ----------
    job : Job
    tree : Hierarchy
        Of the image as the run has seen it.
    """

    def __init__(self, job: Job, tree: Hierarchy) -> None:
        self._job, self._tree = job, tree
        self._last: tuple[tuple[int, float], NDArray[Any]] | None = None  # what was read

    def __call__(self, params: Params) -> NDArray[Any]:
        """Return the objects (*spatial), numbered from 1; 0 is the ground.

        Parameters
        ----------
        params : Params
            Those of the run but for settings of `Objects`: sensitivity, sizes, what is split and filled.
        """
        binning = self._job.binning
        return binning.enlarged(self.seen(Objects.of(binning.params(params))))

    def seen(self, rules: Objects) -> NDArray[Any]:
        """Return the objects of the image as the run has seen it, which may be binned."""
        if rules.reading:
            return self._as_read(rules)
        return (self._outlined if rules.objects == "outlined" else self._foreground).objects(rules)

    def _as_read(self, rules: Objects) -> NDArray[Any]:
        key = rules.reading, rules.sensitivity
        if self._last is None or self._last[0] != key:
            painted = reading_at(self._readings, rules).labels(rules.strictness)
            self._last = key, painted
        return cleaned_reading(self._last[1], rules)

    @cached_property
    def _image(self) -> NDArray[np.float32]:
        part = self._job.part
        return part.read(part.whole)

    @cached_property
    def _readings(self) -> Sequence[Reading]:
        return readings_of(self._tree, self._image, self._job.part.spacing)

    @cached_property
    def _foreground(self) -> Foreground:
        return Foreground(fine_regions(self._tree), self._image, self._job.part.spacing)

    @cached_property
    def _outlined(self) -> Outlined:
        if self._job.ridges is None:
            raise ParameterError(
                "objects must be other than 'outlined' here, got 'outlined'; run again to look for lines"
            )
        return Outlined(self._tree, self._image, self._job.ridges, self._job.part.spacing)


def first_reading(job: Job, tree: Hierarchy) -> Segmentation | None:
    """Return the best reading of an image of no kind that was recognised; None where regions are the better result."""
    found = offers(job, tree)
    if not found or found[0].score < NOTHING:
        return None
    record = {"regions": "merged", "params": {"reading": 1}, "reading": found[0].name}
    find = partial(finder_of, job, tree)
    return Segmentation(found[0].labels(), hierarchy=tree, look=lambda: found, find=find, record=record)


def finder_of(job: Job, tree: Hierarchy) -> Finder:
    """Return what finds objects like examples in an image."""
    part = job.part
    by_example = ByExample.prepared(part.read(part.whole), nested(tree))
    return Finder(by_example, Objects.of(job.params), job.image_shape[1:], job.source.preparation.binning)


def found_alike(job: Job, tree: Hierarchy) -> Segmentation:
    """Return all objects that are like those the user has pointed at."""
    finder = finder_of(job, tree)
    labels = finder.seen_alike(job.examples or (), job.counter_examples, job.how_alike)
    look, record = partial(offers, job, tree), {"regions": "merged", "reading": "like the examples"}
    return Segmentation(labels, hierarchy=tree, look=look, find=lambda: finder, record=record)

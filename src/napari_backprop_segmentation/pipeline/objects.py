"""Objects of one plane or volume, as the settings say."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.apart import pixels_apart
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.objects.find import find_objects, labels_of
from napari_backprop_segmentation.objects.foreground import foreground_objects
from napari_backprop_segmentation.objects.ways import readings_of
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.nothing import shows_something


def objects_of(job: Job, tree: Hierarchy, part: Source) -> NDArray[Any]:
    """Return the objects (*spatial) of one plane or volume."""
    image, rules = pixels_apart(job.source, part), Objects.of(job.params)
    if not job.read_as:
        return find_objects(tree, image, rules, job.ridges, part.spacing)
    reading = readings_of(tree, image, part.spacing).named(job.read_as)
    if reading is None or not shows_something(job, reading):
        return np.zeros(tree.index.shape, np.int32)
    return labels_of(reading, rules)


def objects_among(job: Job, regions: NDArray[Any], part: Source) -> NDArray[Any]:
    """Return the objects (*spatial) of a volume that was divided into regions slice by slice."""
    return foreground_objects(regions, pixels_apart(job.source, part), Objects.of(job.params), part.spacing)

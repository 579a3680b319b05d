"""One window of an image that does not fit the memory, read by itself, by whoever has it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.crop import Crop
from napari_backprop_segmentation.image.windows import Windows
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.objects.find import labels_of
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.nothing import shows_something


@dataclass(frozen=True)
class Read:
    """What is the same for all windows.

    Attributes
    ----------
    job : Job
        With the reading that was taken.
    seen : Seen
    windows : Windows
    rules : Objects
    """

    job: Job
    seen: Seen
    windows: Windows
    rules: Objects


def read_window(common: Read, item: tuple[int, Hierarchy]) -> NDArray[Any]:
    """Return the objects of one window (*outer) by its number and its merge tree."""
    job, (number, tree) = common.job, item
    merged = Merged(job, Crop(job.part, common.windows.outer[number]), common.seen.model_here(), tree)
    reading = merged.readings.named(job.read_as)
    if reading is None or not shows_something(job, reading):
        return np.zeros(tree.shape, np.int32)
    return common.windows.own(number, labels_of(reading, common.rules))

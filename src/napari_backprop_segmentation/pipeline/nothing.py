"""From which score on readings are objects, and not what noise and texture happen to look like."""

import numpy as np

from napari_backprop_segmentation.objects.judgement import EXPECTED, MANY
from napari_backprop_segmentation.objects.reading import Reading
from napari_backprop_segmentation.pipeline.job import Job

# Least score of objects. Images with objects have .29 and more, noise up to .23. Volumes of nuclei have .20 and more
# (three of four), of noise up to .07.
NOTHING, NOTHING_IN_VOLUMES = 0.26, 0.14


def least_score(job: Job) -> float:
    """Return the least score of objects."""
    return NOTHING if is_plane(job) else NOTHING_IN_VOLUMES


def is_plane(job: Job) -> bool:
    """Return whether one plane is looked at, and no volume."""
    return len(job.part.shape) == len("CYX")


def shows_something(job: Job, reading: Reading) -> bool:
    """Return whether a reading of a window or frame is more than noise; how many there are does not count there."""
    few = EXPECTED["count"] * (np.log(MANY) - reading.figures["count"])
    return bool(reading.score + few > least_score(job))

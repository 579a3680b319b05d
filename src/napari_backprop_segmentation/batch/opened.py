"""A file as it is understood: opened, and refused before anything is computed where its labels could not be written."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from napari_backprop_segmentation.batch.asked import stamp
from napari_backprop_segmentation.batch.jobs import Job, check_room
from napari_backprop_segmentation.batch.targets import unfinished_place
from napari_backprop_segmentation.batch.wanted import Wanted
from napari_backprop_segmentation.image.axes import check_axes
from napari_backprop_segmentation.io.files import check_labels_fit, open_image
from napari_backprop_segmentation.io.read import ImageFile
from napari_backprop_segmentation.pipeline.unfinished import Unfinished


@dataclass(frozen=True)
class Opened:
    """A file as it is understood, ready to be segmented.

    Attributes
    ----------
    job : Job
    wanted : Wanted
    image : ImageFile
    axes : str
    spacing : sequence of float, optional
    unit : str
        Of `spacing`.
    channels : sequence of int, optional
    """

    job: Job
    wanted: Wanted
    image: ImageFile
    axes: str
    spacing: Sequence[float] | None
    unit: str
    channels: Sequence[int] | None

    @property
    def unfinished(self) -> Unfinished:
        """Where finished blocks are kept until the labels are whole."""
        return Unfinished(unfinished_place(self.job.labels), stamp(self.job.image))


def open_job(job: Job, wanted: Wanted) -> Opened:
    """Open the image of a job, and refuse what cannot be written before anything is computed.

    Raises
    ------
    SegmentationError
    """
    reading = wanted.reading
    image = open_image(job.image, level=reading.level, most_pixels=wanted.most_pixels)
    axes = check_axes(reading.axes or image.axes, image.pixels.shape)
    spacing = reading.spacing or image.calibration.spacing(axes)
    unit = image.calibration.unit(axes) if reading.spacing is None else ""
    channels = image.channel_numbers(reading.channels)
    check_labels_fit(job.labels, image, axes)
    check_room(job, math.prod(image.pixels.shape))
    return Opened(job, wanted, image, axes, spacing, unit, channels)

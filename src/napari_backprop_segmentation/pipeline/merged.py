"""One plane or volume once its regions are merged: what everything that is found in it is read off."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.apart import pixels_apart
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.loop import STOPPED
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.objects.readings import Readings
from napari_backprop_segmentation.objects.ways import readings_of
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.objects import objects_of
from napari_backprop_segmentation.pipeline.trees import plain_tree


@dataclass(frozen=True, eq=False)
class Merged:
    """A plane or volume, the network, and its merge tree.

    Attributes
    ----------
    job : Job
    part : Source
        The pixels.
    model : Model
    tree : Hierarchy
        As the settings of the run say.
    """

    job: Job
    part: Source
    model: Model
    tree: Hierarchy

    @property
    def stopped(self) -> bool:
        """Whether the user has ended training."""
        return self.model.stopped_by == STOPPED

    @cached_property
    def image(self) -> NDArray[np.float32]:
        """The pixels (C, *spatial), normalised, as objects are looked for in them."""
        return pixels_apart(self.job.source, self.part)

    @property
    def objects(self) -> NDArray[Any]:
        """The objects (*spatial) that the settings ask for."""
        return objects_of(self.job, self.tree, self.part)

    @cached_property
    def readings(self) -> Readings:
        """All ways in which objects can be seen here."""
        return readings_of(plain_tree(self.job, self.part, self.model, self.tree), self.image, self.part.spacing)

"""Objects counted again under other settings, without another run."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.objects.find import find_objects, read_objects, readings_of
from napari_backprop_segmentation.objects.readings import Reading
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.job import Job


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
        self._readings: Sequence[Reading] | None = None

    def __call__(self, params: Params) -> NDArray[Any]:
        """Return the objects (*spatial), numbered from 1; 0 is the ground.

        Parameters
        ----------
        params : Params
            Those of the run but for settings of `Objects`: sensitivity, sizes, what is split and filled.
        """
        job, part = self._job, self._job.part
        rules = Objects.of(job.binning.params(params))
        image = part.read(part.whole)
        if not rules.reading:
            return job.binning.enlarged(find_objects(self._tree, image, rules, job.ridges, part.spacing))
        if self._readings is None:
            self._readings = readings_of(self._tree, image, part.spacing)
        return job.binning.enlarged(read_objects(self._readings, rules))

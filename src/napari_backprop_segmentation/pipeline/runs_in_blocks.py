"""The same as `runs_in_memory`, of an image that does not fit the memory, or is written piece by piece."""

from napari_backprop_segmentation.hierarchy.runs_in_blocks import TreesInBlocks
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.sampled import with_reading
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.tree_in_blocks import of_tree
from napari_backprop_segmentation.pipeline.unfinished import room_told
from napari_backprop_segmentation.pipeline.written import seen_by


class RunsInBlocks(TreesInBlocks):
    """Several runs on an image that is done in blocks; see `RunsInMemory`.

    Parameters
    ----------
    job : Job
    """

    def __init__(self, job: Job) -> None:
        super().__init__(job.merge, job.work, job.ridges)
        self._job = job

    def add(self, model: Model) -> None:
        """Take one more run, by its network."""
        with room_told(self._job.work.kept):
            if not self.trees:
                self._job = with_reading(self._job, model)
            self.merged(seen_by(self._job, model), Regions.of(self._job.params))

    def found(self, tree: Hierarchy, model: Model) -> Segmentation:
        """Return what is wanted of a tree, with the network of the first run."""
        with room_told(self._job.work.kept):
            return of_tree(self._job, model, tree)

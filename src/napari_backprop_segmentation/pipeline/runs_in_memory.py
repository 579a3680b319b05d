"""The trees of several runs on one image, and what is wanted of their consensus."""

from functools import cached_property

from napari_backprop_segmentation.hierarchy.build import merged
from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.leaf_graph import plain_leaf_graph
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.label import from_tree
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


class RunsInMemory:
    """Several runs on an image in one piece.

    Parameters
    ----------
    job : Job

    Attributes
    ----------
    trees : list of Hierarchy
        One a run, over the same regions.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self.trees: list[Hierarchy] = []

    def add(self, model: Model) -> None:
        """Take one more run, by its network."""
        job = self._job
        self.trees.append(merged(self._graph, model, job.part, Regions.of(job.params), job.merge))

    def agreement(self) -> Agreement:
        """Return how far all runs agree."""
        return Agreement.of(self._graph, self.trees, self._job.merge)

    def found(self, tree: Hierarchy, model: Model) -> Segmentation:
        """Return what is wanted of a tree, with the network of the first run."""
        return from_tree(self._job, tree, model)

    @cached_property
    def _graph(self) -> RegionGraph:
        return plain_leaf_graph(self._job.part, Regions.of(self._job.params), self._job.ridges)

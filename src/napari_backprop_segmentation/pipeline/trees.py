"""The merge tree of one plane or volume, as a run asks for it."""

from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.build import build_tree
from napari_backprop_segmentation.hierarchy.classes import class_tree
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import Part
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.job import Job


def tree_of(job: Job, part: Part, model: Model) -> Hierarchy:
    """Return the merge tree of one plane or volume: of its regions, or of its classes."""
    regions = Regions.of(job.params)
    tree = build_tree(model, part, regions, job.merge, job.ridges)
    return class_tree(tree, model, part, regions) if job.params.by_class else tree


def cut_as_asked(job: Job, tree: Hierarchy) -> NDArray[Any]:
    """Return the cut (*spatial) with at most so many regions as are asked for, else that at the detail."""
    regions = Regions.of(job.params)
    return tree.cut(n_regions=regions.n_regions) if regions.n_regions else tree.cut(regions.detail)

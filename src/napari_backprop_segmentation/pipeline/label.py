"""What a trained network finds in one plane or volume: labels as trained, a cut of its merge tree, or objects."""

from dataclasses import replace
from functools import partial
from typing import Any

from napari_backprop_segmentation.errors import ENGINE_ERRORS
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline.in_blocks import from_blocks, predicted
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.merged import Merged
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.teacher import teaching
from napari_backprop_segmentation.pipeline.trees import classified, knowing_classes, tree_of
from napari_backprop_segmentation.pipeline.wanted import seen, wanted


def label_image(job: Job, model: Model) -> Segmentation:
    """Return what a trained network finds in an image."""
    reason = (model.stopped_by, model.iterations) if job.model is None else ("labelled by a network trained before", 0)
    if job.merges and not model.taught:
        try:
            tree = tree_of(job, job.part, model)
            model = knowing_classes(model, [(job, job.part, tree)])
            found = from_tree(job, classified(job, job.part, model, tree), model)
        except ENGINE_ERRORS as error:
            job.less.note("labels stay as trained, as memory ran out while regions were merged", error)
        else:
            return found.noted(ending(found.record["regions"], *reason))
    blockwise = from_blocks(job, model) if job.in_blocks and not model.taught else None
    if blockwise is not None:
        return blockwise.noted(ending(blockwise.record["regions"], *reason))
    return Segmentation(predicted(job, model), model, record=ending("trained", *reason))


def ending(regions: str, stopped_by: str, iterations: int) -> dict[str, Any]:
    """Return what is recorded of how a run ended: the kind of its regions, why it stopped, after how many steps."""
    return {"regions": regions, "stopped_by": stopped_by, "iterations": iterations}


def from_tree(job: Job, tree: Hierarchy, model: Model) -> Segmentation:
    """Return what is wanted of the merge tree of an image, which a network was trained for."""
    found = wanted(Merged(job, job.part, model, tree))
    return replace(found, model=model, teach=teaching(job, model, tree, partial(seen, job, found)))

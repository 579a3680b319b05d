"""What is wanted of an image that does not fit the memory: a cut of its merge tree, classes, or objects."""

from dataclasses import replace

import numpy as np

from napari_backprop_segmentation.hierarchy.build_in_blocks import classes_in_blocks, tree_and_looks
from napari_backprop_segmentation.hierarchy.tree import PAINTED_SIDE, Hierarchy
from napari_backprop_segmentation.image.blocks import blocks
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.objects.find_in_blocks import BlockwiseObjects, find_objects_in_blocks
from napari_backprop_segmentation.objects.find_outlined_in_blocks import find_outlined_in_blocks
from napari_backprop_segmentation.params.sections import Objects, Regions
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.written import given_back, out_of, seen_by


def found_in_blocks(job: Job, model: Model) -> Segmentation:
    """Return what is wanted, written where it is to go."""
    regions, seen = Regions.of(job.params), seen_by(job, model)
    tree, looks = tree_and_looks(seen, regions, job.merge, job.work, job.ridges)
    if job.params.counts:
        return _objects(job, model, tree)
    if job.params.by_class:
        tree, codebook = classes_in_blocks((tree, looks), seen, regions, job.work)
        model = replace(model, codebook=codebook)
    table = tree.table(None if regions.n_regions else regions.detail, n_regions=regions.n_regions or None)
    if job.out is not None and job.out.room is not None and table.max() > job.out.room:
        table = tree.table(n_regions=job.out.room)
        job.less.notes.append(f"has at most {job.out.room} regions, as the numbers of out end there")
    out = out_of(job, table.dtype)
    tree.paint(table, out)
    record = {"regions": "classes" if job.params.by_class else "merged"}
    return Segmentation(given_back(job, out), model, hierarchy=tree, record=record)


def _objects(job: Job, model: Model, tree: Hierarchy) -> Segmentation:
    rules = Objects.of(job.params)
    if rules.objects == "outlined" and job.ridges is not None:
        found = BlockwiseObjects(find_outlined_in_blocks(tree, job.part, job.ridges, rules, job.work))
    else:
        found = find_objects_in_blocks(tree, job.part, rules, job.work)
    painted, windows = found.painted, list(blocks(job.part.shape[1:], PAINTED_SIDE))
    out = out_of(job, np.uint8 if painted is None else painted.table.dtype)
    job.less.notes.extend(found.remarks)
    for window in windows if painted is None else ():
        out[window] = 0
    if painted is not None:
        painted.paint(windows, out)
    return Segmentation(given_back(job, out), model, hierarchy=tree, record={"regions": "merged"})

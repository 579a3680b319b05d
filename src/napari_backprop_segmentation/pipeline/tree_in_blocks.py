"""What is wanted of the merge tree of an image that does not fit the memory: objects, or a cut."""

from dataclasses import replace

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.apart import seen_apart
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.blockwise_objects import objects_in_blocks
from napari_backprop_segmentation.pipeline.blockwise_teacher import blockwise_teaching
from napari_backprop_segmentation.pipeline.found_in_windows import found_in_windows
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.written import given_back, out_of


def of_tree(job: Job, model: Model, tree: Hierarchy) -> Segmentation:
    """Return what is wanted of a merge tree, written where it is to go."""
    found = found_in_windows(job, model, tree)
    if found is None and job.params.counts:
        found = replace(objects_in_blocks(job, seen_apart(job.source, job.part), tree), model=model)
    if found is None:
        found = _cut(job, model, tree)
    return replace(found.noted(job.judged), teach=blockwise_teaching(job, model, found.hierarchy))


def _cut(job: Job, model: Model, tree: Hierarchy) -> Segmentation:
    regions = Regions.of(job.params)
    table = tree.table(None if regions.n_regions else regions.detail, n_regions=regions.n_regions or None)
    if job.out is not None and job.out.room is not None and table.max() > job.out.room:
        table = tree.table(n_regions=job.out.room)
        job.less.notes.append(f"has at most {job.out.room} regions, as the numbers of out end there")
    out = out_of(job, table.dtype)
    tree.paint(table, out)
    record = {"regions": "classes" if job.params.by_class else "merged"}
    return Segmentation(given_back(job, out), model, hierarchy=tree, record=record)

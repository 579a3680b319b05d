"""What is wanted of an image that does not fit the memory: a cut of its merge tree, classes, or objects."""

from dataclasses import replace

from napari_backprop_segmentation.hierarchy.build_in_blocks import classes_in_blocks, tree_and_looks
from napari_backprop_segmentation.image.apart import seen_apart
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.blockwise_objects import objects_in_blocks
from napari_backprop_segmentation.pipeline.found_in_windows import found_in_windows
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.sampled import with_reading
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.written import given_back, out_of, seen_by


def found_in_blocks(job: Job, model: Model) -> Segmentation:
    """Return what is wanted, written where it is to go."""
    job = with_reading(job, model)
    regions, seen = Regions.of(job.params), seen_by(job, model)
    tree, looks = tree_and_looks(seen, regions, job.merge, job.work, job.ridges)
    found = found_in_windows(job, model, tree)
    if found is not None:
        return found
    if job.params.counts:
        return replace(objects_in_blocks(job, seen_apart(job.source, job.part), tree), model=model)
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

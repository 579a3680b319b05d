"""What a trained network finds in an image that does not fit the memory, or is written piece by piece."""

from napari_backprop_segmentation.errors import ENGINE_ERRORS
from napari_backprop_segmentation.hierarchy.build import build_tree_in_blocks
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


def from_blocks(job: Job, model: Model) -> Segmentation | None:
    """Return the regions at the detail that is asked for; None, with a note, if there is no room to merge any."""
    try:
        return _regions(job, model)
    except OSError as error:  # of the disk, where the finest regions lie
        job.less.notes.append(f"labels stay as trained, as regions could not be merged ({error})")
    except ENGINE_ERRORS as error:
        job.less.note("labels stay as trained, as memory ran out while regions were merged", error)
    return None


def _regions(job: Job, model: Model) -> Segmentation:
    regions = Regions.of(job.params)
    tree = build_tree_in_blocks(model, job.part, regions, job.merge)
    table = tree.table(None if regions.n_regions else regions.detail, n_regions=regions.n_regions or None)
    if job.out is None:
        return Segmentation(tree.cut_of(table), model, hierarchy=tree)
    if job.out.room is not None and table.max() > job.out.room:
        table = tree.table(n_regions=job.out.room)
        job.less.notes.append(f"has at most {job.out.room} regions, as the numbers of out end there")
    tree.paint(table, job.out)
    return Segmentation(job.out.array, model, hierarchy=tree)

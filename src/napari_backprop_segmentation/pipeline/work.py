"""Who does the blocks of an image, and where what they add is kept."""

from dataclasses import replace

from napari_backprop_segmentation.image.kept_blocks import HERE, KeptBlocks
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.request import Request
from napari_backprop_segmentation.pipeline.unfinished import kept_of
from napari_backprop_segmentation.pipeline.workers import Workers


def with_work(request: Request, job: Job) -> Job:
    """Return the job with who does its blocks, as it was asked for; nobody but this process where there are none."""
    if job.merges or job.iterated or not job.learns:
        return job
    work, notes = HERE, job.notes
    if request.client is not None:
        workers = Workers(request.client)
        work, notes = replace(work, each=workers), (*notes, *workers.remarks)
    drawn = any(each is not None for each in (job.strokes, job.examples, job.fixed))
    if request.resume is not None and not drawn:
        kept: KeptBlocks = kept_of(request.resume, job, request.image)
        work = replace(work, kept=kept)
    return replace(job, work=work, notes=notes)

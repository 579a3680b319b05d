"""What a run may use of the machine: where it computes, how much at a time, and what it must leave out."""

import logging
import math
from dataclasses import replace

from napari_backprop_segmentation.image.kept_blocks import HERE
from napari_backprop_segmentation.network.planning import Plan, free_memory, make_plan
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Run, Training
from napari_backprop_segmentation.pipeline.estimate import memory_notes, merges_regions, part_bytes
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.request import Request
from napari_backprop_segmentation.pipeline.room import room_for_regions
from napari_backprop_segmentation.pipeline.unfinished import kept_of
from napari_backprop_segmentation.pipeline.workers import Workers

logger = logging.getLogger(__name__)


def resources(
    request: Request, params: Params, part: tuple[int, ...], iterated: str = ""
) -> tuple[Plan, bool, tuple[str, ...]]:
    """Return the plan, whether regions can be merged, and what the user should know of both.

    Parameters
    ----------
    request : Request
    params : Params
        As they are decided.
    part : tuple of int
        Channels and size of what is segmented at a time.
    iterated : str
        The axes along which it is one of several.
    """
    plan = make_plan(Training.of(params), Run.of(params), part)
    merges, notes = merges_regions(params, math.prod(part[1:]), iterated)
    if plan.device.type == "cpu" and request.out is None:
        needed = part_bytes(params, part, math.prod(plan.crop or part[1:]), plan.precision)
        notes += memory_notes(needed, free_memory(plan.device))
    for note in notes:
        logger.warning("this run %s", note)
    return plan, merges, notes


def with_work(request: Request, job: Job) -> Job:
    """Return the job with who does its blocks, as it was asked for; nobody but this process where there are none."""
    if job.merges or job.iterated or not job.learns:
        return job
    work, notes = replace(HERE, progress=request.progress), job.notes
    if request.client is not None:
        workers = Workers(request.client)
        work, notes = replace(work, each=workers), (*notes, *workers.remarks)
    drawn = any(each is not None for each in (job.strokes, job.examples, job.fixed))
    if request.unfinished is not None and (job.in_blocks or not drawn):
        work = replace(work, kept=kept_of(request.unfinished, job, request.image))
    if job.in_blocks:
        most = room_for_regions(job, work.kept)
        if most is not None:
            work = replace(work, most_regions=most)
            notes = (*notes, f"merges at most {most} regions, as the memory has no room for more")
    return replace(job, work=work, notes=notes)

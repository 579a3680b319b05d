"""What a run may use of the machine: where it computes, how much at a time, and what it must leave out."""

import logging
import math

from napari_backprop_segmentation.network.planning import Plan, free_memory, make_plan
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Run, Training
from napari_backprop_segmentation.pipeline.estimate import memory_notes, merges_regions, part_bytes
from napari_backprop_segmentation.pipeline.request import Request

logger = logging.getLogger(__name__)


def resources(request: Request, params: Params, part: tuple[int, ...]) -> tuple[Plan, bool, tuple[str, ...]]:
    """Return the plan, whether regions can be merged, and what the user should know of both.

    Parameters
    ----------
    request : Request
    params : Params
        As they are decided.
    part : tuple of int
        Channels and size of what is segmented at a time.
    """
    plan = make_plan(Training.of(params), Run.of(params), part)
    merges, notes = merges_regions(params, math.prod(part[1:]))
    if plan.device.type == "cpu" and request.out is None:
        needed = part_bytes(params, part, math.prod(plan.crop or part[1:]), plan.precision)
        notes += memory_notes(needed, free_memory(plan.device))
    for note in notes:
        logger.warning("this run %s", note)
    return plan, merges, notes

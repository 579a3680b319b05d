"""Strokes of a run: what was drawn before it and during it, answered in its end."""

import logging
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.network.step import Command, NewStrokes
from napari_backprop_segmentation.pipeline.downsampling import Steps
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.lesson import followed
from napari_backprop_segmentation.pipeline.marks import drawn
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.teaching.plain import runs_of

logger = logging.getLogger(__name__)


def seen_by_network(strokes: NDArray[Any] | None, replaced: bool) -> dict[str, Any]:
    """Return what is recorded of strokes that the network has seen, and whether they were others when it began."""
    if strokes is None and not replaced:
        return {}
    return {"drawn_for_network": {} if strokes is None else runs_of(strokes), "drawn_during": replaced}


def answered(steps: Steps, job: Job, given: Any) -> Steps:
    """Take all steps of a run, and let its result follow the strokes, unless only the network is to see them.

    Parameters
    ----------
    steps : generator
    job : Job
    given : (*spatial) int array, optional
        Strokes on the image as it was given, which were checked; `NewStrokes` replace them.
    """
    strokes, by_network, replaced = drawn(given), job.params.strokes_as == "network", False
    command: Command | None = None
    try:
        while True:
            command = yield steps.send(command)
            if isinstance(command, NewStrokes):
                strokes, replaced = drawn(command.strokes), True
                command = command if by_network else None
    except StopIteration as done:
        found: Segmentation = done.value
    finally:
        steps.close()
    if by_network:
        return found.noted(seen_by_network(strokes, replaced))
    if job.fixed is not None and job.params.strokes_as == "kinds" and strokes is not None:
        strokes = np.where((strokes == 0) & (job.fixed > 0), job.fixed, strokes)
    if strokes is None:
        return followed(found, job)
    if found.teacher is None:
        return found
    try:
        answer = found.teacher.answer(strokes, job.recorded)
    except SegmentationError as error:  # of strokes that came during the run: its own result is not lost over them
        logger.warning("the strokes were not followed: %s", error)
        return found
    teacher = found.teacher  # who has looked at the image, and need not look again
    facts = {"regions": job.params.strokes_as, "drawn": runs_of(strokes)}
    record = {name: value for name, value in found.record.items() if name != "reading"} | facts
    return replace(found, labels=answer.labels, look=None, recount=None, teach=lambda: teacher, record=record)

"""Strokes of a run: what was drawn before it and during it, answered in its end."""

import logging
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.image.label_file import mapped
from napari_backprop_segmentation.network.step import Command, NewStrokes
from napari_backprop_segmentation.pipeline import estimate
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


def with_fixed(strokes: NDArray[Any], fixed: NDArray[Any]) -> NDArray[Any]:
    """Return strokes, and where nothing is drawn what is fixed; of a large image in a file that is mapped."""
    if strokes.size <= estimate.MOST_TREE_PIXELS:
        return np.where((strokes == 0) & (fixed > 0), fixed, strokes)
    found: NDArray[Any] = mapped(_Both(strokes, fixed))
    return found


@dataclass(frozen=True)
class _Both:
    """The same, read by windows."""

    strokes: NDArray[Any]
    fixed: NDArray[Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the image (*spatial)."""
        return self.strokes.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of the numbers."""
        return np.promote_types(self.strokes.dtype, self.fixed.dtype)

    def __getitem__(self, window: Any) -> NDArray[Any]:
        """Return the numbers in a window."""
        strokes, fixed = np.asarray(self.strokes[window]), np.asarray(self.fixed[window])
        return np.where((strokes == 0) & (fixed > 0), fixed, strokes)


def answered(steps: Steps, job: Job) -> Steps:
    """Take all steps of a run, and let its result follow the strokes, unless only the network is to see them.

    Parameters
    ----------
    steps : generator
    job : Job
        Whose strokes `NewStrokes` replace.
    """
    strokes, by_network, replaced = drawn(job.drawn), job.params.strokes_as == "network", False
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
        strokes = with_fixed(strokes, job.fixed)
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

"""One file of a batch: read, segmented, written; whatever goes wrong with it is told in its entry."""

import logging
import time
from collections.abc import Callable, Generator
from typing import Any

from napari_backprop_segmentation.batch.asked import asked_of, check_untouched, done_before, there_of
from napari_backprop_segmentation.batch.entry import DONE_BEFORE, Entry, State, found_in
from napari_backprop_segmentation.batch.jobs import Job, alone_with, check_overwriting
from napari_backprop_segmentation.batch.opened import Opened, open_job
from napari_backprop_segmentation.batch.results import Measured, write_results
from napari_backprop_segmentation.batch.summary import said, summary, written
from napari_backprop_segmentation.batch.wanted import Wanted
from napari_backprop_segmentation.errors import reason
from napari_backprop_segmentation.io.record import ASKED, FOUND
from napari_backprop_segmentation.pipeline.segmentation import Segmentation

logger = logging.getLogger(__name__)


Segment = Callable[[Opened], Generator[Any, None, Segmentation | None]]


def process(
    job: Job,
    wanted: Wanted,
    segment: Segment,
    *,
    name: str = "",
    overwrite: bool = False,
    stopped: Callable[[], object] = lambda: False,
) -> Generator[Any, None, Entry]:
    """Segment a file and write what was found, unless that was done before.

    Parameters
    ----------
    job : Job
    wanted : Wanted
    segment : callable
        Drives the run: a generator, whose steps are passed on; it returns None where the run was cancelled.
    name : str
        What the user knows the file by; its path if left out.
    overwrite : bool
        Whether to do again what was done, and to write over files whatever they are.
    stopped : callable
        Says after the run whether it was stopped early.

    Returns
    -------
    Entry
        Waiting again, where the run was cancelled.
    """
    name, began = name or str(job.image), time.perf_counter()
    try:
        check_overwriting(job, overwrite)
        asked = asked_of(job, wanted)
        if not overwrite and (found := done_before(job, asked)) is not None:
            return Entry(name, State.DONE, found, message=DONE_BEFORE)
        there = there_of(job)
        opened = open_job(job, wanted)
        result = yield from segment(opened)
        if result is None:
            return Entry(name)
        with alone_with(job):  # what is written may still lie among the finished blocks
            early = bool(stopped())
            opened.image.check_unchanged()
            if not overwrite:
                check_untouched(job, there, result.labels)
            measured = Measured(opened.axes, opened.spacing, opened.unit)
            found = found_in(result.labels, result.record, opened.spacing, opened.unit)
            facts = {ASKED: "" if early else asked, FOUND: found.to_dict()}
            remarks = write_results(job, result, opened.image, measured, facts)
        seconds = round(time.perf_counter() - began, 3)
        message = "; ".join((result.stopped_by, *said(result), *remarks))
        line = f"{written(job, result)}: {'; '.join((summary(result), *remarks))}"
        return Entry(name, State.STOPPED if early else State.DONE, found, seconds, message, line)
    except Exception as error:
        logger.debug("%s failed", job.image, exc_info=True)
        return Entry(name, State.FAILED, seconds=round(time.perf_counter() - began, 3), message=reason(error))


def finished(steps: Generator[Any, None, Entry]) -> Entry:
    """Take all steps of a file, and return how it ended."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            entry: Entry = done.value
            return entry

"""The commands `run` and `apply`: each file in its turn."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from napari_backprop_segmentation.cli.jobs import Job, check_overwriting, plan_files, prepare
from napari_backprop_segmentation.cli.one_file import Terminal, run_file
from napari_backprop_segmentation.cli.outcome import Outcome
from napari_backprop_segmentation.cli.signals import Interruption
from napari_backprop_segmentation.cli.targets import expanded
from napari_backprop_segmentation.cli.terminal import REPORT, in_a_line
from napari_backprop_segmentation.cli.wanted import AS_FILES_SAY, Reading, Wanted
from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.params import Params

__all__ = ["AS_FILES_SAY", "Job", "Outcome", "Reading", "expanded", "plan_files", "run_files"]

logger = logging.getLogger(__name__)


def run_files(
    jobs: Sequence[Job],
    params: Params,
    reading: Reading = AS_FILES_SAY,
    quiet: bool = False,
    say: Callable[[str], None] = lambda _: None,
    *,
    overwrite: bool = False,
    model: Model | None = None,
    start: Model | None = None,
) -> Iterator[Outcome]:
    """Segment file after file, and yield how each one ended; one that fails does not keep the others from running.

    `say` is called with a line that tells how a file is understood, before its run begins. Files that are no result of
    ours, or were edited since, are overwritten only if `overwrite` says so.
    With a model nothing is trained; from the one to start with, training goes on, for each file anew.
    """
    prepare(jobs)
    for number, job in enumerate(jobs, start=1):
        with Interruption() as interruption:
            terminal = Terminal(quiet, say, interruption)
            try:
                check_overwriting(job, overwrite)
                outcome = Outcome(run_file(job, Wanted(params, reading, model, start), terminal))
            except Exception as error:
                logger.debug("%s failed", job.image, exc_info=True)
                outcome = Outcome(f"{job.image}: {_reason(error)}", error=True)
        if not interruption.asked:
            yield outcome
            continue
        left = f"; {len(jobs) - number} more images not started" if number < len(jobs) else ""
        said = "interrupted" if outcome.error else "interrupted, the result so far is kept"
        yield replace(outcome, message=f"{said}: {outcome.message}{left}", signal=interruption.asked)
        return


def _reason(error: Exception) -> str:
    """Return what went wrong with a file, in a line."""
    known = isinstance(error, (SegmentationError, OSError, MemoryError))
    return in_a_line(error) if known else f"{type(error).__name__}: {in_a_line(error)}; {REPORT}"

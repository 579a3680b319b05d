"""The command `run`: each file in its turn."""

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from napari_backprop_segmentation.cli.jobs import Job, check_overwriting, plan_files, prepare
from napari_backprop_segmentation.cli.progress import Tally, watch
from napari_backprop_segmentation.cli.results import Measured, write_results
from napari_backprop_segmentation.cli.signals import Interruption
from napari_backprop_segmentation.cli.terminal import REPORT, in_a_line
from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.image.axes import check_axes, in_words
from napari_backprop_segmentation.io.places import check_space
from napari_backprop_segmentation.io.read import ImageFile, read_image, read_scribbles
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.iteration import total_steps
from napari_backprop_segmentation.pipeline.messages import found
from napari_backprop_segmentation.pipeline.messages import remarks as remarks_on
from napari_backprop_segmentation.pipeline.run import Extras, Result, run

__all__ = ["AS_FILES_SAY", "Job", "Outcome", "Reading", "plan_files", "run_files", "summary"]

logger = logging.getLogger(__name__)
MOST_REMARKS = 2


@dataclass(frozen=True)
class Reading:
    """How files are to be understood; what is left out is taken from each file.

    Attributes
    ----------
    axes : str, optional
        One letter an axis.
    spacing : sequence of float, optional
        Size of a pixel along each of Z, Y, X that is there.
    channels : sequence of int, optional
        Which channels to look at, from 0.
    """

    axes: str | None = None
    spacing: Sequence[float] | None = None
    channels: Sequence[int] | None = None


AS_FILES_SAY = Reading()


@dataclass(frozen=True)
class Outcome:
    """How one job ended.

    Attributes
    ----------
    message : str
        One line for the user.
    error : bool
        Whether it failed; the others go on.
    signal : int
        The number of the signal that stopped it, 0 if none did; its partial result is kept and no other follows.
    """

    message: str
    error: bool = False
    signal: int = 0


def run_files(
    jobs: Sequence[Job],
    params: Params,
    reading: Reading = AS_FILES_SAY,
    quiet: bool = False,
    say: Callable[[str], None] = lambda _: None,
    *,
    overwrite: bool = False,
) -> Iterator[Outcome]:
    """Segment file after file, and yield how each one ended; one that fails does not keep the others from running.

    `say` is called with a line that tells how a file is understood, before its run begins. Files that are no result of
    ours, or were edited since, are overwritten only if `overwrite` says so.
    """
    prepare(jobs)
    for number, job in enumerate(jobs, start=1):
        with Interruption() as interruption:
            outcome = _outcome(job, params, reading, Terminal(quiet, say, overwrite, interruption))
        if not interruption.asked:
            yield outcome
            continue
        left = f"; {len(jobs) - number} more images not started" if number < len(jobs) else ""
        said = "interrupted" if outcome.error else "interrupted, the result so far is kept"
        yield replace(outcome, message=f"{said}: {outcome.message}{left}", signal=interruption.asked)
        return


@dataclass(frozen=True)
class Terminal:
    """Whom a run talks to, and who may stop it."""

    quiet: bool
    say: Callable[[str], None]
    overwrite: bool
    interruption: Interruption


def _outcome(job: Job, params: Params, reading: Reading, terminal: Terminal) -> Outcome:
    try:
        if not terminal.overwrite:
            check_overwriting(job)
        result, remarks = _run_file(job, params, reading, terminal)
    except Exception as error:
        logger.debug("%s failed", job.image, exc_info=True)
        return Outcome(f"{job.image}: {_reason(error)}", error=True)
    return Outcome("; ".join((f"{job.image} -> {_written(job, result)}: {summary(result)}", *remarks)))


def _reason(error: Exception) -> str:
    """Return what went wrong with a file, in a line."""
    known = isinstance(error, (SegmentationError, OSError, MemoryError))
    return in_a_line(error) if known else f"{type(error).__name__}: {in_a_line(error)}; {REPORT}"


def _run_file(job: Job, params: Params, reading: Reading, terminal: Terminal) -> tuple[Result, tuple[str, ...]]:
    image = read_image(job.image)
    axes = check_axes(reading.axes or image.axes, image.pixels.shape)
    spacing = reading.spacing or image.calibration.spacing(axes)
    scribbles = read_scribbles(job.scribbles) if job.scribbles else None
    check_space(job.labels, math.prod(image.pixels.shape))
    terminal.say(f"{job.image}: {_understood(image, axes, spacing, reading.channels)}")
    tally = Tally()
    extras = Extras(channels=reading.channels, labelled=tally)
    steps = run(image.pixels, params, axes=axes, spacing=spacing, scribbles=scribbles, extras=extras)
    total = total_steps(params, axes, image.pixels.shape)
    result = watch(
        steps, total, terminal.interruption, name=job.image.name, log=job.log, quiet=terminal.quiet, tally=tally
    )
    image.check_unchanged()
    unit = image.calibration.unit(axes) if reading.spacing is None else ""
    return result, write_results(job, result, image, Measured(axes, spacing, unit))


def _written(job: Job, result: Result) -> str:
    """Return which files were written."""
    names = [str(job.labels), *([str(job.table)] if job.table else [])]
    if job.agreement:
        names.append(str(job.agreement) if result.agreement else "no agreement, as only one run was completed")
    return " and ".join(names)


def _understood(image: ImageFile, axes: str, spacing: Sequence[float] | None, channels: Sequence[int] | None) -> str:
    """Return how a file is read, so that a wrong guess is seen before the run and not after it."""
    words = f"{in_words(axes, image.pixels.shape)} (axes {axes})"
    if image.remarks:
        words += f", read with a warning: {'; '.join(image.remarks[:MOST_REMARKS])}"
    if channels is not None:
        words += f", of these channels {', '.join(map(str, channels))}"
    if "Z" in axes:
        words += (
            f", pixels of {' x '.join(f'{s:.4g}' for s in spacing)}"
            if spacing
            else ", pixel size unknown: as deep as wide"
        )
    return words


def summary(result: Result) -> str:
    """Return what a run found, in a line."""
    number, record = int(np.count_nonzero(np.unique(result.labels))), result.record
    facts = (
        f"{found(number, record)}, {record['iterations']} iterations, {record['seconds']:.1f} s, {result.stopped_by}"
    )
    return "; ".join((facts, *remarks_on(number, record)))

"""The command `run`: which file goes where, and each in its turn."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from napari_backprop_segmentation.cli.progress import Tally, watch
from napari_backprop_segmentation.errors import ParameterError, SegmentationError
from napari_backprop_segmentation.image.axes import check_axes, in_words, spatial_axes
from napari_backprop_segmentation.io.files import (
    TIFF_SUFFIXES,
    ImageFile,
    read_image,
    read_scribbles,
    write_agreement,
    write_labels,
)
from napari_backprop_segmentation.io.tables import write_table
from napari_backprop_segmentation.objects.measure import measure
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.iteration import total_steps
from napari_backprop_segmentation.pipeline.messages import found, remarks
from napari_backprop_segmentation.pipeline.run import run
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


@dataclass(frozen=True)
class Job:
    """The files of one run.

    Attributes
    ----------
    image, labels : Path
        What is read and what is written.
    log : Path or None
        One row an iteration.
    scribbles : Path or None
        Labels drawn by hand.
    table : Path or None
        One row a label.
    agreement : Path or None
        How stable borders are, of several runs.
    """

    image: Path
    labels: Path
    log: Path | None = None
    scribbles: Path | None = None
    table: Path | None = None
    agreement: Path | None = None


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
    interrupted : bool
        Whether the user stopped it; its partial result is kept and no other follows.
    """

    message: str
    error: bool = False
    interrupted: bool = False


def plan_files(
    images: Sequence[Path],
    output: Path,
    log: Path | None = None,
    scribbles: Path | None = None,
    *,
    tables: bool = False,
    agreement: Path | None = None,
) -> list[Job]:
    """Decide where everything goes before anything is computed.

    Parameters
    ----------
    images : sequence of Path
    output : Path
        A .tif file for one image, or a folder.
    log : Path, optional
        A CSV file; with several images each one's name is put into it.
    scribbles : Path, optional
        For one image.
    tables : bool
        Whether the labels are measured; the table goes beside them.
    agreement : Path, optional
        A .tif file for the map of stable borders; with several images each one's name is put into it.

    Returns
    -------
    list of Job

    Raises
    ------
    ParameterError
        If results would overwrite an input or each other, or the arguments do not fit together.
    """
    folder = output.is_dir() or not output.suffix
    several = len(images) > 1
    if not folder and output.suffix.lower() not in TIFF_SUFFIXES:
        raise ParameterError(f"output must be a folder or end in .tif, got {str(output)!r}; labels are written as TIFF")
    if several and not folder:
        raise ParameterError(
            f"output must be a folder for {len(images)} images, got {str(output)!r}; give a name without a suffix"
        )
    if several and scribbles:
        raise ParameterError(f"scribbles must belong to one image, got {len(images)} images; run them one by one")
    if agreement and agreement.suffix.lower() not in TIFF_SUFFIXES:
        raise ParameterError(f"agreement must end in .tif, got {str(agreement)!r}; the map is written as TIFF")
    jobs = [
        Job(
            image=image,
            labels=output / f"{image.stem}_labels.tif" if folder else output,
            log=_named_after(image, log) if several else log,
            scribbles=scribbles,
            agreement=_named_after(image, agreement) if several else agreement,
        )
        for image in images
    ]
    jobs = [replace(job, table=job.labels.with_suffix(".csv")) for job in jobs] if tables else jobs
    _check_overlaps(jobs)
    return jobs


def _named_after(image: Path, path: Path | None) -> Path | None:
    """Return a path with the name of an image in it."""
    return path and path.with_stem(f"{path.stem}_{image.stem}")


def _check_overlaps(jobs: Sequence[Job]) -> None:
    read = {_identity(path) for job in jobs for path in (job.image, job.scribbles) if path}
    written = [path for job in jobs for path in (job.labels, job.log, job.table, job.agreement) if path]
    for path in written:
        if _identity(path) in read:
            raise ParameterError(f"output must not be an input, got {str(path)!r} for both; choose another place")
    names = [path.resolve() for path in written]
    if twice := [str(name) for name in names if names.count(name) > 1]:
        raise ParameterError(f"outputs must have different names, got {twice[0]!r} twice; rename an image or log")


def _identity(path: Path) -> object:
    """Return what tells whether two paths are one file, links included."""
    if not path.exists():
        return path.resolve()
    status = path.stat()
    return status.st_dev, status.st_ino


def run_files(
    jobs: Sequence[Job],
    params: Params,
    reading: Reading = AS_FILES_SAY,
    quiet: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Iterator[Outcome]:
    """Segment file after file, and yield how each one ended; one that fails does not keep the others from running.

    `say` is called with a line that tells how a file is understood, before its run begins.
    """
    for number, job in enumerate(jobs, start=1):
        try:
            result, interrupted = _run_file(job, params, reading, quiet, say)
        except (SegmentationError, OSError, MemoryError) as error:
            yield Outcome(f"{job.image}: {_one_line(error)}", error=True)
            continue
        message = f"{job.image} -> {_written(job, result)}: {summary(result)}"
        if not interrupted:
            yield Outcome(message)
            continue
        left = f"; {len(jobs) - number} more images not started" if number < len(jobs) else ""
        yield Outcome(f"interrupted, the result so far is kept: {message}{left}", interrupted=True)
        return


def _run_file(
    job: Job, params: Params, reading: Reading, quiet: bool, say: Callable[[str], None]
) -> tuple[Segmentation, bool]:
    image = read_image(job.image)
    axes = check_axes(reading.axes or image.axes, image.pixels.shape)
    spacing = reading.spacing or image.calibration.spacing(axes)
    scribbles = read_scribbles(job.scribbles) if job.scribbles else None
    say(f"{job.image}: {_understood(image, axes, spacing, reading.channels)}")
    tally = Tally()
    steps = run(
        image.pixels,
        params,
        axes=axes,
        spacing=spacing,
        strokes=scribbles,
        channels=reading.channels,
        progress=tally,
    )
    total = total_steps(params, axes, image.pixels.shape)
    result, interrupted = watch(steps, total, name=job.image.name, log=job.log, quiet=quiet, tally=tally)
    record = {**result.record, "input": str(job.image), "scribbles": str(job.scribbles) if job.scribbles else None}
    write_labels(job.labels, result.labels, record, spatial_axes(axes), image.calibration)
    if job.agreement and result.agreement:
        stable = result.agreement.map(result.record["params"]["detail"])
        write_agreement(job.agreement, stable, record, spatial_axes(axes), image.calibration)
    if job.table:
        unit = image.calibration.unit(axes) if reading.spacing is None else ""
        write_table(job.table, measure(result.labels, image.pixels, axes=axes, spacing=spacing, unit=unit))
    return result, interrupted


def _written(job: Job, result: Segmentation) -> str:
    """Return which files were written."""
    names = [str(job.labels), *([str(job.table)] if job.table else [])]
    if job.agreement:
        names.append(str(job.agreement) if result.agreement else "no agreement, as only one run was completed")
    return " and ".join(names)


def _understood(image: ImageFile, axes: str, spacing: Sequence[float] | None, channels: Sequence[int] | None) -> str:
    """Return how a file is read, so that a wrong guess is seen before the run and not after it."""
    words = f"{in_words(axes, image.pixels.shape)} (axes {axes})"
    if channels is not None:
        words += f", of these channels {', '.join(map(str, channels))}"
    if "Z" in axes:
        words += (
            f", pixels of {' x '.join(f'{s:.4g}' for s in spacing)}"
            if spacing
            else ", pixel size unknown: as deep as wide"
        )
    return words


def summary(result: Segmentation) -> str:
    """Return what a run found, in a line."""
    number, record = int(np.count_nonzero(np.unique(result.labels))), result.record
    facts = (
        f"{found(number, record)}, {record['iterations']} iterations, {record['seconds']:.1f} s, {result.stopped_by}"
    )
    return "; ".join((facts, *remarks(number, record)))


def _one_line(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__

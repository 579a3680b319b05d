"""Which file goes where: decided, and refused, before anything is computed."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from napari_backprop_segmentation.cli.progress import LOG_COLUMNS
from napari_backprop_segmentation.cli.targets import LABELS_NAME, label_places, table_place
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.io.label_place import check_replaceable, in_image
from napari_backprop_segmentation.io.nodes import name_of, require_zarr
from napari_backprop_segmentation.io.overwrite import check_labels, check_table, check_text
from napari_backprop_segmentation.io.places import check_places, check_space, remove_abandoned
from napari_backprop_segmentation.io.read import TIFF_SUFFIXES

MODEL_SUFFIX = ".safetensors"


@dataclass(frozen=True)
class Job:
    """The files of one run.

    Attributes
    ----------
    image, labels : Path
        What is read and what is written: a file, or a place in a store.
    log : Path or None
        One row an iteration.
    strokes : Path or None
        Labels drawn by hand.
    table : Path or None
        One row a label.
    agreement : Path or None
        How stable borders are, of several runs.
    model : Path or None
        The trained network.
    examples, counter_examples : Path or None
        Marks of objects that the user points at.
    start : Path or None
        The network that training goes on from.
    """

    image: Path
    labels: Path
    log: Path | None = None
    strokes: Path | None = None
    table: Path | None = None
    agreement: Path | None = None
    model: Path | None = None
    examples: Path | None = None
    counter_examples: Path | None = None
    start: Path | None = None

    @property
    def read(self) -> list[Path]:
        """Everything that is read."""
        return [path for path in (self.image, self.strokes, self.examples, self.counter_examples, self.start) if path]

    @property
    def written(self) -> list[Path]:
        """Everything that will be written."""
        return [path for path in (self.labels, self.log, self.table, self.agreement, self.model) if path]


def plan_files(
    images: Sequence[Path],
    output: Path | None,
    log: Path | None = None,
    strokes: Path | None = None,
    *,
    tables: bool = False,
    agreement: Path | None = None,
    model: Path | None = None,
    examples: Path | None = None,
    counter_examples: Path | None = None,
    start: Path | None = None,
    labels_name: str = LABELS_NAME,
) -> list[Job]:
    """Decide where everything goes before anything is computed.

    Parameters
    ----------
    images : sequence of Path
    output : Path or None
        See `label_places`.
    log : Path, optional
        A CSV file; with several images each one's name is put into it.
    strokes : Path, optional
        For one image.
    tables : bool
        Whether the labels are measured; the table goes beside them.
    agreement : Path, optional
        A .tif file for the map of stable borders; with several images each one's name is put into it.
    model : Path, optional
        A .safetensors file for the trained network; with several images each one's name is put into it.
    examples, counter_examples : Path, optional
        Marks of objects in one image.
    start : Path, optional
        The network that training goes on from, for each image anew.
    labels_name : str
        Of labels in the labels group of a store.

    Returns
    -------
    list of Job

    Raises
    ------
    ParameterError
        If results would overwrite an input or each other, or the arguments do not fit together.
    """
    several = len(images) > 1
    places = label_places(images, output, labels_name)
    for name, path in (("strokes", strokes), ("examples", examples), ("counter-examples", counter_examples)):
        if several and path:
            raise ParameterError(f"{name} must belong to one image, got {len(images)} images; run them one by one")
    if agreement and agreement.suffix.lower() not in TIFF_SUFFIXES:
        raise ParameterError(f"agreement must end in .tif, got {str(agreement)!r}; the map is written as TIFF")
    if model and model.suffix.lower() != MODEL_SUFFIX:
        raise ParameterError(f"model must end in {MODEL_SUFFIX}, got {str(model)!r}; choose such a name")
    jobs = [
        Job(
            image=image,
            labels=place,
            log=_named_after(image, log) if several else log,
            strokes=strokes,
            examples=examples,
            counter_examples=counter_examples,
            start=start,
            agreement=_named_after(image, agreement) if several else agreement,
            model=_named_after(image, model) if several else model,
        )
        for image, place in zip(images, places, strict=True)
    ]
    jobs = [replace(job, table=table_place(job.labels, job.image, labels_name)) for job in jobs] if tables else jobs
    _check_overlaps(jobs)
    return jobs


def _named_after(image: Path, path: Path | None) -> Path | None:
    """Return a path with the name of an image in it."""
    return path and path.with_stem(f"{path.stem}_{name_of(image)}")


def _check_overlaps(jobs: Sequence[Job]) -> None:
    read = {_identity(path) for job in jobs for path in job.read}
    written = [path for job in jobs for path in job.written]
    for path in written:
        if _identity(path) in read:
            raise ParameterError(f"output must not be an input, got {str(path)!r} for both; choose another place")
    names = [os.path.realpath(path) for path in written]  # which does not mind loops of links
    if twice := [name for name in names if names.count(name) > 1]:
        raise ParameterError(f"outputs must have different names, got {twice[0]!r} twice; rename an image or log")


def _identity(path: Path) -> object:
    """Return what tells whether two paths are one file, links included."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return os.path.realpath(path)
    return status.st_dev, status.st_ino


def prepare(jobs: Sequence[Job]) -> None:
    """Find out whether everything can be written, and remove what runs that were killed have left.

    Raises
    ------
    OutputError
        If something cannot be written where it should be.
    """
    check_places(path for job in jobs for path in job.written)
    remove_abandoned(folder for job in jobs for folder in _folders(job))


def _folders(job: Job) -> Iterator[Path]:
    yield from (path.absolute().parent for path in job.written)
    if in_image(job.labels):  # where a first group of labels is written beside its name
        yield job.labels.absolute().parents[1]


def check_overwriting(job: Job, overwrite: bool = False) -> None:
    """Refuse to lose a file that is no result of ours, or that was edited since; a store also if told to overwrite.

    Raises
    ------
    OutputError
    """
    if job.labels.suffix.lower() not in TIFF_SUFFIXES:
        require_zarr("labels in a store")
        check_replaceable(job.labels)
    if overwrite:
        return
    if job.table:
        check_table(job.table, job.labels)
    if job.log:
        check_text(job.log, ",".join(LOG_COLUMNS))
    for path in filter(None, (job.agreement, job.labels)):
        check_labels(path)


def check_room(job: Job, n_pixels: int) -> None:
    """Refuse a job whose labels would not fit the disk, as far as that can be told from the size of the image."""
    check_space(job.labels, n_pixels)

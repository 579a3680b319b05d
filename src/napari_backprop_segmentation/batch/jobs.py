"""Which file goes where: decided, and refused, before anything is computed."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path

from napari_backprop_segmentation.batch.names import unique_names
from napari_backprop_segmentation.batch.targets import (
    LABELS_NAME,
    is_folder,
    label_places,
    table_place,
    unfinished_place,
)
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.io.label_place import check_replaceable, in_image
from napari_backprop_segmentation.io.nodes import require_zarr
from napari_backprop_segmentation.io.overwrite import check_labels, check_model, check_source, check_table, check_text
from napari_backprop_segmentation.io.places import check_places, check_space, remove_abandoned
from napari_backprop_segmentation.io.read import TIFF_SUFFIXES
from napari_backprop_segmentation.network.losses import LOSS_NAMES
from napari_backprop_segmentation.pipeline.unfinished import alone, forget

MODEL_SUFFIX = ".safetensors"
LOG_COLUMNS = ("iteration", "n_labels", "loss", *LOSS_NAMES, "seconds")


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
    applied : Path or None
        The network trained before that labels it.
    named : bool
        Whether the user has named the labels; else their name was made of that of the image.
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
    applied: Path | None = None
    named: bool = True
    start: Path | None = None

    @property
    def read(self) -> list[Path]:
        """Everything that is read."""
        return [path for path in (self.image, self.strokes, self.examples, self.counter_examples, self.start) if path]

    @property
    def written(self) -> list[Path]:
        """Everything that will be written."""
        return [self.labels, *self.beside.values()]

    @property
    def beside(self) -> Mapping[str, Path]:
        """What will be written beside the labels, by its kind."""
        kinds = {"log": self.log, "table": self.table, "agreement": self.agreement, "model": self.model}
        return {kind: path for kind, path in kinds.items() if path}


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
    beside: bool = False,
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
    beside : bool
        Whether the labels go beside the images.

    Returns
    -------
    list of Job

    Raises
    ------
    ParameterError
        If results would overwrite an input or each other, or the arguments do not fit together.
    """
    several = len(images) > 1
    places = label_places(images, output, labels_name, beside=beside)
    named = not several and output is not None and not is_folder(output)
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
            log=_named_after(name, log) if several else log,
            strokes=strokes,
            examples=examples,
            counter_examples=counter_examples,
            agreement=_named_after(name, agreement) if several else agreement,
            model=_named_after(name, model) if several else model,
            named=named,
            start=start,
        )
        for image, place, name in zip(images, places, unique_names(images, [Path()] * len(images)), strict=True)
    ]
    jobs = [replace(job, table=table_place(job.labels, job.image, labels_name)) for job in jobs] if tables else jobs
    _check_overlaps(jobs)
    return jobs


def _named_after(name: str, path: Path | None) -> Path | None:
    """Return a path with the name of an image in it."""
    return path and path.with_stem(f"{path.stem}_{name}")


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


def prepare(jobs: Sequence[Job], others: Sequence[Path] = ()) -> None:
    """Find out whether everything can be written, and remove what runs that were killed have left.

    Parameters
    ----------
    jobs : sequence of Job
    others : sequence of Path
        What else will be written, of all jobs together.

    Raises
    ------
    OutputError
        If something cannot be written where it should be.
    """
    inputs = {_identity(path) for job in jobs for path in job.read}
    names = {os.path.realpath(path) for job in jobs for path in job.written}
    for path in others:
        if _identity(path) in inputs or os.path.realpath(path) in names:
            raise ParameterError(f"tables of all must have names of their own, got {str(path)!r}; choose another name")
    written = [*others, *(path for job in jobs for path in job.written)]
    folders = {os.path.realpath(folder) for path in written for folder in path.absolute().parents}
    if odd := [path for path in written if os.path.realpath(path) in folders]:
        raise ParameterError(
            f"output must not be a folder that other results go into, got {str(odd[0])!r}; choose another name"
        )
    check_places(written)
    remove_abandoned({*(path.absolute().parent for path in others), *(each for job in jobs for each in _folders(job))})


def _folders(job: Job) -> Iterator[Path]:
    yield from (path.absolute().parent for path in job.written)
    if in_image(job.labels):  # where a first group of labels is written beside its name
        yield job.labels.absolute().parents[1]


def check_overwriting(job: Job, overwrite: bool = False) -> None:
    """Refuse to lose a file that is no result of ours, or that was edited since; a store also if told to overwrite.

    Raises
    ------
    OutputError
    ParameterError
        If another run is going on to the same place, whose finished blocks would be lost.
    """
    if job.labels.suffix.lower() not in TIFF_SUFFIXES:
        require_zarr("labels in a store")
        check_replaceable(job.labels)
    if overwrite:
        with alone_with(job):
            forget_unfinished(job)
        return
    if not job.named:
        check_source(job.labels, job.image)
    if job.table:
        check_table(job.table, job.labels)
    if job.model:
        check_model(job.model)
    check_log(job.log)
    for path in filter(None, (job.agreement, job.labels)):
        check_labels(path)


def check_log(log: Path | None) -> None:
    """Refuse to lose a file that is no log of ours.

    Raises
    ------
    OutputError
    """
    if log:
        check_text(log, ",".join(LOG_COLUMNS))


def alone_with(job: Job) -> AbstractContextManager[None]:
    """Keep other runs from the finished blocks of a job; refused where one is going on, see `unfinished.alone`."""
    return alone(unfinished_place(job.labels))


def forget_unfinished(job: Job) -> None:
    """Remove the finished blocks of labels that are whole, or are to be made anew, while `alone_with` them."""
    forget(unfinished_place(job.labels))


def check_room(job: Job, n_pixels: int) -> None:
    """Refuse a job whose labels would not fit the disk, as far as that can be told from the size of the image."""
    check_space(job.labels, n_pixels)

"""What a batch does with one file of a folder, in its thread. No Qt here."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from napari_backprop_segmentation.batch.entry import Entry, State
from napari_backprop_segmentation.errors import SegmentationError, reason
from napari_backprop_segmentation.gui.batch.work import Control, Network, segmented
from napari_backprop_segmentation.gui.input.run_input import RunInput

if TYPE_CHECKING:
    from napari_backprop_segmentation.batch.of_folder import FolderBatch
    from napari_backprop_segmentation.batch.opened import Opened
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

SPACED = "ZYX"


def readable(files: "FolderBatch") -> Iterator[RunInput]:
    """Yield the images that can be read; whatever is wrong with the others is told when their turn comes."""
    from napari_backprop_segmentation.batch.opened import open_job

    for job in files.jobs:
        with suppress(SegmentationError, OSError):
            yield _run_input(open_job(job, files.wanted))


def do_file(files: "FolderBatch", network: Network, number: int, control: Control) -> Generator[None, None, Entry]:
    """Segment one file, by its own network or one for all."""
    try:
        model = yield from network(control)
    except SegmentationError as error:
        return Entry(files.names[number], State.FAILED, message=reason(error))
    if control.run.cancelled:
        return Entry(files.names[number])
    return (yield from files.work(number, partial(_segment, control), model))


def do_files(
    files: "FolderBatch", network: Network, client: Any, control: Control
) -> Generator[tuple[int, Entry] | None, None, None]:
    """Have workers segment all files; yield the number and the ending of each as it ends."""
    from napari_backprop_segmentation.batch.on_workers import on_workers
    from napari_backprop_segmentation.batch.running import segment_unwatched

    model = yield from network(control)
    if control.run.cancelled:
        return
    wanted = files.wanted if model is None else replace(files.wanted, model=model)
    yield from on_workers(
        files.jobs,
        wanted,
        segment_unwatched,
        client,
        names=files.names,
        overwrite=files.overwrite,
        stopped=lambda: control.run.cancelled,
    )


def _segment(control: Control, opened: "Opened") -> Generator[None, None, "Segmentation | None"]:
    return (yield from segmented(_run_input(opened), opened.wanted.params, opened.wanted.model, control))


def _run_input(opened: "Opened") -> RunInput:
    spacing = opened.spacing or (1.0,) * sum(letter in SPACED for letter in opened.axes)
    return RunInput(
        opened.job.image.name,
        opened.image.pixels,
        opened.axes,
        placement={},
        layer_shape=(),
        spacing=tuple(spacing),
        channels=None if opened.channels is None else tuple(opened.channels),
    )

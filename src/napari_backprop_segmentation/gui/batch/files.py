"""A batch of the files of a folder, planned and done in its thread. No Qt here."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_backprop_segmentation.batch.entry import Entry, State
from napari_backprop_segmentation.gui.batch.work import Control, Plan, segmented
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run.process_guards import no_collection
from napari_backprop_segmentation.gui.run.torch_startup import make_ready_for_torch
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.batch.jobs import Job
    from napari_backprop_segmentation.batch.opened import Opened
    from napari_backprop_segmentation.batch.sheets import Sheets
    from napari_backprop_segmentation.batch.wanted import Wanted
    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

SUMMARY, TABLE = "batch_summary.csv", "batch_table.csv"
SPACED = "ZYX"


@dataclass(frozen=True, eq=False)
class Asked:
    """What is asked of a folder.

    Attributes
    ----------
    folder : Path
    pattern : str
        See `images_of`.
    axes : str
        One letter an axis; as the files say if empty.
    output : Path, optional
        A folder for the labels; beside the files if None.
    params : Params
    model : Model, optional
        Nothing is trained.
    measure : bool
        Whether there are tables.
    overwrite : bool
        Whether everything is done again, and written over whatever is there.
    """

    folder: Path
    pattern: str
    axes: str
    output: Path | None
    params: Params
    model: "Model | None" = None
    measure: bool = True
    overwrite: bool = False

    def plan(self) -> Plan:
        """Look for the files and decide where everything goes.

        Raises
        ------
        SegmentationError, OSError
        """
        make_ready_for_torch()
        with no_collection():
            from napari_backprop_segmentation.batch.folder import listed
            from napari_backprop_segmentation.batch.jobs import plan_files, prepare
            from napari_backprop_segmentation.batch.names import shown_names
            from napari_backprop_segmentation.batch.sheets import Sheets
            from napari_backprop_segmentation.batch.wanted import Reading, Wanted

        images = listed([self.folder], self.pattern, must_be_folders=True)
        jobs = plan_files(images, self.output, tables=self.measure, beside=self.output is None)
        tables = self.output or self.folder
        sheets = Sheets(tables / SUMMARY, tables / TABLE if self.measure else None)
        sheets.check(self.overwrite)
        prepare(jobs, sheets.written)
        wanted = Wanted(self.params, Reading(axes=self.axes.strip().upper() or None), self.model)
        names = shown_names(images)
        works = [partial(_file, job, wanted, name, self.overwrite) for job, name in zip(jobs, names, strict=True)]
        return Plan(names, works, sheets.note, partial(_join, sheets, jobs))


def _file(job: "Job", wanted: "Wanted", name: str, overwrite: bool, control: Control) -> Generator[None, None, Entry]:
    from napari_backprop_segmentation.batch.process import process

    return (yield from process(job, wanted, partial(_segment, control), name=name, overwrite=overwrite))


def _segment(control: Control, opened: "Opened") -> Generator[None, None, "Segmentation | None"]:
    spacing = opened.spacing or (1.0,) * sum(letter in SPACED for letter in opened.axes)
    run_input = RunInput(
        opened.job.image.name,
        opened.image.pixels,
        opened.axes,
        placement={},
        layer_shape=(),
        spacing=tuple(spacing),
        channels=None if opened.channels is None else tuple(opened.channels),
    )
    return (yield from segmented(run_input, opened.wanted.params, opened.wanted.model, control))


def _join(sheets: "Sheets", jobs: Sequence["Job"], entries: Sequence[Entry]) -> None:
    sheets.write_summary(entries)
    done = [(entry.name, job.table) for job, entry in zip(jobs, entries, strict=True) if entry.state is State.DONE]
    sheets.write_table([(name, table) for name, table in done if table])

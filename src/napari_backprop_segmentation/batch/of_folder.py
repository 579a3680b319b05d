"""A batch of all images of a folder: what is written where, and the tables of all beside it."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

from napari_backprop_segmentation.batch.entry import Entry, State
from napari_backprop_segmentation.batch.folder import listed
from napari_backprop_segmentation.batch.jobs import Job, plan_files, prepare
from napari_backprop_segmentation.batch.names import shown_names
from napari_backprop_segmentation.batch.process import Segment, process
from napari_backprop_segmentation.batch.sheets import Sheets
from napari_backprop_segmentation.batch.wanted import Reading, Wanted
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.params import Params

SUMMARY, TABLE = "batch_summary.csv", "batch_table.csv"


@dataclass(frozen=True)
class FolderBatch:
    """Files, and what is done with them.

    Attributes
    ----------
    jobs : sequence of Job
    names : sequence of str
        What they are called in tables.
    wanted : Wanted
    sheets : Sheets
    overwrite : bool
    """

    jobs: Sequence[Job]
    names: Sequence[str]
    wanted: Wanted
    sheets: Sheets
    overwrite: bool

    @classmethod
    def planned(
        cls,
        folder: Path,
        pattern: str,
        output: Path | None,
        params: Params,
        *,
        axes: str | None = None,
        model: Model | None = None,
        measure: bool = True,
        overwrite: bool = False,
    ) -> Self:
        """Decide where everything goes, and refuse what cannot be.

        Parameters
        ----------
        folder : Path
        pattern : str
            See `images_of`.
        output : Path or None
            A folder for the labels; beside the files if None.
        params : Params
        axes : str, optional
            One letter an axis; as the files say if left out.
        model : Model, optional
            Nothing is trained.
        measure : bool
            Whether there are tables of labels.
        overwrite : bool
            Whether everything is done again, and written over whatever is there.

        Raises
        ------
        SegmentationError
        """
        images = listed([folder], pattern, must_be_folders=True)
        jobs = plan_files(images, output, tables=measure, beside=output is None)
        place = output or folder
        sheets = Sheets(place / SUMMARY, place / TABLE if measure else None)
        sheets.check(overwrite)
        prepare(jobs, sheets.written)
        return cls(jobs, shown_names(images), Wanted(params, Reading(axes=axes), model), sheets, overwrite)

    def work(self, number: int, segment: Segment, model: Model | None = None) -> Generator[Any, None, Entry]:
        """Do one file, see `process`; with a network that was trained since this was planned, if there is one."""
        name, job = self.names[number], self.jobs[number]
        wanted = self.wanted if model is None else replace(self.wanted, model=model)
        return (yield from process(job, wanted, segment, name=name, overwrite=self.overwrite))

    def end(self, entries: Sequence[Entry]) -> None:
        """Write the tables of all."""
        self.sheets.write_summary(entries)
        done = [job for job, entry in zip(self.jobs, entries, strict=True) if entry.state is State.DONE]
        names = dict(zip((job.image for job in self.jobs), self.names, strict=True))
        self.sheets.write_table([(names[job.image], job.table) for job in done if job.table])

"""A batch of the files of a folder, planned and done in its thread. No Qt here."""

from collections.abc import Generator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_backprop_segmentation.batch.entry import Entry
from napari_backprop_segmentation.gui.batch.work import Control, Plan, segmented
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run.process_guards import no_collection
from napari_backprop_segmentation.gui.run.torch_startup import make_ready_for_torch
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.batch.of_folder import FolderBatch
    from napari_backprop_segmentation.batch.opened import Opened
    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

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
            from napari_backprop_segmentation.batch.of_folder import FolderBatch

        files = FolderBatch.planned(
            self.folder,
            self.pattern,
            self.output,
            self.params,
            axes=self.axes.strip().upper() or None,
            model=self.model,
            measure=self.measure,
            overwrite=self.overwrite,
        )
        works = [partial(_file, files, number) for number in range(len(files.jobs))]
        return Plan(files.names, works, files.sheets.note, files.end)


def _file(files: "FolderBatch", number: int, control: Control) -> Generator[None, None, Entry]:
    return (yield from files.work(number, partial(_segment, control)))


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

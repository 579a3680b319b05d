"""A batch of the files of a folder, planned in its thread. No Qt here."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from napari_backprop_segmentation.gui.batch.file_work import do_file, do_files, readable
from napari_backprop_segmentation.gui.batch.one_network import OneNetwork, always
from napari_backprop_segmentation.gui.batch.work import Plan
from napari_backprop_segmentation.gui.run.cluster import Cluster
from napari_backprop_segmentation.gui.run.process_guards import no_collection
from napari_backprop_segmentation.gui.run.torch_startup import make_ready_for_torch
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model


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
    together : bool
        Whether one network is trained on all of them.
    cluster : Cluster, optional
        Whose workers do the files.
    """

    folder: Path
    pattern: str
    axes: str
    output: Path | None
    params: Params
    model: "Model | None" = None
    measure: bool = True
    overwrite: bool = False
    together: bool = False
    cluster: Cluster | None = None

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
        network = OneNetwork(lambda: list(readable(files)), self.params) if self.together else always(self.model)
        works = [partial(do_file, files, network, number) for number in range(len(files.jobs))]
        shared = None if self.cluster is None else partial(do_files, files, network, self.cluster.client)
        return Plan(files.names, works, shared, files.sheets.note, files.end)

"""Where the network of several files goes: whether it can, asked before anything is computed, and then written."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from napari_backprop_segmentation.batch.jobs import check_log
from napari_backprop_segmentation.io.kept_network import saved_or_kept
from napari_backprop_segmentation.io.model_file import check_name, save_model
from napari_backprop_segmentation.io.overwrite import check_model
from napari_backprop_segmentation.io.places import check_places, remove_abandoned
from napari_backprop_segmentation.network.model import Model


def prepare_network(output: Path, log: Path | None = None, *, overwrite: bool = False) -> None:
    """Refuse places where nothing can be written, or where something would be lost.

    Raises
    ------
    ModelFileError, OutputError
    """
    check_name(output)
    written = [output] if log is None else [output, log]
    check_places(written)
    if not overwrite:
        check_model(output)
        check_log(log)
    remove_abandoned(path.absolute().parent for path in written)


def write_network(output: Path, model: Model, facts: Mapping[str, Any]) -> None:
    """Write a network with where it comes from.

    Raises
    ------
    OutputError
        If it cannot be written. It is then kept elsewhere; the message says where.
    """
    saved_or_kept(output, partial(save_model, model=model, provenance=facts))

"""The network of a result as a file, with what strokes have taught on that result, and back."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from napari_backprop_segmentation.errors import ModelFileError
from napari_backprop_segmentation.io.kept_network import saved_or_kept
from napari_backprop_segmentation.io.model_file import check_name, load_model, save_model
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline.lesson import taught_model
from napari_backprop_segmentation.pipeline.segmentation import Segmentation

__all__ = ["load_model", "save_model_of"]


def save_model_of(path: Path, found: Segmentation, record: Mapping[str, Any], model: Model | None = None) -> None:
    """Write the network of a result.

    Parameters
    ----------
    path : Path
        Ends in .safetensors.
    found : Segmentation
    record : mapping
        Of the labels as they are now: what is drawn, what kinds are called.
    model : Model, optional
        What is written where the result has no network of its own.

    Raises
    ------
    ModelFileError
        If there is no network, or the name has another ending.
    OutputError
        If it cannot be written. It is then kept elsewhere; the message says where.
    """
    wanted = taught_model(found, record) or model
    if wanted is None:
        raise ModelFileError("result must have a network to be saved, got none; choose a method that trains one")
    check_name(path)
    saved_or_kept(path, partial(save_model, model=wanted, provenance=record))

"""Files of ours that are opened in napari, or dropped on it: labels as they were, a network in the widget."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import napari

from napari_backprop_segmentation.gui.result.saved_labels import layer_data
from napari_backprop_segmentation.io.label_layer import is_ours, read_layer
from napari_backprop_segmentation.io.model_header import is_model

LayerData = tuple[Any, ...]
Reader = Callable[[Any], list[LayerData]]
NOTHING: list[LayerData] = [(None,)]  # what napari takes for a file that adds no layer
__all__ = ["labels_reader", "model_reader"]


def labels_reader(path: str | list[str]) -> Reader | None:
    """Return what reads labels that this program wrote; None for every other file."""
    return _read_labels if isinstance(path, str) and is_ours(path) else None


def model_reader(path: str | list[str]) -> Reader | None:
    """Return what opens the widget with a trained network; None for every other file."""
    return _open_model if isinstance(path, str) and is_model(path) else None


def _read_labels(path: str) -> list[LayerData]:
    return [layer_data(read_layer(path), Path(path).stem)]


def _open_model(path: str) -> list[LayerData]:
    viewer = napari.current_viewer()
    if viewer is not None:
        from napari_backprop_segmentation.gui.commands import widget_of

        widget_of(viewer).model_files.open(Path(path))
    return NOTHING

"""Unsupervised image segmentation by backpropagation, for napari and for scripts.

Names are resolved when first used: importing the package imports neither torch nor napari nor Qt.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_backprop_segmentation.errors import SegmentationError
    from napari_backprop_segmentation.hierarchy.consensus import Agreement
    from napari_backprop_segmentation.hierarchy.tree import Hierarchy
    from napari_backprop_segmentation.io.model_file import load_model, save_model
    from napari_backprop_segmentation.network.history import History
    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.network.step import NewStrokes, Step
    from napari_backprop_segmentation.objects.measure import measure
    from napari_backprop_segmentation.params.params import Params
    from napari_backprop_segmentation.pipeline.run import finish, run, segment, train
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation
    from napari_backprop_segmentation.pipeline.together import train_together

_HOMES = {
    "Agreement": "hierarchy.consensus",
    "Hierarchy": "hierarchy.tree",
    "History": "network.history",
    "Model": "network.model",
    "NewStrokes": "network.step",
    "Params": "params.params",
    "Segmentation": "pipeline.segmentation",
    "SegmentationError": "errors",
    "Step": "network.step",
    "finish": "pipeline.run",
    "load_model": "io.model_file",
    "measure": "objects.measure",
    "run": "pipeline.run",
    "save_model": "io.model_file",
    "segment": "pipeline.run",
    "train": "pipeline.run",
    "train_together": "pipeline.together",
}

__all__ = [
    "Agreement",
    "Hierarchy",
    "History",
    "Model",
    "NewStrokes",
    "Params",
    "Segmentation",
    "SegmentationError",
    "Step",
    "finish",
    "load_model",
    "measure",
    "run",
    "save_model",
    "segment",
    "train",
    "train_together",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("napari-backprop-segmentation")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])

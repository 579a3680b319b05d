"""Unsupervised image segmentation by backpropagation, for napari and for scripts.

Names are resolved when first used: importing the package imports neither torch nor napari nor Qt.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_backprop_segmentation.errors import SegmentationError
    from napari_backprop_segmentation.hierarchy.consensus import Agreement
    from napari_backprop_segmentation.hierarchy.tree import Hierarchy
    from napari_backprop_segmentation.network.loop import Step
    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.objects.measure import measure
    from napari_backprop_segmentation.params.params import Params
    from napari_backprop_segmentation.pipeline.run import Extras, Result, finish, run, segment, train

_HOMES = {
    "Agreement": "hierarchy.consensus",
    "Extras": "pipeline.run",
    "Hierarchy": "hierarchy.tree",
    "Model": "network.model",
    "Params": "params.params",
    "Result": "pipeline.run",
    "SegmentationError": "errors",
    "Step": "network.loop",
    "finish": "pipeline.run",
    "measure": "objects.measure",
    "run": "pipeline.run",
    "segment": "pipeline.run",
    "train": "pipeline.run",
}

__all__ = [
    "Agreement",
    "Extras",
    "Hierarchy",
    "Model",
    "Params",
    "Result",
    "SegmentationError",
    "Step",
    "finish",
    "measure",
    "run",
    "segment",
    "train",
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


class _Package(ModuleType):
    """Keeps a public function in front of the module of the same name, which importing would put in its place."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package

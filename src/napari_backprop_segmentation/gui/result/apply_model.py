"""After a run on a part of an image: what the network has learned there can be applied to all of it."""

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.axis_labels import PLANE
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.summary import summary
from napari_backprop_segmentation.gui.result.layer_result import LayerResult
from napari_backprop_segmentation.gui.words import sentence
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model


def applicable(result: LayerResult | None, layers: Container[Any]) -> bool:
    """Return whether there is a network to apply, and more of the image than it has seen among these layers."""
    if result is None or result.model is None or result.whole is None:
        return False
    return all(layer in layers for layer in result.whole.layers)


def described(result: LayerResult) -> str:
    """Return what the network would be applied to, or why it cannot be."""
    try:
        return sentence(summary(run_input_of(result.whole)))
    except ImageError as error:
        return sentence(str(error))


def suited(params: Params, model: "Model") -> Params:
    """Return settings under which a network can be applied: one of planes goes through a volume by slices.

    Of several runs only the first network is kept.
    """
    return params.replace(volumes="slices" if model.network.ndim == len(PLANE) else "volume", n_runs=1)

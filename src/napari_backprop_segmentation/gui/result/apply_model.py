"""After a run on a part of an image: what the network has learned there can be applied to all of it."""

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.axis_labels import PLANE
from napari_backprop_segmentation.gui.input.form import InputForm
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, RunInput
from napari_backprop_segmentation.gui.input.summary import summary
from napari_backprop_segmentation.gui.words import sentence
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation


class ModelApplication:
    """The image that the last run has seen a part of, and the network it has trained.

    Attributes
    ----------
    model : Model or None
        None where there is nothing to apply, or nothing to apply it to.
    """

    def __init__(self) -> None:
        self.model: Model | None = None
        self._layer_selection: LayerSelection | None = None

    def begin(self, input_form: InputForm) -> None:
        """Take note of what a run begins on."""
        self.model = None
        self._layer_selection = None if input_form.roi.whole() else input_form.whole()

    def take(self, result: "Segmentation") -> None:
        """Take the network of the result of that run."""
        if self._layer_selection is not None and self.model is None:
            self.model = result.model

    def forget(self, layers: Container[Any]) -> None:
        """Let go of everything once the image is no longer among these layers."""
        if self._layer_selection is not None and not all(layer in layers for layer in self._layer_selection.layers):
            self.model = self._layer_selection = None

    def run_input(self) -> RunInput:
        """Return all of the image."""
        return run_input_of(self._layer_selection)

    def describe(self) -> str:
        """Return what the network would be applied to, or why it cannot be."""
        try:
            return sentence(summary(self.run_input()))
        except ImageError as error:
            return sentence(str(error))

    def params(self, wanted: Params) -> Params:
        """Return settings under which the network can be applied: one of planes goes through a volume by slices.

        Of several runs only the first network is kept.
        """
        if self.model is None:
            return wanted
        return wanted.replace(volumes="slices" if self.model.network.ndim == len(PLANE) else "volume", n_runs=1)

"""After a run on a part of an image: what the network has learned there can be applied to all of it."""

from collections.abc import Container
from typing import TYPE_CHECKING, Any

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.choice import ImageChoice
from napari_backprop_segmentation.gui.layers import picture_of
from napari_backprop_segmentation.gui.meanings import PLANE
from napari_backprop_segmentation.gui.picture import Picture, Subject
from napari_backprop_segmentation.gui.summary import summary
from napari_backprop_segmentation.gui.words import sentence
from napari_backprop_segmentation.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.engine.model import Model
    from napari_backprop_segmentation.segment import Result


class Rest:
    """The image that the last run has seen a part of, and the network it has trained.

    Attributes
    ----------
    model : Model or None
        None where there is nothing to apply, or nothing to apply it to.
    """

    def __init__(self) -> None:
        self.model: Model | None = None
        self._subject: Subject | None = None

    def begin(self, choice: ImageChoice) -> None:
        """Take note of what a run begins on."""
        self.model = None
        self._subject = None if choice.where.whole() else choice.whole()

    def take(self, result: "Result") -> None:
        """Take the network of the result of that run."""
        if self._subject is not None and self.model is None:
            self.model = result.model

    def forget(self, layers: Container[Any]) -> None:
        """Let go of everything once the image is no longer among these layers."""
        if self._subject is not None and not all(layer in layers for layer in self._subject.layers):
            self.model = self._subject = None

    def picture(self) -> Picture:
        """Return all of the image."""
        return picture_of(self._subject)

    def describe(self) -> str:
        """Return what the network would be applied to, or why it cannot be."""
        try:
            return sentence(summary(self.picture()))
        except ImageError as error:
            return sentence(str(error))

    def params(self, wanted: Params) -> Params:
        """Return settings under which the network can be applied: one of planes goes through a volume by slices.

        Of several runs only the first network is kept.
        """
        if self.model is None:
            return wanted
        return wanted.replace(volumes="slices" if self.model.network.ndim == len(PLANE) else "volume", n_runs=1)

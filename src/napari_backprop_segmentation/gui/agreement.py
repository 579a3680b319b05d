"""After several runs: a layer that shows how stable borders are, above the labels."""

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.picture import Picture

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.engine.agreement import Agreement

COLOURS = "magma"  # dark to bright as an eye sees it; black, which is no border, adds nothing to what lies below


class AgreementLayer:
    """A new Image layer; the user's other layers are never touched, and their selection stays.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    picture : Picture
        What was segmented.
    agreement : Agreement
    detail : float
        Shown first.

    Attributes
    ----------
    layer : Image
    """

    def __init__(self, viewer: "Viewer", picture: Picture, agreement: "Agreement", detail: float) -> None:
        self._viewer, self._picture, self._agreement, self._detail = viewer, picture, agreement, detail
        selected = set(viewer.layers.selection)
        self.layer = Image(
            self._map(detail),
            name=f"{picture.name} agreement",
            colormap=COLOURS,
            contrast_limits=(0, 1),
            blending="additive",
            **picture.placement,
        )
        viewer.add_layer(self.layer)
        viewer.layers.selection = selected  # napari selects what is new, and the widget would segment it next

    def show(self, detail: float) -> None:
        """Show another detail; a layer that the user has changed or deleted is left alone."""
        if self.layer in self._viewer.layers and np.array_equal(self.layer.data, self._map(self._detail)):
            self.layer.data = self._map(detail)
            self._detail = detail

    def _map(self, detail: float) -> NDArray[Any]:
        return self._picture.laid(self._agreement.map(detail))

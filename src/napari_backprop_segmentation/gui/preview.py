"""The Labels layer in which a run shows its labels: added, refreshed, finished."""

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap, label_colormap
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.layers import Picture

if TYPE_CHECKING:
    from napari.viewer import Viewer

METADATA = "backprop_segmentation"
N_COLOURS = 128


@cache
def colours() -> CyclicLabelColormap:
    """Return the colours of labels: the same number always has the same colour."""
    return label_colormap(N_COLOURS, seed=0.5)


def warm_up() -> None:
    """Make a first layer and forget it: napari imports and computes much for its first Labels layer."""
    Labels(np.zeros((2, 2), np.uint8), colormap=colours())


class Preview:
    """A new Labels layer above the image; the user's other layers are never touched.

    The layer is known by reference, because users rename layers, and cannot be edited until the run has ended,
    because the next label image would undo the edit.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    picture : Picture

    Attributes
    ----------
    layer : Labels
    formed : bool
        Whether labels have been shown in it.
    """

    def __init__(self, viewer: "Viewer", picture: Picture) -> None:
        self._viewer = viewer
        self.formed = False
        self.layer = Labels(
            np.zeros(picture.shape, np.uint8), name=f"{picture.name} labels", colormap=colours(), **picture.placement
        )
        viewer.add_layer(self.layer)
        self.layer.editable = False

    @property
    def lost(self) -> bool:
        """Whether the user has deleted the layer."""
        return self.layer not in self._viewer.layers

    def show(self, labels: NDArray[Any]) -> None:
        """Show a label image."""
        self.formed = True
        self.layer.data = labels
        self.layer.editable = False  # napari makes a layer editable again whenever its data is set

    def finish(self, labels: NDArray[Any], record: dict[str, Any]) -> None:
        """Show the result, with the record of how it was made."""
        self.layer.data = labels
        self.layer.metadata = {**self.layer.metadata, METADATA: record}
        self.release()

    def release(self) -> None:
        """Hand the layer as it is to the user."""
        self.layer.editable = True

    def remove(self) -> None:
        """Take the layer away again."""
        if not self.lost:
            self._viewer.layers.remove(self.layer)

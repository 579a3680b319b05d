"""The Labels layer in which a run shows its labels: added, refreshed at a pace the screen can follow, finished."""

import time
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from napari.utils.colormaps import CyclicLabelColormap, label_colormap
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer

from napari_backprop_segmentation.gui.layers import Picture
from napari_backprop_segmentation.gui.worker import PREVIEW_SECONDS, Orders

if TYPE_CHECKING:
    from napari.viewer import Viewer

METADATA = "backprop_segmentation"
N_COLOURS = 128
SHARE = 0.25  # of its time that the GUI thread may spend on showing label images
MAX_SECONDS = 5.0
PAINT_WAIT_MS = 20  # Qt paints within about this time after a layer has changed


@cache
def colours() -> CyclicLabelColormap:
    """Return the colours of labels: the same number always has the same colour."""
    return label_colormap(N_COLOURS, seed=0.5)


class Preview:
    """A new Labels layer above the image; the user's other layers are never touched.

    The layer is known by reference, because users rename layers, and cannot be edited until the run has ended,
    because the next label image would undo the edit.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    picture : Picture
    orders : Orders
        Its pace is set here, from how long showing a label image takes.
    parent : QObject
        Lives no longer than the window.
    """

    def __init__(self, viewer: "Viewer", picture: Picture, orders: Orders, parent: QObject) -> None:
        self._viewer, self._orders = viewer, orders
        self._shown_at = 0.0
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PAINT_WAIT_MS)
        self._timer.timeout.connect(self._on_painted)
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
        """Show a label image and measure how long that takes."""
        self.formed = True
        self._shown_at = time.monotonic()
        self.layer.data = labels
        self.layer.editable = False  # napari makes a layer editable again whenever its data is set
        self._timer.start()

    def finish(self, labels: NDArray[Any], record: dict[str, Any]) -> None:
        """Show the result, with the record of how it was made."""
        self.layer.data = labels
        self.layer.metadata = {**self.layer.metadata, METADATA: record}
        self.release()

    def release(self) -> None:
        """Hand the layer as it is to the user."""
        self._timer.stop()
        self.layer.editable = True

    def remove(self) -> None:
        """Take the layer away again."""
        self._timer.stop()
        if not self.lost:
            self._viewer.layers.remove(self.layer)

    def _on_painted(self) -> None:
        seconds = time.monotonic() - self._shown_at - PAINT_WAIT_MS / 1000
        self._orders.preview_seconds = float(np.clip(seconds / SHARE, PREVIEW_SECONDS, MAX_SECONDS))
        self._orders.preview_shown = True

"""After a run: the Detail slider cuts its merge tree anew, in the layers that show the result."""

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.agreement import AgreementLayer
from napari_backprop_segmentation.gui.preview import METADATA

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.segment import Result


class DetailCut:
    """The result of the last run, ready to be shown at another detail.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Labels
        Shows the result.
    result : Result
        With a hierarchy.
    borders : AgreementLayer, optional
        Follows the labels.
    """

    def __init__(
        self, viewer: "Viewer", layer: Labels, result: "Result", borders: AgreementLayer | None = None
    ) -> None:
        self._viewer, self._layer, self._borders = viewer, layer, borders
        self._hierarchy = result.hierarchy
        self._shown: NDArray[Any] = np.array(layer.data)  # a copy: painting changes the layer's own array

    def show(self, detail: float) -> str | None:
        """Cut at a detail; return in words what is shown, or None if nothing can be.

        A layer that the user has edited is left alone, so that no edit is lost.
        """
        if self._hierarchy is None or self._layer not in self._viewer.layers:
            return None
        if not np.array_equal(self._layer.data, self._shown):
            return "These labels have been edited, so Detail leaves them alone. Run again for new ones."
        labels = self._hierarchy.cut(detail).reshape(self._shown.shape)  # the layer may have more axes, of length 1
        self._shown = labels.copy()
        self._layer.data = labels
        if self._borders is not None:
            self._borders.show(detail)
        record = self._layer.metadata[METADATA]
        params = {**record["params"], "detail": detail}
        self._layer.metadata = {**self._layer.metadata, METADATA: {**record, "params": params}}
        return f"Detail {detail:.0f}: {words.count(self._hierarchy.count(detail))}."

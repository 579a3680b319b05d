"""The Detail slider: after a run it cuts the merge tree anew, in the layers that show the result."""

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.controls import Controls
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.consensus import AgreementLayer
from napari_backprop_segmentation.gui.run.preview import METADATA, show_in
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.messages import count

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.pipeline.segmentation import Segmentation


COUNTED = (
    "The labels of the last run are objects, which are the same at every detail. For regions run again with Objects "
    "set to 'off', and a preset that does not look for them, such as Fast."
)


class DetailSlider:
    """The slider, usable while it changes the last result, or will change the next.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    controls : Controls
        Of which one is the slider.
    """

    def __init__(self, viewer: "Viewer", controls: Controls) -> None:
        self._viewer, self._controls, self._control = viewer, controls, controls["detail"]
        self._tooltip, self._locked = self._control.tooltip, False
        self._cut: DetailCut | AgreementLayer | None = None
        self._borders: AgreementLayer | None = None
        self._counted: Labels | None = None
        self._asked: float = self._control.value  # before a preset that adapts has set it to
        self._adapted: float | None = None

    def take(self, layer: Labels, result: "Segmentation", run_input: RunInput) -> None:
        """Change this result from now on; objects do not depend on the detail, but the map of their borders does."""
        params = result.record["params"]
        if not self.adapted:
            self._asked = self._control.value
        self._adapted = params["detail"]
        self._control.value = params["detail"]
        self._borders = self._counted = None
        if result.agreement is not None:
            self._borders = AgreementLayer(self._viewer, run_input, result.agreement, params["detail"])
        objects = params["objects"] != "off"
        if objects and self._borders is None:
            self._counted = layer
        self._cut = self._borders if objects else DetailCut(self._viewer, layer, result, self._borders)

    @property
    def adapted(self) -> bool:
        """Whether the slider stands where a preset that adapts to the image has set it, not the user."""
        return bool(self._control.value == self._adapted != self._asked)

    def as_asked(self, params: Params) -> Params:
        """Return settings without what was found to suit the last image, which need not suit the next one."""
        if not (params.automatic and self.adapted):
            return params
        return params.replace(detail=self._asked).marked(params.given - {"detail"})

    def show(self, detail: float) -> str | None:
        """Show the last result at a detail; return in words what is shown, or None if nothing is to be said."""
        return None if self._cut is None else self._cut.show(detail)

    def renew(self, _: Any = None) -> None:
        """Take note that the next run will be another than the last one."""
        self._counted = None
        self.update()

    def lock(self, locked: bool) -> None:
        """Make the slider unusable during a run, or usable again."""
        self._locked = locked
        self.update()

    def update(self) -> None:
        """Let the slider rest where it would change nothing, and say why."""
        reason = "" if self._cut is not None and self._cut.alive else self._obstacle()
        self._control.enabled = not (self._locked or reason)
        self._control.tooltip = f"{self._tooltip}\n\n{reason}".rstrip()
        if (title := self._controls.titles.get("detail")) is not None:
            title.setEnabled(not reason)  # napari draws sliders at rest as the others
            title.setToolTip(self._control.tooltip)

    def without_borders(self, status: str) -> str:
        """Return what is said of the last run, without the map of borders once its layer is gone."""
        if self._borders is None or self._borders.alive:
            return status
        legend, self._borders = self._borders.legend, None
        return status.replace(legend, "").strip()

    def _obstacle(self) -> str:
        """Return why neither the last result nor the next depends on the detail; nothing if one does."""
        if self._counted is not None and self._counted in self._viewer.layers:
            return COUNTED
        values = {name: self._controls[name].value for name in ("objects", "n_runs", "method", "regions")}
        if values["n_runs"] > 1:
            return ""
        if values["method"] in STEPLESS or (values["regions"] == "trained" and values["objects"] == "off"):
            return "Detail is for merged regions, which these settings do not give."
        if values["objects"] != "off":
            return "Objects are the same at every detail. Set Objects to 'off' for regions."
        return ""


class DetailCut:
    """The result of the last run, ready to be shown at another detail.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    layer : Labels
        Shows the result.
    result : Segmentation
        With a hierarchy.
    borders : AgreementLayer, optional
        Follows the labels.
    """

    def __init__(
        self, viewer: "Viewer", layer: Labels, result: "Segmentation", borders: AgreementLayer | None = None
    ) -> None:
        self._viewer, self._layer, self._borders = viewer, layer, borders
        self._hierarchy = result.hierarchy
        self._shown: NDArray[Any] = np.array(layer.data)  # a copy: painting changes the layer's own array

    @property
    def alive(self) -> bool:
        """Whether there is anything left to cut, and a layer to show it."""
        return self._hierarchy is not None and self._layer in self._viewer.layers

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
        show_in(self._viewer, self._layer, labels)
        if self._borders is not None:
            self._borders.show(detail)
        record = self._layer.metadata[METADATA]
        params = {**record["params"], "detail": detail}
        self._layer.metadata = {**self._layer.metadata, METADATA: {**record, "params": params}}
        return f"Detail {detail:.0f}: {count(self._hierarchy.count(detail))}."

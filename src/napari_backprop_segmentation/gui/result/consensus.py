"""After several runs: a layer that shows how stable borders are, above the labels."""

from collections.abc import Container
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from napari.layers import Image
from napari.utils.colormaps import Colormap, ensure_colormap
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.run_input import RunInput

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.hierarchy.consensus import Agreement

SHADES = "plasma"  # from violet to yellow, as bright to an eye as the numbers are high
N_COLOURS = 256
FAINTEST = 0.5  # opacity of a border that hardly any run has; on bright ground its dark colour would be the loudest


def colours() -> Colormap:
    """Return the colours of shares from 0 to 1; where there is no border all is clear.

    Blending additively would do that too, but hides borders on bright ground and mixes their colours with those of
    labels.
    """
    shares = np.linspace(0, 1, N_COLOURS)
    rgba = np.array(ensure_colormap(SHADES).map(shares))
    rgba[:, 3] = np.where(shares > 0, FAINTEST + (1 - FAINTEST) * shares, 0)
    return Colormap(rgba, name="agreement", controls=shares)


class AgreementLayer:
    """A new Image layer; the user's other layers are never touched, and their selection stays.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    run_input : RunInput
        What was segmented.
    agreement : Agreement
    detail : float
        Shown first.
    """

    def __init__(self, viewer: "Viewer", run_input: RunInput, agreement: "Agreement", detail: float) -> None:
        self._run_input, self._agreement = run_input, agreement
        self._shown = self._map(detail)
        selected = set(viewer.layers.selection)
        layer = Image(
            self._shown.copy(),  # a plugin may write into the layer's own array
            name=f"{run_input.name} agreement",
            colormap=colours(),
            contrast_limits=(0, 1),
            blending="translucent",
            **run_input.placement,
        )
        viewer.add_layer(layer)
        viewer.layers.selection = selected  # napari selects what is new, and the widget would segment it next
        self._layer = ref(layer)  # results outlive windows, and must not keep their layers

    @property
    def layer(self) -> Image | None:
        """The layer; weakly held."""
        return self._layer()

    def among(self, layers: Container[Any]) -> bool:
        """Return whether the user has left the layer where it is, among those of the viewer."""
        return self._layer() in layers

    def give_way(self, viewer: "Viewer", other: "AgreementLayer | None") -> None:
        """Remove the layer, unless the user has changed it; that of the next run, if it has one, takes its name."""
        layer, new = self._layer(), None if other is None else other.layer
        if layer is None or layer not in viewer.layers or not np.array_equal(layer.data, self._shown):
            return
        viewer.layers.remove(layer)
        if new is not None:
            new.name = f"{self._run_input.name} agreement"

    @property
    def n_runs(self) -> int:
        """How many runs are compared."""
        return self._agreement.n_runs

    def show(self, viewer: "Viewer", detail: float) -> None:
        """Show another detail; a layer that the user has changed or deleted is left alone."""
        layer = self._layer()
        if layer is not None and layer in viewer.layers and np.array_equal(layer.data, self._shown):
            self._shown = self._map(detail)
            layer.data = self._shown.copy()

    def _map(self, detail: float) -> NDArray[Any]:
        return self._run_input.laid(self._agreement.map(detail))

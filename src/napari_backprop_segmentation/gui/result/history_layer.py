"""The layer in which an iteration is shown that is looked back at; the labels themselves stay as they are."""

from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.layers import mark_helper, overlay_name, unwrapped
from napari_backprop_segmentation.gui.input.transforms import Grid, placement
from napari_backprop_segmentation.gui.run.preview import colours, show_in
from napari_backprop_segmentation.gui.run.run_state import Moment
from napari_backprop_segmentation.gui.state import State

if TYPE_CHECKING:
    from napari.viewer import Viewer


class HistoryLayer:
    """A layer of ours, there only while it is wanted. Meanwhile the labels of the run are hidden, and nobody edits it.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state = viewer, state
        self._layer: Labels | None = None
        self._hidden: Labels | None = None
        state.events.moment.connect(self._show)
        viewer.layers.events.removed.connect(self._on_removed)

    @property
    def layer(self) -> Labels | None:
        """The layer, while an iteration is shown."""
        return self._layer

    def disconnect(self) -> None:
        """Let go of the viewer."""
        self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _show(self, moment: Moment | None) -> None:
        over = self._state.run.layer if self._state.busy else self._state.target
        if moment is None or over is None or over not in self._viewer.layers:
            self._remove()
            return
        kept = moment.kept
        shape = tuple(-(-n // kept.factor) for n in over.data.shape)
        labels = kept.labels.reshape(shape)
        if self._layer is None:
            self._add(labels, over, kept.factor)
        else:
            show_in(self._viewer, self._layer, labels)
            self._layer.editable = False  # napari makes a layer editable again whenever its data is set

    def _add(self, labels: NDArray[Any], over: Labels, factor: int) -> None:
        grids = [Grid.coarse(0, factor) if n > 1 else Grid() for n in over.data.shape]
        placed = placement(over, grids, range(over.ndim))
        name = overlay_name(f"{over.name.removesuffix(' labels')} history")
        looks = {"opacity": over.opacity, "blending": over.blending}
        layer = Labels(labels, name=name, colormap=colours(), **looks, **placed)
        mark_helper(layer)
        selected = set(self._viewer.layers.selection)
        self._viewer.add_layer(layer)
        self._viewer.layers.selection = selected  # what is worked on stays the same
        layer.editable = False
        self._layer = layer
        if over.visible:
            over.visible, self._hidden = False, over

    def _remove(self) -> None:
        layer, self._layer = self._layer, None
        hidden, self._hidden = self._hidden, None
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.remove(layer)
        if hidden is not None and hidden in self._viewer.layers:
            hidden.visible = True

    def _on_removed(self, event: Any) -> None:
        """Go back to the labels where the user deletes the layer, or what it was laid over."""
        if self._layer is not None and unwrapped(event.value) in (self._layer, self._hidden):
            self._state.look_back(None)

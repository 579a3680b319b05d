"""Mouse and keys over the canvas while the user points at examples. No Qt here."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels

from napari_backprop_segmentation.gui.teach.examples import LIKE_EXAMPLES, Kind
from napari_backprop_segmentation.gui.teach.state import Teaching
from napari_backprop_segmentation.teaching.pointed import Place

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.gui.result.layer_result import LayerResult

LARGER, SMALLER, TAKE_BACK = "Up", "Down", "Control-Z"  # napari uses the first two with Alt, Control and Shift only
DRAG = 3  # pixels of the screen: a hand is not quite still
EARLY = "still getting ready to find objects by example; click again in a moment"
FLAT = "Switch the display to 2D to point at objects."


class Canvas:
    """Hears the mouse and the keys of a viewer, and brings them into the state.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    teaching : Teaching
    say : callable
        Called with what the user should know.
    """

    def __init__(self, viewer: "Viewer", teaching: Teaching, say: Callable[[str], None]) -> None:
        self._viewer, self._teaching, self._say = viewer, teaching, say
        self._layer: Labels | None = None
        self._unbound: list[tuple[Any, str, Any]] = []
        self._double_clicks: list[Any] = []

    def listen(self, layer: Labels) -> None:
        """Hear the mouse from now on, and keys also while this layer is selected."""
        if layer is self._layer:
            return
        self.stop()
        self._layer = layer
        layer.mode = "pan_zoom"  # else the click would paint as well
        viewer = self._viewer
        viewer.mouse_move_callbacks.append(self.moved)
        viewer.mouse_drag_callbacks.append(self.clicked)
        viewer.mouse_wheel_callbacks.append(self.wheeled)
        # two quick clicks are two clicks, and do not zoom
        self._double_clicks = list(viewer.mouse_double_click_callbacks)
        viewer.mouse_double_click_callbacks[:] = [self.clicked_again]
        keys = {LARGER: self._larger, SMALLER: self._smaller, TAKE_BACK: self._take_back}
        for owner, wanted in ((viewer, keys), (layer, {TAKE_BACK: self._take_back})):
            for key, heard in wanted.items():
                self._unbound.append((owner, key, owner.bind_key(key, None)))
                owner.bind_key(key, heard)

    def stop(self) -> None:
        """Hear nothing any more; what was there before is there again."""
        if self._layer is None:
            return
        self._layer = None
        viewer = self._viewer
        for callbacks, own in (
            (viewer.mouse_move_callbacks, self.moved),
            (viewer.mouse_drag_callbacks, self.clicked),
            (viewer.mouse_wheel_callbacks, self.wheeled),
            (viewer.mouse_double_click_callbacks, self.clicked_again),
        ):
            if own in callbacks:
                callbacks.remove(own)
        there = viewer.mouse_double_click_callbacks
        there[:] = [*self._double_clicks, *(each for each in there if each not in self._double_clicks)]
        for owner, key, before in self._unbound:
            owner.bind_key(key, None)
            if before is not None:
                owner.bind_key(key, before)
        self._unbound, self._double_clicks = [], []

    # Mouse

    def moved(self, _: Any, event: Any) -> None:
        """Point at the pixel under the mouse."""
        self._teaching.point(self._place(event))

    def clicked(self, _: Any, event: Any) -> Iterator[None]:
        """Wait for the mouse to be released in place: a drag moves the picture."""
        if getattr(event, "button", 1) not in (1, None):
            return
        start = np.array(event.pos)
        yield
        while event.type == "mouse_move":
            if np.abs(np.array(event.pos) - start).max() > DRAG:
                return
            yield
        self._click(event)

    def clicked_again(self, _: Any, event: Any) -> None:
        """Take the second of two quick clicks as one more."""
        self._click(event)

    def wheeled(self, _: Any, event: Any) -> None:
        """Go to the next larger or smaller object, with Shift held."""
        if set(event.modifiers) != {"Shift"}:
            return
        turned = float(np.sum(event.delta))  # macOS turns it sideways
        if turned:
            self._teaching.larger() if turned > 0 else self._teaching.smaller()
            event.handled = True

    def _click(self, event: Any) -> None:
        result = self._teaching.result
        if result is None or self._layer is None or self._other_tool():
            return
        if len(event.dims_displayed) != 2:
            self._say(FLAT)
            return
        place = self._place(event)
        if place is None:
            return
        if self._teaching.finder is None:
            self._say(EARLY)
            return
        self._teaching.point(place)
        if refused := self._teaching.click(self._kind(result, place, event.modifiers)):
            self._say(refused)

    def _kind(self, result: "LayerResult", place: Place, modifiers: Any) -> Kind:
        """Return what a click makes: of what was found wrongly a counter-example."""
        if "Alt" in modifiers:
            return "counter_examples"
        if "Shift" in modifiers or result.reading != LIKE_EXAMPLES or result.layer is None:
            return "examples"
        wrong = np.asarray(result.layer.data).reshape(result.run_input.shape)[place] > 0
        return "counter_examples" if wrong else "examples"

    def _other_tool(self) -> bool:
        """Return whether the selected layer has a brush or another tool in hand."""
        active = self._viewer.layers.selection.active
        return active is not None and str(getattr(active, "mode", "pan_zoom")) != "pan_zoom"

    def _place(self, event: Any) -> Place | None:
        """Return the pixel of the image under the mouse; None outside, in 3D, or with another tool in hand."""
        layer, result = self._layer, self._teaching.result
        if layer is None or result is None or len(event.dims_displayed) != 2 or self._other_tool():
            return None
        position = np.asarray(layer.world_to_data(event.position))
        place = tuple(int(i) for i in np.round(position))
        if any(not 0 <= i < n for i, n in zip(place, layer.data.shape, strict=True)):
            return None
        inner = np.unravel_index(np.ravel_multi_index(place, layer.data.shape), result.run_input.shape)
        return tuple(int(i) for i in inner)

    # Keys

    def _larger(self, _: Any) -> None:
        self._teaching.larger()

    def _smaller(self, _: Any) -> None:
        self._teaching.smaller()

    def _take_back(self, _: Any) -> None:
        self._teaching.take_back()

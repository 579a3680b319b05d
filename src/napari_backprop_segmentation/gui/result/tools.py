"""Tools of the mouse for the labels that are selected: add or remove, merge, cut. One of them at a time, or none."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from magicgui.widgets import PushButton
from napari.layers import Labels
from numpy.typing import NDArray
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from napari_backprop_segmentation.gui.forms import SPACING
from napari_backprop_segmentation.gui.result.corrections import NOT_IN_3D, correct, remove
from napari_backprop_segmentation.gui.result.dividing import divide
from napari_backprop_segmentation.gui.result.drawn_line import line_over
from napari_backprop_segmentation.gui.result.edits import obstacle, place_in, time_axis
from napari_backprop_segmentation.gui.result.measuring import image_for
from napari_backprop_segmentation.gui.result.merging import merge
from napari_backprop_segmentation.gui.state import State

if TYPE_CHECKING:
    from napari.viewer import Viewer

STILL = 3.0  # pixels of the screen: the mouse of a click moves no further
NEAR = 40.0  # pixels of the screen: a line that divides an object begins no further away
FEWEST = 2  # objects to merge
KEYS = "Works on the Labels layer that is selected, else the newest of the image. Ctrl+Z takes it back."
TOOLTIPS = {
    "Add / remove": "Click on an object to remove it, or on one that was missed to add it.\n"
    "Of a series in the frame shown; Shift+click removes it from all frames. In the 3D view a click only removes.",
    "Merge": "Click on one object and then on another, or drag from one over others: they become one, under the number "
    "of the first.\nOf a series in the frame shown. On the ground a drag moves the picture.",
    "Cut": "Drag a line across an object: it becomes two, the larger keeps the number.\n"
    "A volume is divided along its whole depth, a series in the frame shown. Away from objects a drag moves the "
    "picture.",
}
HINTS = {
    "Add / remove": "Click on an object of '{}' to remove it, or on one that was missed to add it.",
    "Merge": "Click on one object of '{}' and then on another, or drag from one over others.",
    "Cut": "Drag a line across an object of '{}', from one side to the other.",
}
Drag = Iterator[None]
Positions = NDArray[np.float64]


class Tools:
    """The buttons, and what the mouse does while one of them is down.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State

    Attributes
    ----------
    row : QWidget
        Hidden while there are no labels to work on.
    correct_button, merge_button, cut_button : PushButton
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state = viewer, state
        self._first: int | None = None  # the object that others are merged with
        self.row = QWidget()
        layout = QHBoxLayout(self.row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        self.correct_button, self.merge_button, self.cut_button = buttons = tuple(
            PushButton(text=text, tooltip=f"{words}\n{KEYS}") for text, words in TOOLTIPS.items()
        )
        self._drags: dict[PushButton, Callable[[Labels, Any], Drag]] = {
            self.correct_button: self._correcting,
            self.merge_button: self._merging,
            self.cut_button: self._cutting,
        }
        for button in buttons:
            button.native.setCheckable(True)
            button.native.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.native.toggled.connect(lambda wanted, button=button: self._toggled(button, wanted))
            layout.addWidget(button.native)
        for signal in (state.events.result, state.events.labels, state.events.phase, state.events.taken):
            signal.connect(self._update)
        self._update()

    @property
    def active(self) -> PushButton | None:
        """The button that is down."""
        return next((button for button in self._drags if button.native.isChecked()), None)

    def put_down(self) -> None:
        """End every mode."""
        for button in self._drags:
            button.native.setChecked(False)

    def correct(self, position: Any, everywhere: bool = False) -> None:
        """Remove the object at a position in pixels of the layer, or add the one that was missed there."""
        layer = self._state.target
        if layer is not None:
            self._tell(correct(self._viewer, layer, position, image_for(layer, self._state), everywhere))

    def dragged(self, layer: Labels, event: Any) -> Drag:
        """Do what the button that is down says, for one press of the mouse; napari calls it again at each move."""
        button = self.active
        if button is None or event.button != 1 or layer.mode != "pan_zoom":  # another tool of napari draws
            return
        if reason := obstacle(layer):
            self._tell(reason)
            return
        yield from self._drags[button](layer, event)

    def _correcting(self, layer: Labels, event: Any) -> Drag:
        start = event.pos
        yield
        while event.type == "mouse_move":
            yield
        if _far(start, event.pos):  # the picture was moved
            return
        everywhere = "Shift" in event.modifiers
        if not _solid(layer, event):
            self.correct(layer.world_to_data(event.position), everywhere)
        elif number := _number(layer, event):
            place, time = self._frame(layer, event)
            self._tell(remove(self._viewer, layer, number, place, time=time, everywhere=everywhere))
        else:
            self._tell(NOT_IN_3D)

    def _merging(self, layer: Labels, event: Any) -> Drag:
        number, start = _number(layer, event), event.pos
        place, time = self._frame(layer, event)
        draws = bool(number) and not _solid(layer, event)
        ways = [np.asarray(layer.world_to_data(event.position))]
        if draws:  # on the ground the picture is moved
            for _ in self._drawing(layer, event, [start], whole=True):
                ways.append(np.asarray(layer.world_to_data(event.position)))
                yield
        else:
            yield
            while event.type == "mouse_move":
                yield
        if not _far(start, event.pos):
            self._clicked_to_merge(layer, number, place, time)
        elif draws:
            self._first = None
            ways.append(np.asarray(layer.world_to_data(event.position)))
            touched = _numbers_along(layer, ways)
            self._tell(
                merge(self._viewer, layer, touched, place, time)
                if len(touched) >= FEWEST
                else "Drag from one object over others to merge them."
            )

    def _clicked_to_merge(self, layer: Labels, number: int, place: tuple[int, ...], time: int | None) -> None:
        first = self._first
        if not number:
            self._first = None
            self._tell("There is no object here.")
        elif first is None:
            self._first = layer.selected_label = number
            self._tell(f"Now click on what belongs to object {number}; on it again to leave it as it is.")
        else:
            self._first = None
            self._tell(
                f"Object {number} stays as it is."
                if first == number
                else merge(self._viewer, layer, [first, number], place, time)
            )

    def _cutting(self, layer: Labels, event: Any) -> Drag:
        if _solid(layer, event):
            self._tell("Switch the display to 2D to divide an object by a line.")
            return
        begin, start = event.pos, np.asarray(layer.world_to_data(event.position))
        axes = _plane(layer, event)
        if not self._near(layer, start, axes):  # the picture is moved
            return
        yield from self._drawing(layer, event, [begin])
        if not _far(begin, event.pos):
            self._tell(HINTS["Cut"].format(layer.name))
            return
        end = np.asarray(layer.world_to_data(event.position))
        time = time_axis(layer, image_for(layer, self._state))
        self._tell(divide(self._viewer, layer, start, end, axes=axes, time=time))

    @staticmethod
    def _drawing(layer: Labels, event: Any, points: list[Any], whole: bool = False) -> Drag:
        """Show the way of the mouse until it is released, or a straight line; the picture stays where it is."""
        line = None
        layer.mouse_pan = False
        try:
            yield
            while event.type == "mouse_move":
                points = [*(points if whole else points[:1]), event.pos]
                line = line or line_over(event)
                if line is not None:
                    line.draw(points)
                yield
        finally:
            layer.mouse_pan = True
            if line is not None:
                line.deleteLater()

    def _near(self, layer: Labels, at: Positions, axes: tuple[int, int]) -> bool:
        """Return whether an object is near enough to a position for a line to begin there."""
        scene = getattr(self._viewer, "scene", self._viewer)  # since napari 0.9
        index: list[Any] = [int(np.clip(np.round(i), 0, n - 1)) for i, n in zip(at, layer.data.shape, strict=True)]
        for axis in axes:
            reach = NEAR / (scene.camera.zoom * abs(float(layer.scale[axis])))
            index[axis] = slice(max(0, int(at[axis] - reach)), max(0, int(at[axis] + reach) + 1))
        return bool(np.any(np.asarray(layer.data[tuple(index)])))

    def _frame(self, layer: Labels, event: Any) -> tuple[tuple[int, ...], int | None]:
        """Return a pixel of the frame that is shown, and which axis is time."""
        position = np.clip(layer.world_to_data(event.position), 0, np.array(layer.data.shape) - 1)
        return place_in(layer, position) or (0,) * layer.ndim, time_axis(layer, image_for(layer, self._state))

    def _tell(self, text: str | None) -> None:
        if text:
            self._state.note(text)

    def _update(self, _: Any = None) -> None:
        """Show the buttons that there is something to do for, and hear the mouse in the layer they work on."""
        target, result = self._state.target, self._state.target_result
        usable = target is not None and (result is None or result.has_objects)  # regions leave no ground between
        self.row.setVisible(usable)
        self.row.setEnabled(not self._state.busy)
        if not usable or self._state.busy:
            self.put_down()
        self._hear(target if self.active is not None else None)

    def _toggled(self, button: PushButton, wanted: bool) -> None:
        layer = self._state.target
        if wanted:
            self._state.teaching.end()  # its clicks would be heard as well
            for other in self._drags:
                if other is not button:
                    other.native.setChecked(False)
        self._hear(layer if self.active is not None else None)
        if wanted and layer is not None:
            self._viewer.layers.selection = {layer}
            self._tell(HINTS[button.text].format(layer.name))

    def _hear(self, layer: Labels | None) -> None:
        """Hear the mouse in one layer, and in no other."""
        self._first = None
        for other in self._viewer.layers:
            callbacks = other.mouse_drag_callbacks
            if other != layer and self.dragged in callbacks:
                callbacks.remove(self.dragged)
        if layer is not None and self.dragged not in layer.mouse_drag_callbacks:
            layer.mode = "pan_zoom"  # else the click would paint as well
            layer.mouse_drag_callbacks.append(self.dragged)


def _far(one: Any, other: Any) -> bool:
    """Return whether two places of the screen lie too far apart for a click."""
    return float(np.hypot(*np.subtract(one, other))) > STILL


def _solid(layer: Labels, event: Any) -> bool:
    """Return whether a volume is shown, not a plane."""
    return len(event.dims_displayed) == 3 and layer.ndim > 2


def _plane(layer: Labels, event: Any) -> tuple[int, int]:
    """Return the axes of the layer that are shown as rows and columns."""
    missing = len(event.position) - layer.ndim  # napari lines layers up by their last axes
    rows, columns = (axis - missing for axis in event.dims_displayed)
    return rows, columns


def _number(layer: Labels, event: Any) -> int:
    """Return the number of the object under the mouse; in the 3D view of what it meets first; 0 for none."""
    ray: dict[str, Any] = {}
    if _solid(layer, event):
        ray = {"view_direction": event.view_direction, "dims_displayed": event.dims_displayed}
    return int(layer.get_value(event.position, world=True, **ray) or 0)


def _numbers_along(layer: Labels, way: list[Positions]) -> list[int]:
    """Return the objects on a way through positions in pixels, in order."""
    found: list[int] = []
    for start, end in pairwise(way):
        steps = int(np.ceil(np.abs(end - start).max())) + 1
        places = (place_in(layer, position) for position in np.linspace(start, end, steps))
        numbers = (int(layer.data[place]) for place in places if place is not None)
        found += [number for number in dict.fromkeys(numbers) if number and number not in found]
    return found

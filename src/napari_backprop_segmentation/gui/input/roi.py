"""Which part of the image: all of it, what the window shows, what a rectangle encloses; all slices or this one."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox
from napari.layers import Image, Shapes
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QFormLayout, QWidget

from napari_backprop_segmentation.gui.forms import side_by_side
from napari_backprop_segmentation.gui.input.axis_labels import PLANE, axis_names
from napari_backprop_segmentation.gui.input.multiscale import levels
from napari_backprop_segmentation.gui.input.run_input import POSITIONS, Part, Span
from napari_backprop_segmentation.gui.input.transforms import place_of
from napari_backprop_segmentation.gui.input.viewport import drawn_box, shown_index, view_box

if TYPE_CHECKING:
    from napari.viewer import Viewer

WHOLE, VIEW, NEW = "whole", "view", "new"
DRAWN = {"face_color": "transparent", "edge_color": "yellow"}  # unfilled: what is chosen stays to be seen
EDGE = 0.005  # width of an edge, as a part of the shorter side of the image
FOLLOW_MS = 150


class RoiForm:
    """The controls for the part of the image.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    on_change : callable
        Called when another part may be wanted.
    chosen : callable
        Returns the image layer that is chosen; None where there is none.

    Attributes
    ----------
    area, range : ComboBox
        The part of each plane, and which planes: the value of the latter holds the letters of the axes of which only
        the present position is taken.
    """

    def __init__(
        self, viewer: "Viewer", on_change: Callable[[], None], chosen: Callable[[], Image | None] = lambda: None
    ) -> None:
        self._viewer, self._on_change, self._chosen = viewer, on_change, chosen
        self._axes = ""
        self._late: QTimer | None = None
        self._drawn_in: Shapes | None = None
        self.area = ComboBox(
            label="Where",
            choices=self._areas,
            tooltip="The whole image, only what the window shows of it, or a rectangle drawn in a Shapes layer.\n"
            "After a run on a part, the trained network can be applied to the rest.",
        )
        self.range = ComboBox(
            label="Range",
            choices=self._ranges,
            tooltip="All slices and frames, or only those at which the sliders stand.",
        )
        self.area.changed.connect(self._area_changed)
        self.range.changed.connect(self._on_change_of_range)
        viewer.dims.events.current_step.connect(self._moved)
        camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
        self._events = (camera.events.zoom, camera.events.center)
        for event in self._events:
            event.connect(self._moved)

    def add_to(self, form: QFormLayout, parent: QWidget) -> None:
        """Add both controls to a form; timers end with the parent."""
        form.addRow("Where", side_by_side([self.area, self.range]))
        self._late = QTimer(parent)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._on_change)
        self.offer(self._axes)

    def offer(self, axes: str) -> None:
        """Offer what can be chosen for an image with these axes, see `meanings`."""
        self._axes = axes
        # Whoever changes the image says so, once all controls follow it.
        with self.range.changed.blocked(), self.area.changed.blocked():
            self.range.reset_choices()
            self.area.reset_choices()
        self._listen_to(self.area.value)
        self.range.native.setVisible(len(self._ranges()) > 1)

    def whole(self) -> bool:
        """Return whether all of the image is wanted."""
        return self.area.value == WHOLE and not self.range.value

    def part(self, layer: Image) -> Part:
        """Return the part of a layer that is chosen now.

        Raises
        ------
        ImageError
            If it cannot be told, such as a rectangle that is not drawn.
        """
        if not set(PLANE) <= set(self._axes):
            return Part()
        plane = self._axes.index("Y"), self._axes.index("X")
        spans: dict[int, Span] = {}
        clauses = []
        for letter in self.range.value or "":
            axis = self._axes.index(letter)
            index = spans[axis] = shown_index(self._viewer, layer, axis, plane)
            clauses.append(f"{POSITIONS[letter]} {index}{_called(layer, axis)}")
        shape = levels(layer)[0].shape
        for axis, (start, stop) in self._box(layer, plane).items():
            spans[axis] = max(0, start), min(stop, shape[axis])
            name = "rows" if axis == plane[0] else "columns"
            clauses.append(f"{name} {spans[axis][0]} to {spans[axis][1] - 1} of {shape[axis]}")  # type: ignore[index]
        return Part(spans, ", ".join(clauses))

    def lock(self, locked: bool) -> None:
        """Hold on to the choice during a run, or let it go."""
        self.area.enabled = self.range.enabled = not locked

    def disconnect(self) -> None:
        """Stop listening to the viewer."""
        self._viewer.dims.events.current_step.disconnect(self._moved)
        for event in self._events:
            event.disconnect(self._moved)
        self._listen_to(None)

    def _box(self, layer: Image, plane: tuple[int, int]) -> dict[int, tuple[int, int]]:
        if self.area.value == VIEW:
            return view_box(self._viewer, layer, plane)
        if isinstance(self.area.value, Shapes):
            return drawn_box(self._viewer, self.area.value, layer, plane)
        return {}

    def _areas(self, _: Any = None) -> list[tuple[str, Any]]:
        drawn = [(f"rectangle in {x.name}", x) for x in self._viewer.layers if isinstance(x, Shapes)]
        return [("whole image", WHOLE), ("current view", VIEW), *drawn, ("draw a rectangle", NEW)]

    def _draw(self) -> None:
        """Add a layer over the image with the rectangle in hand, and take what will be drawn there."""
        image = self._chosen()
        if image is None:
            self.area.value = WHOLE
            return
        shorter = min(levels(image)[0].shape[axis] for axis in map(self._axes.index, PLANE))
        drawn = Shapes(
            ndim=image.ndim, name=f"{image.name} part", edge_width=max(1.0, EDGE * shorter), **DRAWN, **place_of(image)
        )
        self._viewer.add_layer(drawn)
        drawn.mode = "add_rectangle"
        with self.area.changed.blocked():
            self.area.reset_choices()
            self.area.value = self._viewer.layers[drawn.name]
        self._listen_to(self.area.value)
        self._on_change()

    def _ranges(self, _: Any = None) -> list[tuple[str, str]]:
        single = [(POSITIONS[letter], letter) for letter in POSITIONS if letter in self._axes]
        if len(single) > 1:
            single.append(("plane", "".join(POSITIONS)))
        return [
            (f"all {single[-1][0]}s" if single else "all", ""),
            *((f"this {name}", value) for name, value in single),
        ]

    def _area_changed(self, value: Any) -> None:
        if value == NEW:
            self._draw()
            return
        self._listen_to(value)
        self._on_change()

    def _on_change_of_range(self, _: Any = None) -> None:
        self._on_change()

    def _listen_to(self, area: Any) -> None:
        """Hear of what is drawn in a layer, and of no other."""
        shapes = area if isinstance(area, Shapes) else None
        if shapes == self._drawn_in:
            return
        if self._drawn_in is not None:
            self._drawn_in.events.data.disconnect(self._moved)
        self._drawn_in = shapes
        if shapes is not None:
            shapes.events.data.connect(self._moved)

    def _moved(self, _: Any = None) -> None:
        """Take note of sliders, view and rectangles, once they have come to rest."""
        if self._late is not None and not self.whole():
            self._late.start(FOLLOW_MS)


def _called(layer: Image, axis: int) -> str:
    name = axis_names(layer)[axis]
    return f" ({name})" if name else ""

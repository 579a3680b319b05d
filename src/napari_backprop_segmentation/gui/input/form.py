"""Which image to segment, and what its axes are: it follows the active layer, and all can be corrected."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from magicgui.widgets import ComboBox, LineEdit
from napari.layers import Image
from qtpy.QtWidgets import QFormLayout, QLabel, QWidget

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.forms import add_row, show_row, side_by_side
from napari_backprop_segmentation.gui.input import layers
from napari_backprop_segmentation.gui.input.axis_labels import PLANE, SINGLE, UNKNOWN, WORDS, axis_names
from napari_backprop_segmentation.gui.input.channel_ticks import ChannelTicks
from napari_backprop_segmentation.gui.input.options import LayerOptions
from napari_backprop_segmentation.gui.input.roi import RoiForm
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, RunInput
from napari_backprop_segmentation.gui.state import Input, State

if TYPE_CHECKING:
    from napari.viewer import Viewer

AXIS_TOOLTIP = (
    "What axis {} of the image is: depth, time or channels.\n"
    "Known if the layer names its axes, or gives them units of time or length."
)


# A layer may be given another scale, unit or array while it is chosen.
LAYER_EVENTS = ("data", "scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")


class InputForm:
    """The controls for the image.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
        Is told what is chosen.

    Attributes
    ----------
    image : ComboBox
        Of an Image, or of a tuple of them that are selected together.
    axes : list of ComboBox
        What the axes of the layer mean, one each but for Y, X and those of length 1.
    channels : ChannelTicks
    pixel : LineEdit
        The size of a pixel.
    level : ComboBox
    roi : RoiForm
    """

    def __init__(self, viewer: "Viewer", state: State) -> None:
        self._viewer, self._state = viewer, state
        self._group: tuple[Image, ...] = ()
        self._options: WeakKeyDictionary[Image, LayerOptions] = WeakKeyDictionary()
        self._rows: dict[Any, QLabel] = {}
        self._axes_row: QWidget | None = None
        self._asked: list[int] = []  # the axes that the controls stand for
        self.image = ComboBox(
            label="Image",
            choices=self._images,
            tooltip="The image layer to segment. Follows the image or the result you select, except during a run.\n"
            "Select several layers of one size to use them as the channels of one image.",
        )
        self.axes = [ComboBox(label="Axis", choices=self._meanings_of(i)) for i in range(len(WORDS))]
        self.channels = ChannelTicks()
        self.pixel = LineEdit(
            label="Pixel size",
            tooltip="How large a pixel is along each axis, depth first, with its unit: 0.3 x 0.1 x 0.1 µm, or 0.1 µm.\n"
            "It counts for runs and for Measure; the layer stays as it is. Empty it to go back to what the layer says.",
        )
        self.level = ComboBox(
            label="Level",
            choices=self._levels,
            tooltip="Which level of the pyramid to segment. The labels lie exactly over the image at each of them.",
        )
        self.roi = RoiForm(viewer, self.update, lambda: next(iter(self._layers()), None))
        self._listened: tuple[Image, ...] = ()
        self._connect()

    def add_to(self, form: QFormLayout, parent: QWidget) -> None:
        """Add the controls to a form; timers end with the parent."""
        self._rows[self.image] = add_row(form, self.image)
        self._axes_row = side_by_side(self.axes, "Axes")  # three need all of the width
        form.addRow(self._axes_row)
        self._rows[self.channels] = add_row(form, self.channels)
        self._rows[self.level] = add_row(form, self.level)
        add_row(form, self.pixel)
        self.roi.add_to(form, parent)
        self._show()

    def layer_selection(self) -> LayerSelection | None:
        """Return which layers are chosen and how they are understood; None where there is none.

        Raises
        ------
        ImageError
            If what is chosen cannot be understood.
        """
        whole = self.whole()
        return whole and replace(whole, part=self.roi.part(whole.layers[0]))

    def whole(self) -> LayerSelection | None:
        """Return `layer_selection` without regard to the part that is chosen."""
        chosen = self._layers()
        if not chosen:
            return None
        return self._layer_options().selection(chosen)

    def each_selected(self) -> list[tuple[Image, LayerSelection | ImageError]]:
        """Return all images that are selected, each with how all of it is understood, or why it cannot be."""
        found: list[tuple[Image, LayerSelection | ImageError]] = []
        for layer in map(layers.unwrapped, self._viewer.layers):
            if layer not in self._viewer.layers.selection or not _can_be_chosen(layer):
                continue
            try:
                found.append((layer, self._options.setdefault(layer, LayerOptions({})).selection((layer,))))
            except ImageError as error:
                found.append((layer, error))
        return found

    def run_input(self) -> RunInput:
        """Return what is chosen.

        Raises
        ------
        ImageError
            If it cannot be segmented.
        """
        return layers.run_input_of(self.layer_selection())

    def describe(self) -> str:
        """Return exactly what will be segmented, or why nothing can be."""
        chosen = self.current()
        return words.described(chosen.run_input, chosen.obstacle)

    def current(self) -> Input:
        """Return what is chosen now."""
        chosen = self._layers()
        try:
            return Input(chosen, self.run_input(), whole=None if self.roi.whole() else self.whole())
        except ImageError as error:
            return Input(chosen, obstacle=error.with_traceback(None))  # it would keep layers that are gone alive

    def update(self) -> None:
        """Tell the state what is chosen."""
        self._state.choose(self.current())

    def refresh(self) -> None:
        """Take note of layers that came, went or changed their name."""
        self._group = tuple(layer for layer in self._group if layer in self._viewer.layers)
        with self.image.changed.blocked():
            self.image.reset_choices()
        self._image_changed()

    def disconnect(self) -> None:
        """Stop listening to the viewer and its layers."""
        self._viewer.layers.selection.events.changed.disconnect(self._follow)
        self._listen_to(())
        self.roi.disconnect()

    def _connect(self) -> None:
        self._follow()
        self._show()
        self.image.changed.connect(self._image_changed)
        for control in self.axes:
            control.changed.connect(self._axes_changed)
        self.channels.changed.connect(self._ticks_changed)
        self.level.changed.connect(self._level_changed)
        self.pixel.changed.connect(self._pixel_changed)
        self._viewer.layers.selection.events.changed.connect(self._follow)
        self._state.events.phase.connect(self._lock)
        self._state.events.labels.connect(self._follow_labels)

    def _lock(self, _: Any = None) -> None:
        """Hold on to the choice during a run, and catch up with the selection afterwards."""
        controls: tuple[Any, ...] = (self.image, *self.axes, self.channels, self.level, self.pixel)
        for control in controls:
            control.enabled = not self._state.busy
        self.roi.lock(self._state.busy)
        if not self._state.busy:
            self._follow()

    def _listen_to(self, chosen: tuple[Image, ...]) -> None:
        """Hear of changes of these layers, and of no others."""
        for layer in self._listened:
            for event in _events(layer):
                event.disconnect(self._layer_changed)
        self._listened = chosen
        for layer in chosen:
            for event in _events(layer):
                event.connect(self._layer_changed)

    def _layer_changed(self, _: Any = None) -> None:
        if not self._state.busy:
            self._image_changed()

    def _layers(self) -> tuple[Image, ...]:
        value = self.image.value
        chosen = () if value is None else value if isinstance(value, tuple) else (value,)
        return tuple(layers.unwrapped(layer) for layer in chosen)

    def _layer_options(self) -> LayerOptions:
        return self._options.setdefault(self._layers()[0], LayerOptions({}))

    def _letters(self) -> str:
        """Return what the axes of the chosen layer mean, as it says itself or as the user has corrected it."""
        return self._layer_options().letters(self._layers()[0])

    def _images(self, _: Any = None) -> list[tuple[str, Any]]:
        found: list[tuple[str, Any]] = [(layer.name, layer) for layer in self._viewer.layers if _can_be_chosen(layer)]
        if len(self._group) > 1:
            found.append((layers.group_title(self._group), self._group))
        return found

    def _meanings_of(self, row: int) -> Callable[[Any], list[tuple[str, str]]]:
        def choices(_: Any) -> list[tuple[str, str]]:
            chosen = self._layers()
            if not chosen or row >= len(self._asked):
                return [("", UNKNOWN)]
            axis = self._asked[row]
            size = layers.finest_shape(chosen[0])[axis]
            letter_now = self._letters()[axis]
            taken = "C" if (chosen[0].rgb or len(chosen) > 1) and letter_now != "C" else ""
            offered = [(f"{word} {size}", letter) for letter, word in WORDS.items() if letter not in taken]
            return offered if letter_now != UNKNOWN else [(f"choose: {size}", UNKNOWN), *offered]

        return choices

    def _levels(self, _: Any = None) -> list[tuple[str, int | None]]:
        chosen = self._layers()
        if not chosen:
            return [("automatic", None)]
        sizes = layers.level_sizes(chosen[0], self._letters())
        named = [(f"{i}: {' x '.join(map(str, size))}", i) for i, size in enumerate(sizes)]
        return [("automatic", None), *named]

    def _follow(self, _: Any = None) -> None:
        """Take the selected image, or the selected ones together."""
        if self._state.busy:
            return
        selected = self._viewer.layers.selection
        self._take(tuple(layer for layer in self._viewer.layers if layer in selected and _can_be_chosen(layer)))

    def _follow_labels(self, _: Any = None) -> None:
        """Take the image of the result that is selected."""
        state = self._state
        result = None if state.busy or state.labels is None else state.target_result
        if result is None or result.layers == self._layers():
            return
        there = {layers.unwrapped(layer): layer for layer in self._viewer.layers}
        if all(layer in there for layer in result.layers):
            self._take(tuple(there[layer] for layer in result.layers))

    def _take(self, chosen: tuple[Image, ...]) -> None:
        if len(chosen) > 1:
            self._group = chosen
        with self.image.changed.blocked():
            self.image.reset_choices()
            if chosen:
                self.image.value = chosen if len(chosen) > 1 else chosen[0]
        self._image_changed()

    def _image_changed(self, _: Any = None) -> None:
        self._listen_to(self._layers())
        self._show()
        self.update()

    def _axes_changed(self, _: Any = None) -> None:
        if not self._layers():
            return
        asked = zip(self._asked, self.axes, strict=False)
        said = {axis: control.value for axis, control in asked if control.value not in (None, UNKNOWN)}
        self._layer_options().correct(self._layers()[0], said)
        self._show()
        self.update()

    def _ticks_changed(self) -> None:
        if self._layers():
            self._layer_options().channels = self.channels.value
            self.update()

    def _level_changed(self, _: Any = None) -> None:
        if self._layers():
            self._layer_options().level = self.level.value
            self.update()

    def _pixel_changed(self, text: str) -> None:
        if self._layers():
            self._layer_options().pixel = text
            self.update()

    def _show(self) -> None:
        """Bring the controls to what is chosen, and hide those that do not apply."""
        with ExitStack() as silence:
            for control in (*self.axes, self.level, self.pixel):
                silence.enter_context(control.changed.blocked())
            self._show_values()

    def _show_values(self) -> None:
        chosen = self._layers()
        letters = self._letters() if chosen else ""
        self._asked = [axis for axis, letter in enumerate(letters) if letter not in (*PLANE, SINGLE)][: len(WORDS)]
        for row, control in enumerate(self.axes):
            control.reset_choices()
            used = row < len(self._asked)
            control.value = letters[self._asked[row]] if used else UNKNOWN
            control.tooltip = AXIS_TOOLTIP.format(self._axis_title(self._asked[row]) if used else "")
            control.native.setVisible(used)
        if self._axes_row is not None:
            self._axes_row.setVisible(bool(self._asked))
        self.level.reset_choices()
        self.level.value = self._layer_options().level if chosen else None
        self.pixel.value = self._layer_options().pixel_in_words(chosen[0]) if chosen else ""
        self._show_row(self.level, len(self.level.choices) > 2)
        count = layers.channel_count(LayerSelection(chosen, letters)) if len(chosen) == 1 else 1
        if count > 1:
            self.channels.show(chosen[0], letters.index("C"), count, self._layer_options().channels)
        self._show_row(self.channels, count > 1)
        self.roi.offer(letters)

    def _show_row(self, control: Any, visible: bool) -> None:
        if control in self._rows:
            show_row(self._rows[control], control, visible)

    def _axis_title(self, axis: int) -> str:
        layer = self._layers()[0]
        name = axis_names(layer)[axis]
        return f"{axis} ({name})" if name else str(axis)


def _can_be_chosen(layer: Any) -> bool:
    return isinstance(layer, Image) and not layers.is_helper(layer)


def _events(layer: Image) -> list[Any]:
    """Return the emitters of a layer that tell of what matters here; the oldest napari lacks some."""
    return [getattr(layer.events, name) for name in LAYER_EVENTS if hasattr(layer.events, name)]

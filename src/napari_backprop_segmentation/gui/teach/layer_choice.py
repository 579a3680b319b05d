"""Which layer is drawn in, and who has the brush: it follows the chosen image, runs, and layers that come and go."""

from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.gui.input.layers import is_helper
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.teach import canvas_of, sentences, strokes_layer
from napari_backprop_segmentation.gui.teach.following import followed_by
from napari_backprop_segmentation.gui.words import sentence

if TYPE_CHECKING:
    from napari.viewer import Viewer

NEW, NONE = "new layer", "none"
EVENTS = ("inserted", "removed", "renamed")


class LayerChoice:
    """The layer that is drawn in.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    parent : QWidget
        The timer ends with it.
    """

    def __init__(self, viewer: "Viewer", state: State, parent: QWidget) -> None:
        self._viewer, self._state, self._drawing = viewer, state, state.drawing
        self._was_painting = False
        self._tidy = QTimer(parent)  # napari may be in the middle of adding layers
        self._tidy.setSingleShot(True)
        self._tidy.timeout.connect(self._follow_layers)
        events = state.events
        events.input.connect(self.follow_input)
        events.phase.connect(self._on_phase)
        events.run.connect(self._on_run)
        events.taken.connect(self._raise)
        for changed in self._changes():
            changed.connect(self._on_layers)

    def open(self) -> None:
        """Take the brush, in a new layer where there is none."""
        if self._drawing.layer is None and (text := canvas_of.refusal(self._state)):
            self._state.note(sentence(text))
            self._drawing.events.on.emit(False)
            return
        self._state.teaching.end()
        self._drawing.open(True)
        if self._drawing.layer is None:
            self._new_layer()
        self.take_brush()
        self._suit_result()
        drawn = self._drawing.layer
        if not self._drawing.seen.counts and drawn is not None and not np.asarray(drawn.data).any():
            self._state.note(sentences.NOTHING)

    def _suit_result(self) -> None:
        """Let first strokes on objects lead to objects again, and those on regions to kinds."""
        result, plain = followed_by(self._state, self._viewer), self._state.params.strokes_as in ("kinds", "objects")
        if plain and self._drawing.on and result is not None and not self._drawing.seen.counts:
            self._state.suggest("strokes_as", "objects" if result.has_objects else "kinds")

    def close(self) -> None:
        """Put the brush away; what is drawn stays, and still counts."""
        layer = self._drawing.layer
        if layer is not None and str(layer.mode) in ("paint", "erase", "fill", "polygon"):
            layer.mode = "pan_zoom"
        self._drawing.open(False)

    def disconnect(self) -> None:
        """Let go of the viewer for good."""
        for changed in self._changes():
            changed.disconnect(self._on_layers)

    def _changes(self) -> list[Any]:
        events = self._viewer.layers.events
        return [getattr(events, name) for name in EVENTS if hasattr(events, name)]  # napari 0.6 tells of no new names

    def _new_layer(self) -> None:
        image = canvas_of.images_of(self._state)[0]
        camera = self._viewer.scene.camera if hasattr(self._viewer, "scene") else self._viewer.camera
        labels = self._state.labels
        made = strokes_layer.new_layer(self._viewer, image, self._state.input.layers, camera.zoom)
        self._state.select(labels)  # what is drawn in is nothing to work on
        self._drawing.draw_in(made, wanted=True)

    def take_brush(self) -> None:
        """Draw with the next stroke of the mouse."""
        layer = self._drawing.layer
        if layer is not None and layer in self._viewer.layers:
            self._viewer.layers.selection = {layer}
            layer.visible = True
            layer.mode = "paint"
            self._raise()

    def _raise(self, _: Any = None) -> None:
        """Let strokes lie above labels that were added meanwhile; a layer of the user's stays where it is."""
        layer, layers = self._drawing.layer, self._viewer.layers
        ground = strokes_layer.ground_of(layer)
        if layer is None or layer not in layers or ground is None or not ground.ours:
            return
        index = layers.index(layer)

        def covers(other: Any) -> bool:
            return isinstance(other, Labels) or is_helper(other)

        above = [number for number, other in enumerate(layers) if number > index and covers(other)]
        if above:
            layers.move(index, above[-1] + 1)

    def _on_layers(self, _: Any = None) -> None:
        self._tidy.start()

    def _follow_layers(self) -> None:
        self._let_go_of_lost()
        self._drawing.events.layer.emit(self._drawing.layer)  # others may be drawn in now

    def _let_go_of_lost(self) -> None:
        layer = self._drawing.layer
        if layer is not None and layer not in self._viewer.layers:
            self._drawing.draw_in(None)
            self._drawing.open(False)
            self._state.note(sentences.LOST)

    def follow_input(self, _: Any = None) -> None:
        """Draw on the image that is chosen."""
        self._let_go_of_lost()
        chosen, layer = self._state.input, self._drawing.layer
        if layer is None or self._drawing.layers != chosen.layers:
            there = canvas_of.fitting(self._state, self._viewer.layers)
            self._drawing.draw_in(strokes_layer.newest_on(chosen.layers, there) if chosen.layers else None)
            if self._drawing.layer is None:
                self._drawing.open(False)
        self._drawing.events.layer.emit(self._drawing.layer)  # others may be drawn in now
        self._suit_result()

    def choose(self, value: Any) -> None:
        """Draw in a layer, in a new one, or in none."""
        before = self._drawing.layer
        if value == NEW:
            self._new_layer()
        elif value == NONE or value is None:
            self._drawing.draw_in(None)
        else:
            layer = value
            image = canvas_of.image_for(self._state, tuple(layer.data.shape))
            if image is not None:
                strokes_layer.choose(layer, image, self._state.input.layers)
                self._drawing.draw_in(layer, wanted=True)
                if self._state.labels is layer:
                    self._state.select(None)
        if before is not None and before is not self._drawing.layer:
            strokes_layer.let_go(before)
            if self._viewer.layers.selection == {before} and strokes_layer.ground_of(before) is None:
                self._state.select(before)
        self.take_brush()

    def choices(self, _: Any = None) -> list[tuple[str, Any]]:
        """Return what can be drawn in, each under a name of its own: while one is renamed, two may have the same."""
        there, own = canvas_of.fitting(self._state, self._viewer.layers), self._drawing.layer
        if own is not None and own not in there:  # the image is another one than it was made for
            there.append(own)
        named: dict[str, Any] = {NEW: NEW, NONE: NONE}
        for layer in there:
            names = (layer.name if n == 1 else f"{layer.name} ({n})" for n in count(1))
            named[next(name for name in names if name not in named)] = layer
        return [*list(named.items())[2:], (NEW, NEW), (NONE, NONE)]

    def _on_phase(self, _: Any = None) -> None:
        layer = self._drawing.layer
        self._was_painting = self._state.busy and layer is not None and self._viewer.layers.selection.active == layer
        if not self._state.busy:
            self._raise()
            self._suit_result()

    def _on_run(self, run: Any) -> None:
        """Keep the brush in hand when the labels of a run are added, which napari selects."""
        if run.layer is not None and self._was_painting and self._drawing.layer in self._viewer.layers:
            self._was_painting = False
            self._viewer.layers.selection = {self._drawing.layer}
            self._raise()

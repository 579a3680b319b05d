"""What is going on while the user draws strokes, as one evented object; no Qt here."""

from typing import Any

import numpy as np
from napari.layers import Image, Labels
from numpy.typing import NDArray
from psygnal import Signal, SignalGroup

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.teach.asked import Answered, Seen
from napari_backprop_segmentation.gui.teach.fitting import fitted
from napari_backprop_segmentation.gui.teach.strokes_layer import ground_of


class DrawingEvents(SignalGroup):
    """One signal for each attribute of `Drawing`.

    Attributes
    ----------
    asked : Signal
        The user wants the strokes followed as they are.
    """

    on = Signal(bool)
    layer = Signal(object)
    seen = Signal(object)
    answered = Signal(object)
    asked = Signal()


class Drawing:
    """The strokes on the chosen image.

    Attributes
    ----------
    events : DrawingEvents
    on : bool
        Whether the panel is open.
    layer : Labels, optional
        What is drawn in.
    seen : Seen
        What was last seen in it.
    answered : Answered, optional
        What it has led to.
    """

    def __init__(self) -> None:
        self.events = DrawingEvents(self)
        self.on = False
        self.layer: Labels | None = None
        self.seen = Seen()
        self.answered: Answered | None = None

    @property
    def layers(self) -> tuple[Image, ...]:
        """The image that is drawn on."""
        ground = ground_of(self.layer)
        return () if ground is None else ground.layers

    @property
    def on_image(self) -> RunInput | None:
        """The same, pixel by pixel as the strokes."""
        ground = ground_of(self.layer)
        return None if ground is None else ground.run_input

    def open(self, on: bool) -> None:
        """Open the panel, or fold it."""
        if on != self.on:
            self.on = on
            self.events.on.emit(on)

    def draw_in(self, layer: Labels | None, wanted: bool = False) -> None:
        """Draw in another layer, or in none; only where the user wants it what is there already is followed."""
        if layer is not self.layer:
            self.layer, self.seen, self.answered = layer, Seen(), None
            self.events.layer.emit(layer)
            self.events.seen.emit(self.seen)
            self.events.answered.emit(None)
        if wanted:
            self.events.asked.emit()

    def see(self, seen: Seen) -> None:
        """Take note of what is drawn."""
        if seen is not self.seen:
            self.seen = seen
            self.events.seen.emit(seen)

    def take(self, answered: Answered | None) -> None:
        """Take note of what it has led to."""
        if answered is not self.answered:
            self.answered = answered
            self.events.answered.emit(answered)

    def strokes_on(self, run_input: RunInput, layers: tuple[Image, ...]) -> NDArray[Any] | None:
        """Return what is drawn on a part of an image (*run_input.shape); None where that is nothing.

        Raises
        ------
        ImageError
            If the axes of the image are not understood as they were.
        """
        if self.layer is None or self.on_image is None or layers != self.layers:
            return None
        found = fitted(np.asarray(self.layer.data), self.on_image, run_input)
        return found.copy() if found.any() else None  # the user goes on drawing

    def now_on(self, run_input: RunInput, layers: tuple[Image, ...]) -> NDArray[Any] | None:
        """Return the same for a run that is under way, zeros where nothing is drawn; None where it is another image."""
        if layers != self.layers:
            return None
        try:
            found = self.strokes_on(run_input, layers)
        except ImageError:  # its axes are understood in another way since the run began
            return None
        return np.zeros(run_input.shape, np.uint8) if found is None else found

    def seen_on(self, run_input: RunInput) -> NDArray[Any] | None:
        """Return what was last seen, on a part of the image that is drawn on, in the same way."""
        if self.on_image is None:
            return None
        found = fitted(self.seen.strokes, self.on_image, run_input)
        return found if found.any() else None

    def close(self) -> None:
        """Tell nobody any more."""
        for name in self.events:
            self.events[name].disconnect()

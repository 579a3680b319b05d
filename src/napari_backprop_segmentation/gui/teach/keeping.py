"""Strokes are kept in a file a moment after the last change, and offered again for the same image. No layers here."""

from collections.abc import Callable

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.gui.background import start
from napari_backprop_segmentation.gui.teach.asked import Seen
from napari_backprop_segmentation.gui.teach.drawing import Drawing
from napari_backprop_segmentation.gui.teach.strokes_layer import kinds_of, names_of, recolour, rename
from napari_backprop_segmentation.io.kept_strokes import KeptStrokes, is_kept, keep, kept_for

KEEP_MS = 2000


class Keeping:
    """Keeps what is drawn.

    Parameters
    ----------
    drawing : Drawing
    parent : QWidget
        The timer ends with it.
    on_offer : callable
        Called when there may be something else to take up.
    """

    def __init__(self, drawing: Drawing, parent: QWidget, on_offer: Callable[[], None]) -> None:
        self._drawing, self._on_offer = drawing, on_offer
        self._late = QTimer(parent)
        self._late.setSingleShot(True)
        self._late.setInterval(KEEP_MS)
        self._late.timeout.connect(self._keep)
        self._pending: tuple[str, KeptStrokes] | None = None
        drawing.events.seen.connect(self._on_seen)

    def offered(self) -> bool:
        """Return whether strokes of before can be taken up: something is kept, and nothing is drawn."""
        drawing = self._drawing
        if drawing.layer is None or drawing.on_image is None or drawing.seen.counts:
            return False
        return is_kept(drawing.on_image.name, tuple(drawing.layer.data.shape))

    def take_up(self) -> bool:
        """Draw what was drawn on such an image before; Ctrl+Z takes it back. Return whether there was something."""
        layer, image = self._drawing.layer, self._drawing.on_image
        if layer is None or image is None:
            return False
        kept = kept_for(image.name, tuple(layer.data.shape))
        if kept is None:
            return False
        for number, name in kept.names.items():
            rename(layer, number, name)
        for number, colour in kept.colours.items():
            recolour(layer, number, colour)
        where = np.nonzero(kept.strokes)
        layer.data_setitem(where, kept.strokes[where].astype(layer.data.dtype))
        return True

    def close(self) -> None:
        """Keep what is not yet kept, at once."""
        self._late.stop()
        self._note(self._drawing.layer, None)
        if self._pending is not None:
            pending, self._pending = self._pending, None
            keep(*pending)

    def stop(self) -> None:
        """Let go of the strokes: the window is gone."""
        if self._pending is not None:
            pending, self._pending = self._pending, None
            keep(*pending)

    def _on_seen(self, seen: Seen) -> None:
        if seen.counts:
            self._note(self._drawing.layer, seen)
            self._late.start()
        self._on_offer()

    def _note(self, layer: Labels | None, seen: Seen | None) -> None:
        """Take note of what is to be kept; as it is in the layer where it was not seen."""
        image = self._drawing.on_image
        if layer is None or image is None:
            return
        strokes = np.array(layer.data) if seen is None else seen.strokes
        if strokes.any():
            kinds = kinds_of(layer, self._drawing.seen.counts)
            colours = {kind.number: list(kind.colour) for kind in kinds}
            self._pending = image.name, KeptStrokes(strokes, names_of(layer), colours)

    def _keep(self) -> None:
        if self._pending is not None:
            pending, self._pending = self._pending, None
            start(keep, *pending, then=lambda _: None)

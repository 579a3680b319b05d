"""What the user asks of an answer to strokes besides its labels: what has changed, doubt, where to draw next."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.gui.background import start
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.teach.answering import place_of
from napari_backprop_segmentation.gui.teach.doubt import Mark, Overlay
from napari_backprop_segmentation.gui.teach.following import followed_by, recolour
from napari_backprop_segmentation.gui.teach.live import Live

if TYPE_CHECKING:
    from napari.viewer import Viewer

NEXT = "N"  # napari does not use it
MARK_MS = 2000
NOT_YET = "Draw two kinds first: doubt is where either could be meant."

AFTER_RUN = "Where strokes are doubtful is known once the run has ended."


class Beside:
    """Shows changes and doubt in layers of their own, and moves the camera to doubtful places.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    live : Live
    parent : QWidget
        The timer ends with it.
    button : PushButton
        Goes to the next doubtful place.
    """

    def __init__(self, viewer: "Viewer", state: State, live: Live, parent: QWidget, button: PushButton) -> None:
        self._viewer, self._state, self._drawing, self._live = viewer, state, state.drawing, live
        self._changes, self._doubt, self._mark = Overlay(viewer, "changes"), Overlay(viewer, "doubt"), Mark(viewer)
        self._wants_changes = False
        self._number = 0
        self._asked = ""  # which place is doubtful, in words
        self._unbound: list[Any] = []
        self._late = QTimer(parent)
        self._late.setSingleShot(True)
        self._late.setInterval(MARK_MS)
        self._late.timeout.connect(self._mark.remove)
        button.changed.connect(self.go_to_next)
        self._drawing.events.answered.connect(self._on_answered)
        self._drawing.events.on.connect(self._ask_no_more)
        self._drawing.events.on.connect(self._bind)

    def show_changes(self, wanted: bool) -> None:
        """Show what the last stroke has changed, or hide it."""
        self._wants_changes = wanted
        self._show()

    def show_doubt(self, wanted: bool) -> None:
        """Show how doubtful each pixel is, or hide it."""
        self._live.with_doubt = wanted
        if wanted:
            self._live.again()
            if self._drawing.answered is None:
                self._state.note(AFTER_RUN if self._state.busy else NOT_YET)
        self._show()

    def go_to_next(self, *_: Any) -> None:
        """Go to the most doubtful place, then to the next one."""
        answered = self._drawing.answered
        if answered is None or not answered.answer.taught:
            self._state.note(AFTER_RUN if self._state.busy else NOT_YET)
            return
        start(place_of, answered, self._number, then=self._on_place)
        self._number += 1

    def recolour(self) -> None:
        """Let the result have the colours of the strokes."""
        result, layer = followed_by(self._state, self._viewer), self._drawing.layer
        if result is not None and layer is not None:
            recolour(result, layer, self._drawing.seen.counts)

    def close(self) -> None:
        """Take all of it away."""
        self._bind(False)
        self._late.stop()
        for shown in (self._changes, self._doubt, self._mark):
            shown.remove()

    def _on_place(self, place: Any) -> None:
        result = followed_by(self._state, self._viewer)
        if place is None or result is None:
            self._state.note(NOT_YET)
            return
        self._mark.show(result, place)
        self._late.start()
        self._asked = f"Doubtful place {self._number}: which kind is it? Draw there, or press {NEXT} for the next."
        self._state.note(self._asked)

    def _on_answered(self, _: Any = None) -> None:
        self._number = 0
        self._ask_no_more()
        self._show()

    def _ask_no_more(self, _: Any = None) -> None:
        """Take back the question of a place that was answered or left."""
        if self._asked and self._state.notice == self._asked:
            self._state.note("")
        self._asked = ""

    def _show(self) -> None:
        answered, result = self._drawing.answered, followed_by(self._state, self._viewer)
        shown = ((self._changes, self._wants_changes, "changed"), (self._doubt, self._live.with_doubt, "doubt"))
        for overlay, wanted, name in shown:
            values = None if answered is None else getattr(answered, name)
            if not wanted or values is None or result is None:
                overlay.remove()
            elif not overlay.lost:
                overlay.show(result, values)

    def _bind(self, on: bool) -> None:
        """Hear the key over the canvas while the panel is open."""
        if on and not self._unbound:
            self._unbound = [self._viewer.bind_key(NEXT, None)]
            self._viewer.bind_key(NEXT, self.go_to_next)
        elif not on and self._unbound:
            self._viewer.bind_key(NEXT, None)
            if self._unbound[0] is not None:
                self._viewer.bind_key(NEXT, self._unbound[0])
            self._unbound = []

"""Every stroke changes the result: what is drawn is looked at and answered in threads, and the last state wins."""

from typing import TYPE_CHECKING, Any

from napari.utils.notifications import ErrorNotification, notification_manager
from numpy.typing import NDArray
from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QApplication, QWidget

from napari_backprop_segmentation.errors import ImageError, SegmentationError
from napari_backprop_segmentation.gui.background import start
from napari_backprop_segmentation.gui.result.layer_result import FROM_STROKES, LayerResult
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.gui.state import Phase, State
from napari_backprop_segmentation.gui.teach import sentences
from napari_backprop_segmentation.gui.teach.answering import answer, look, wanted_params
from napari_backprop_segmentation.gui.teach.asked import Outcome, Question, Seen
from napari_backprop_segmentation.gui.teach.following import followed_by, show, show_own
from napari_backprop_segmentation.gui.words import sentence

if TYPE_CHECKING:
    from napari.viewer import Viewer

SOON_MS = 100  # after a stroke; those that follow within it are answered together
EVENTS = ("paint", "set_data", "data")  # strokes and fills; undo and redo; another array


class Live:
    """Follows the strokes of a viewer.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    parent : QWidget
        The timer ends with it.

    Attributes
    ----------
    with_doubt : bool
        Whether it is also asked how doubtful each pixel is.
    """

    def __init__(self, viewer: "Viewer", state: State, parent: QWidget) -> None:
        self._viewer, self._state, self._drawing = viewer, state, state.drawing
        self.with_doubt = False
        self._working = self._wanted = False
        self._run_ended = False  # since strokes were last answered: then what it has found is said already
        self._forced = False  # whether also a result is changed that did not follow strokes
        self._meaning = state.params.strokes_as
        self._last: tuple[Any, ...] = ()  # what was answered last
        self._heard: Any = None
        self._soon = QTimer(parent)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._begin)
        events = state.events
        for signal in (events.phase, events.detail_asked, events.params):
            signal.connect(self._on_settings)
        self._drawing.events.layer.connect(self._hear)
        self._drawing.events.asked.connect(self._force)

    @property
    def settled(self) -> bool:
        """Whether the last state of the strokes is shown."""
        return not (self._working or self._wanted or self._soon.isActive())

    def close(self) -> None:
        """Let go of the layer."""
        self._soon.stop()
        self._wanted = False
        self._hear(None)

    def _hear(self, layer: Any) -> None:
        for heard, connect in ((self._heard, False), (layer, True)):
            for name in EVENTS if heard is not None else ():
                emitter = getattr(heard.events, name)
                emitter.connect(self._touch) if connect else emitter.disconnect(self._touch)
        self._heard = layer

    def again(self) -> None:
        """Answer again, if the result follows strokes; more may be asked for now."""
        self._touch()

    def _on_settings(self, changed: Any) -> None:
        meaning = self._state.params.strokes_as
        self._forced |= meaning != self._meaning or changed is Phase.DONE
        self._run_ended |= changed is Phase.DONE
        self._meaning = meaning
        self._touch()

    def _force(self) -> None:
        self._forced = True
        self._touch()

    def _touch(self, _: Any = None) -> None:
        """Look at what is drawn, soon."""
        if self._drawing.layer is None:
            return
        self._wanted = True
        if not self._working and not self._soon.isActive():
            self._soon.start()

    def _begin(self) -> None:
        if QApplication.mouseButtons() != Qt.MouseButton.NoButton:  # a stroke is answered once it is whole
            self._soon.start()
            return
        layer = self._drawing.layer
        self._wanted = False
        if layer is None or self._working:
            return
        self._working = True
        start(look, layer.data, self._drawing.seen, then=self._on_seen)

    def _on_seen(self, seen: Seen) -> None:
        layer = self._drawing.layer
        if layer is None or seen.strokes.shape != layer.data.shape:
            self._rest()
            return
        known = self._drawing.seen
        news = seen is not known and known.strokes.shape == seen.strokes.shape
        self._drawing.see(seen)
        question = self._question(seen, news)
        if question is None or question.same == self._last:
            self._rest()
            return
        if "teacher" not in vars(question.segmentation):
            self._state.note(sentences.PREPARING)
        start(answer, question, then=self._on_answered)

    def _question(self, seen: Seen, news: bool) -> Question | None:
        """Return what is to be answered; nothing where that cannot be now, which is said."""
        state = self._state
        self._forced |= news
        if state.busy:
            if news and seen.counts:
                state.note(sentences.DURING)
            return None
        forced, self._forced = self._forced, False
        result = followed_by(state, self._viewer)
        strokes, text = self._strokes_on(result)
        if text and forced and (self._drawing.on or seen.counts):
            state.note(text)
        if result is not None and not seen.counts:
            self._show_own(result)
        if result is None or strokes is None or not (forced or result.reading == FROM_STROKES):
            return None
        params = wanted_params(result.segmentation, state.params, state.detail)
        comparable = result.strokes_as == params.strokes_as
        return Question(result.segmentation, seen, strokes, params, result.shown, comparable, self.with_doubt)

    def _strokes_on(self, result: LayerResult | None) -> tuple[NDArray[Any] | None, str]:
        """Return what is drawn on the image of a result, or why it cannot be followed."""
        meaning = self._state.params.strokes_as
        if text := sentences.advice(self._drawing.seen, meaning):
            return None, text
        if meaning == "network" or result is None:
            return None, sentences.NETWORK if meaning == "network" else sentences.RUN_FIRST
        try:
            strokes = self._drawing.seen_on(result.run_input)
        except ImageError as error:
            return None, sentence(str(error))
        return strokes, sentences.ELSEWHERE if strokes is None else ""

    def _on_answered(self, outcome: Outcome) -> None:
        question, found = outcome.question, outcome.found
        result, layer = followed_by(self._state, self._viewer), self._drawing.layer
        ours = result is not None and result.segmentation is question.segmentation and not self._state.busy
        if layer is None or result is None or not ours:
            self._forced = self._wanted = layer is not None
        elif isinstance(found, Failure):
            self._last = question.same
            self._fail(found.error)
        else:
            self._last = question.same
            shown = show(self._viewer, result, layer, found)
            if shown is not None:
                self._drawing.take(found)
                said_already = self._run_ended and question.comparable and not found.share
                self._state.take(shown, "" if said_already else sentences.said(found))
            self._run_ended = False
        self._rest()

    def _show_own(self, result: LayerResult) -> None:
        self._last = ()
        self._drawing.take(None)
        if self._drawing.layer is not None:
            shown = show_own(self._viewer, result, self._drawing.layer)
            if shown is not None:
                self._state.take(shown, sentences.NOTHING)

    def _rest(self) -> None:
        self._working = False
        if self._wanted and self._drawing.layer is not None:
            self._soon.start()
        else:
            self._wanted = False

    def _fail(self, error: Exception) -> None:
        text = str(error) or type(error).__name__
        self._state.note(f"Strokes could not be followed: {text}.")
        if not isinstance(error, SegmentationError):  # a defect of ours: with the traceback to report
            notification_manager.dispatch(ErrorNotification(error))

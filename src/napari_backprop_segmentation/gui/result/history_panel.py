"""A slider over the iterations that are kept of a run, and what can be done with one of them."""

from collections.abc import Callable
from typing import Any

from magicgui.widgets import PushButton
from qtpy.QtCore import QSignalBlocker, Qt
from qtpy.QtWidgets import QSlider, QVBoxLayout, QWidget

from napari_backprop_segmentation.gui.forms import Folded, side_by_side, text_label
from napari_backprop_segmentation.gui.run.run_state import History, Moment
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.pipeline.messages import count

SLIDER = (
    "Look back at what the network saw at earlier iterations, before labels merged.\n"
    "At the right end are the labels of the run again. Nothing is changed by looking."
)
USE = (
    "Make regions, classes or objects from the network of this iteration: what a run stopped there would have found.\n"
    "Nothing is trained. Labels that you have edited stay in their layer."
)
GO_ON = (
    "Train a copy of the network of this iteration, with the settings above: a new run.\n"
    "The number of channels and layers stays."
)
LATER = "Once the run has ended."
CHOOSE = "Move the slider to an iteration first."
MEGABYTE = 2**20


def kept_in_words(history: History) -> str:
    """Return how much is kept.

    Examples
    --------
    >>> kept_in_words(History())
    'Kept 0 of 0 iterations, 0.0 MB.'
    """
    coarse = history[0].factor if len(history) else 1
    text = f"Kept {len(history)} of {count(history.n_iterations, 'iteration')}, {history.nbytes / MEGABYTE:.1f} MB."
    return text if coarse == 1 else f"{text} Shown at 1/{coarse} of the size."


class HistoryPanel:
    """A section, folded at first; there while something is kept to look back at.

    Parameters
    ----------
    state : State
    use, go_on : callable
        Make a result of the iteration that is looked back at; begin a run from it.

    Attributes
    ----------
    folded : Folded
    slider : QSlider
    use_button, go_on_button : PushButton
    """

    def __init__(self, state: State, use: Callable[[], None], go_on: Callable[[], None]) -> None:
        self._state = state
        self.slider = QSlider(Qt.Orientation.Horizontal)
        self.slider.setRange(0, 0)
        self.slider.setToolTip(SLIDER)
        self.slider.setAccessibleName("Iteration")
        self._where, self._about = text_label(), text_label(dim=True)
        self.use_button = PushButton(text="Use this one", tooltip=USE)
        self.go_on_button = PushButton(text="Continue from here", tooltip=GO_ON)
        self.slider.valueChanged.connect(self._look)
        self.use_button.changed.connect(lambda _: use())
        self.go_on_button.changed.connect(lambda _: go_on())
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        for widget in (self._where, self.slider, side_by_side([self.use_button, self.go_on_button]), self._about):
            layout.addWidget(widget)
        self.folded = Folded("History", content)
        events = state.events
        for signal in (events.phase, events.run, events.result, events.labels, events.input, events.moment):
            signal.connect(self._update)
        self.folded.button.toggled.connect(self._on_folded)
        self._update()

    @property
    def text(self) -> str:
        """Which iteration is shown, and what is kept, in words."""
        return f"{self._where.text()} {self._about.text()}"

    def _look(self, position: int) -> None:
        history = self._state.history
        if history is None:
            return
        self._state.look_back(Moment(history, history[position]) if position < len(history) else None)

    def _on_folded(self, unfolded: bool) -> None:
        """Show the labels of the run again where nobody can see the slider."""
        if not unfolded:
            self._state.look_back(None)

    def _update(self, _: Any = None) -> None:
        history, moment, busy = self._state.history, self._state.moment, self._state.busy
        self.folded.setVisible(bool(history))
        if not history:
            return
        iterations = [kept.iteration for kept in history]
        here = len(iterations)
        if moment is not None:  # of a run that goes on it may have been dropped meanwhile
            here = max((i for i, n in enumerate(iterations) if n <= moment.kept.iteration), default=0)
        with QSignalBlocker(self.slider):
            self.slider.setRange(0, len(iterations))
            self.slider.setValue(here)
        self._where.setText(self._in_words(moment))
        self._about.setText(kept_in_words(history))
        usable = moment is not None and bool(moment.kept.weights)
        for button, tip in ((self.use_button, USE), (self.go_on_button, GO_ON)):
            button.enabled = usable and not busy
            button.tooltip = f"{tip}\n\n{LATER if busy else '' if usable else CHOOSE}".rstrip()

    def _in_words(self, moment: Moment | None) -> str:
        if moment is not None:
            return f"Iteration {moment.kept.iteration}, {count(moment.kept.n_labels)} of the network."
        return "The run as it is now." if self._state.busy else "The result."

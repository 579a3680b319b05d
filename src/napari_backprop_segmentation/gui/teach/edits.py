"""Labels that were edited by hand, carried into the next run: a tick in the panel."""

from typing import Any

import numpy as np
from magicgui.widgets import CheckBox
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.teaching.edits import FREE, fixed_labels


class KeepEdits:
    """The tick *Respect my edits*.

    Parameters
    ----------
    state : State

    Attributes
    ----------
    tick : CheckBox
        Hidden while there are no labels of a run that could have been edited.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self.tick = CheckBox(
            text="Respect my edits in the next run",
            tooltip="Labels that you have painted, erased, merged, split, added or removed stay as they are when you\n"
            "press Run again on the same image, and the run learns from them.",
        )
        for signal in (state.events.result, state.events.labels, state.events.phase):
            signal.connect(self._update)
        self._update()

    def fixed(self, run_input: RunInput) -> NDArray[np.int64] | None:
        """Return what is fixed in the next run on an image, see `fixed_labels`; None where nothing is."""
        result = self._state.target_result or self._state.result
        if not self.tick.value or result is None or result.layer is None or not result.edited:
            return None
        if result.run_input.origin != run_input.origin or result.run_input.shape != run_input.shape:
            return None
        before, after = (np.asarray(labels).reshape(run_input.shape) for labels in (result.shown, result.layer.data))
        if result.strokes_as == "kinds":  # of a kind only what was painted is sure, not all of it
            return np.where(before != after, after, FREE).astype(np.int64)
        return fixed_labels(before, after)

    def _update(self, _: Any = None) -> None:
        result = self._state.target_result or self._state.result
        self.tick.native.setVisible(result is not None and not self._state.busy)

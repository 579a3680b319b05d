"""What is kept of the iterations of a run, in its thread: as much as costs little beside training. No Qt here."""

import time
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ENGINE_ERRORS, of_memory
from napari_backprop_segmentation.network.history import History

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.step import Step

SHARE = 0.1  # of the time of a run may be spent on label images that nobody has asked to see
FREE = 0.2  # seconds that may be, whatever their share


class Remembering:
    """Fills a history while a run goes on; of series and of several trainings nothing is kept.

    Parameters
    ----------
    history : History
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._began, self._spent = time.monotonic(), 0.0

    def take(self, step: "Step", labels: NDArray[Any] | None = None) -> None:
        """Keep a step, if it is wanted and there is time; its numbers are asked for, so whoever calls waits already.

        Parameters
        ----------
        step : Step
        labels : (*spatial) int array, optional
            Its label image, if it was made already.
        """
        if step.place or step.run[1] > 1:
            return
        self._history.pass_by(step.iteration)
        began = time.monotonic()
        short = self._spent > max(FREE, SHARE * (began - self._began))
        if not self._history.wants(step.iteration) or (labels is None and short):
            return
        labels = picture(step) if labels is None else labels
        if labels is not None:
            self._history.add(step.iteration, step.n_labels, labels, step.weights)
        self._spent += time.monotonic() - began


def picture(step: "Step") -> NDArray[Any] | None:
    """Return the labels of a step; None where there is no memory for them: a picture less, and the run goes on."""
    try:
        return step.labels
    except ENGINE_ERRORS as error:
        if not of_memory(error):
            raise
        return None

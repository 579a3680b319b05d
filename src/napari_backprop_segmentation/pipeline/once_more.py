"""A run that is made once more, as its image is of another kind than it was taken for: seen as one run."""

import logging
from dataclasses import replace

from napari_backprop_segmentation.errors import MistakenKind
from napari_backprop_segmentation.pipeline import dispatch
from napari_backprop_segmentation.pipeline.dispatch import trained
from napari_backprop_segmentation.pipeline.downsampling import Steps
from napari_backprop_segmentation.pipeline.request import Request

__all__ = ["segmented", "trained"]

logger = logging.getLogger(__name__)


class _Counted:
    """Follows runs, and knows how many steps and seconds they have taken."""

    def __init__(self) -> None:
        self._iterations, self._seconds = 0, 0.0

    def follow(self, steps: Steps, again: bool = False) -> Steps:
        """Yield the steps of a run, numbered on; those of one that is made again follow those of twice as many."""
        iterations, seconds, command = self._iterations, self._seconds, None
        try:
            while True:
                step = steps.send(command)
                self._iterations, self._seconds = iterations + step.iteration, seconds + step.seconds
                if again:
                    number, n_runs = step.run
                    run = n_runs + number, 2 * n_runs
                    step = replace(step, iteration=self._iterations, seconds=self._seconds, run=run)
                command = yield step
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        finally:
            steps.close()


def segmented(request: Request) -> Steps:
    """Take all of a run, and once more as any image where it was mistaken for one of a kind that it is not."""
    runs = _Counted()
    try:
        return (yield from runs.follow(dispatch.segmented(request)))
    except MistakenKind as mistaken:
        kind = mistaken.kind
    logger.info("this does not look like an image for the preset %s any more; once more as any image", kind)
    found = yield from runs.follow(dispatch.segmented(request.as_any()), again=True)
    return found.noted({"mistaken": kind})

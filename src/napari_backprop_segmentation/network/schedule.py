"""Trainings that follow each other, seen as one."""

from collections.abc import Generator
from dataclasses import replace

from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.step import Command, Step


class TrainingSequence:
    """Counts the steps of several trainings.

    Attributes
    ----------
    steps : int
        Taken so far.
    seconds : float
        They took.
    stopped : bool
        Whether somebody has sent ``"stop"``: then no further training should begin.
    """

    def __init__(self) -> None:
        self.steps, self.seconds, self.stopped = 0, 0.0, False

    def follow(
        self,
        steps: Generator[Step, Command | None, Model],
        *,
        place: tuple[int, ...] = (),
        run: tuple[int, int] = (1, 1),
    ) -> Generator[Step, Command | None, Model]:
        """Yield the steps of the next training, numbered on, and return its model.

        Parameters
        ----------
        steps : generator
            From `train`.
        place, run : tuple of int
            What is trained, see `Step`.
        """
        first, earlier, command = self.steps, self.seconds, None
        try:
            while True:
                step = steps.send(command)
                self.steps, self.seconds = first + step.iteration, earlier + step.seconds
                command = yield replace(step, iteration=self.steps, seconds=self.seconds, place=place, run=run)
                self.stopped = self.stopped or command == "stop"
        except StopIteration as done:
            model: Model = done.value
            return model
        finally:
            steps.close()

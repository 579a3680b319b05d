"""When and on what the network of a series is trained."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from itertools import product

from napari_backprop_segmentation.image.source import Part, Place
from napari_backprop_segmentation.network.estimate import MOST_CROPS
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.schedule import TrainingSequence
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.sections import Training
from napari_backprop_segmentation.pipeline.iteration import adapting_iterations
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.training import train_on


class TrainingSchedule:
    """Decides when and on what the network of a series is trained."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._model = job.model
        self._sequence, self._trainings = TrainingSequence(), 0
        self._at: Place | None = None  # what was trained for last
        one_for_all = job.params.frames == "once" or job.params.by_class  # classes are compared by one network
        self._once = one_for_all or job.strokes is not None or job.iterated[0] != "T"

    @property
    def model(self) -> Model:
        """The network as it is now."""
        if self._model is None:
            raise ValueError("model must be trained first, got none; take all steps of `before`")
        return self._model

    @property
    def steps(self) -> int:
        """How many training steps were taken."""
        return self._sequence.steps

    @property
    def stopped_by(self) -> str:
        """Why training ended, in words."""
        if self._job.model is not None:
            return "labelled by a network trained before"
        if self._sequence.stopped:
            return "stopped by you"
        return self.model.stopped_by if self._trainings == 1 else f"all {self._trainings} frames done"

    def before(self, place: Place) -> Generator[Step, Command | None, None]:
        """Train what must be trained before a part is labelled."""
        if self._job.model is not None or self._sequence.stopped or place == self._at:
            return
        self._at = place
        if self._model is not None and (self._once or any(place[1:])):
            return
        places, training = self._places(place), Training.of(self._job.params)
        if self._model is not None:
            training = replace(training, iterations=adapting_iterations(training))
        self._model = yield from self._sequence.follow(self._training(places, training), place=places[0])
        self._trainings += 1

    def _places(self, place: Place) -> list[Place]:
        """Return the parts to learn from, one from the middle first: it is what the user sees."""
        job = self._job
        if job.strokes is not None:
            places = [p for p in job.source.places(len(job.iterated)) if job.strokes[p].any()]
        else:
            ranges = [range(n) for n in job.sizes] if self._once else [[place[0]], *(range(n) for n in job.sizes[1:])]
            places = list(product(*ranges))
        chosen = spread(places, MOST_CROPS)
        middle = len(chosen) // 2
        return [*chosen[middle:], *chosen[:middle]]

    def _training(self, places: Sequence[Place], training: Training) -> Generator[Step, Command | None, Model]:
        job = self._job
        parts: list[Part] = [job.source.at(place) for place in places]
        seen = job.seen_strokes
        strokes = None if seen is None else [seen[place] for place in places]
        return train_on(job, parts, training, strokes, self._model)


def spread(members: Sequence[Place], most: int) -> list[Place]:
    """Return at most so many of some places, evenly spread: the middles of equal spans."""
    count = min(len(members), most)
    return [members[int((i + 0.5) * len(members) / count)] for i in range(count)]

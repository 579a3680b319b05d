"""Frame after frame and slice after slice: one network for all of them, or one that adapts, and numbers that stay."""

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.build import build_tree
from napari_backprop_segmentation.hierarchy.linking import LabelLinker, LinkedTrees
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import ArraySource, Part, Place
from napari_backprop_segmentation.network import loop
from napari_backprop_segmentation.network.estimate import MOST_TREE_PIXELS, MOST_VIEWS
from napari_backprop_segmentation.network.loop import Command, Step
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.planning import Plan
from napari_backprop_segmentation.network.schedule import TrainingSequence
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.image import (
    Extras,
    Found,
    fine_regions,
    objects_among,
    objects_of,
    reused,
    without_network,
)
from napari_backprop_segmentation.pipeline.iteration import adapting_iterations

MOST_SERIES_PIXELS = 4 * MOST_TREE_PIXELS  # above, the merge trees are not kept for the Detail slider


@dataclass(frozen=True)
class Task:
    """What is asked of a series.

    Attributes
    ----------
    source : ArraySource
    iterated : str
        The axes that are gone through one by one, see `costs.iterated_axes`.
    params : Params
    plan : Plan
        For one frame or slice.
    extras : Extras
    drawn : (*spatial) int array, optional
        Scribbles.
    """

    source: ArraySource
    iterated: str
    params: Params
    plan: Plan
    extras: Extras
    drawn: NDArray[np.integer[Any]] | None = None

    @property
    def sizes(self) -> tuple[int, ...]:
        """Lengths of the axes that are gone through."""
        return self.source.shape[1 : 1 + len(self.iterated)]

    def places(self) -> Iterator[Place]:
        """Yield all frames and slices in order, and tell of each once it is done with."""
        for number, place in enumerate(self.source.places(len(self.iterated)), start=1):
            yield place
            if self.extras.labelled is not None:
                self.extras.labelled(number, math.prod(self.sizes))

    @property
    def learns(self) -> bool:
        """Whether there is a network."""
        return self.params.method not in STEPLESS or self.extras.trained is not None

    @property
    def merges(self) -> bool:
        """Whether regions are merged; what was drawn keeps the numbers it was drawn with."""
        return self.learns and self.plan.merges and self.drawn is None


def run_series(task: Task) -> Generator[Step, Command | None, tuple[Found, Model | None]]:
    """Segment every frame and slice of an image.

    Yields
    ------
    Step
        One an iteration; `place` says which part is looked at.

    Returns
    -------
    found : Found
        Labels of all parts under linked numbers; as trained they need no linking, the network's own channels stay.
    model : Model or None
        As it was in the end.
    """
    collected = Collected(task)
    if not task.learns:
        for place in task.places():
            collected.add(place, without_network(task.source.at(place), task.params).labels)
        return collected.found(), None
    schedule = TrainingSchedule(task)
    for place in task.places():
        yield from schedule.before(place)
        model, part = schedule.model, task.source.at(place)
        if task.merges:
            collected.add_tree(place, build_tree(model, part, task.extras.merge))
        else:
            collected.add(place, model.predict(part))
    return collected.found(), schedule.model


class TrainingSchedule:
    """Decides when and on what the network is trained."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._model: Model | None = None
        self._sequence, self._trainings = TrainingSequence(), 0
        self._once = task.params.frames == "once" or task.drawn is not None or task.iterated[0] != "T"
        if task.extras.trained is not None:
            part = task.source.at((0,) * len(task.iterated))
            self._model = reused(task.extras.trained, task.params, task.plan, part)
            self._sequence.stopped = True

    @property
    def model(self) -> Model:
        """The network as it is now."""
        if self._model is None:
            raise ValueError("model must be trained first, got none; take all steps of `before`")
        steps, stopped = self._sequence.steps, self._sequence.stopped
        reason = "stopped by you" if steps and stopped else self._model.stopped_by
        if self._trainings > 1 and not stopped:
            reason = f"all {self._trainings} frames done"
        return replace(self._model, iterations=steps, stopped_by=reason)

    def before(self, place: Place) -> Generator[Step, Command | None, None]:
        """Train what must be trained before a part is labelled."""
        if self._sequence.stopped or (self._model is not None and (self._once or any(place[1:]))):
            return
        places = self._places(place)
        params = self._task.params
        if self._model is not None:
            params = params.replace(iterations=adapting_iterations(params))
        model = yield from self._sequence.follow(self._training(places, params), place=places[0])
        self._model = replace(model, params=self._task.params)
        self._trainings += 1

    def _places(self, place: Place) -> list[Place]:
        """Return the parts to learn from, one from the middle first: it is what the user sees."""
        task = self._task
        if task.drawn is not None:
            places = [p for p in task.source.places(len(task.iterated)) if task.drawn[p].any()]
        else:
            ranges = [range(n) for n in task.sizes] if self._once else [[place[0]], *(range(n) for n in task.sizes[1:])]
            places = list(product(*ranges))
        chosen = [places[i] for i in _spread(len(places), MOST_VIEWS)]
        middle = len(chosen) // 2
        return [*chosen[middle:], *chosen[:middle]]

    def _training(self, places: Sequence[Place], params: Params) -> Generator[Step, Command | None, Model]:
        task = self._task
        parts: list[Part] = [task.source.at(place) for place in places]
        scribbles = None if task.drawn is None else [task.drawn[place] for place in places]
        return loop.train(parts, params, task.plan, scribbles, self._model)


class Collected:
    """Puts the parts together: their labels under linked numbers, and their merge trees.

    Objects are looked for in whole frames: where a volume was divided slice by slice, among the regions of all slices.
    Outlined ones are regions of the trees, so those of slices are joined.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        spatial = task.source.shape[1:]
        self._keeps_trees = task.merges and task.extras.out is None and math.prod(spatial) <= MOST_SERIES_PIXELS
        self._from_trees = self._keeps_trees and task.params.objects == "off"
        self._links = task.merges or not task.learns
        self._trees: list[Hierarchy | LinkedTrees] = []
        self._out = task.extras.out
        if self._out is None and not self._from_trees:
            dtype = np.int32 if self._links else label_dtype(task.params.n_channels)
            self._out = np.empty(spatial, dtype)
        self._through_time, self._through_depth = LabelLinker(), LabelLinker()
        self._slices: list[NDArray[Any]] = []

    def add_tree(self, place: Place, tree: Hierarchy) -> None:
        """Take the merge tree of the next part; parts come in order."""
        if self._keeps_trees:
            self._trees.append(tree)
        params = self._task.params
        if params.objects == "off":
            if not self._from_trees:
                self.add(place, tree.cut(params.detail))
        elif self._task.iterated[-1] == "Z" and params.objects != "outlined":
            self._add_objects(place, fine_regions(tree))
        else:
            self.add(place, objects_of(tree, self._task.source.at(place), params))

    def add(self, place: Place, labels: NDArray[Any]) -> None:
        """Take the labels of the next part; parts come in order."""
        if not self._links:
            self._out[place] = labels
        elif self._task.iterated != "TZ":
            self._out[place] = self._through_time(labels)
        else:
            if place[-1] == 0:
                self._through_depth = LabelLinker()
            volume = self._volume(place, self._through_depth(labels))
            if volume is not None:
                self._out[place[:-1]] = self._through_time(volume)

    def _add_objects(self, place: Place, regions: NDArray[Any]) -> None:
        first = int(self._slices[-1].max()) if place[-1] else 0
        volume = self._volume(place, regions.astype(np.int32) + first)
        if volume is None:
            return
        found = objects_among(volume, self._task.source.at(place[:-1]), self._task.params)
        self._out[place[:-1]] = self._through_time(found) if len(place) > 1 else found

    def _volume(self, place: Place, labels: NDArray[Any]) -> NDArray[Any] | None:
        """Take a slice; return the volume once it is complete."""
        self._slices = [*self._slices, labels] if place[-1] else [labels]
        return np.stack(self._slices) if place[-1] == self._task.sizes[-1] - 1 else None

    def found(self) -> Found:
        """Return everything, once all parts are there."""
        tree = self._linked_trees()
        if self._from_trees and tree is not None:
            return Found(tree.cut(self._task.params.detail), True, tree)
        if self._task.extras.out is None and self._links:
            self._out = self._out.astype(label_dtype(int(self._out.max())), copy=False)
        return Found(self._out, self._task.merges, tree)

    def _linked_trees(self) -> LinkedTrees | None:
        if not self._keeps_trees:
            return None
        if self._task.iterated != "TZ":
            return LinkedTrees(self._trees)
        depth = self._task.sizes[1]
        volumes = [LinkedTrees(self._trees[i : i + depth]) for i in range(0, len(self._trees), depth)]
        return LinkedTrees(volumes)


def _spread(n: int, most: int) -> list[int]:
    """Return at most so many of n numbers, evenly spread: the middles of equal spans."""
    count = min(n, most)
    return [int((i + 0.5) * n / count) for i in range(count)]

"""Who answers strokes: what an image looks like is found out once, then every stroke is answered in a moment."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.linking import LinkedTrees, single_trees
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.answer import Answer
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.series_output import SeriesLabels
from napari_backprop_segmentation.teaching import strokes as lessons
from napari_backprop_segmentation.teaching.patches import Patches, make_patches


@dataclass
class Teacher:
    """Answers strokes on one image, volume or series.

    Parameters
    ----------
    job : Job
    model : Model
    trees : sequence of Hierarchy
        Of each frame or slice as the run has seen it, in order.
    see : callable, optional
        Returns what objects can be seen without strokes in the image, if it is a single one.
    """

    job: Job
    model: Model
    trees: Sequence[Hierarchy]
    see: Callable[[], Sequence[lessons.Offered]] | None = None
    _patches: dict[int, Patches] = field(default_factory=dict, repr=False)

    def prepare(self) -> None:
        """Find out what the image looks like; takes about two seconds a megapixel, and is done once."""
        for number in range(len(self.trees)):
            self._patches_of(number)

    def answer(self, strokes: lessons.Strokes, params: Params) -> Answer:
        """Return what strokes lead to.

        Parameters
        ----------
        strokes : (*spatial) int array
            On the image as it was given, from 1; 0 where nothing is drawn.
        params : Params
            What strokes mean (`Teaching`), and how objects are divided (`Objects`).

        Raises
        ------
        ImageError
            If this cannot be learned from.
        """
        binning = self.job.binning
        parts = [binning.strokes(strokes)[place] for place in self._places()]
        if params.strokes_as == "pieces":
            found: NDArray[Any] = lessons.in_pieces(self.trees, parts, params.detail)
            return Answer(_with_strokes(binning.enlarged(found), strokes), binning)
        taught = lessons.taught([self._patches_of(i) for i in range(len(parts))], parts, params.seed)
        return self._answer(taught, strokes, params)

    def lesson(self, strokes: lessons.Strokes, params: Params) -> lessons.Lesson:
        """Return what strokes teach of kinds, for other images; parameters and errors as of `answer`."""
        drawn = self.job.binning.strokes(strokes)
        parts = [drawn[place] for place in self._places()]
        learned = lessons.learned([self._patches_of(i) for i in range(len(parts))], parts, params.seed)
        return lessons.Lesson.of(learned, params.strokes_as)

    def follow(self, lesson: lessons.Lesson, params: Params) -> Answer:
        """Return the kinds that were taught on another image; see `answer`."""
        patches = [self._patches_of(i) for i in range(len(self.trees))]
        taught = [lessons.apply(lesson, each, np.zeros(each.index.shape, np.uint8)) for each in patches]
        nothing = np.zeros(self.job.image_shape[1:], np.uint8)
        return self._answer(taught, nothing, params.replace(strokes_as=lesson.strokes_as))

    def _answer(self, taught: Sequence[lessons.Taught], strokes: lessons.Strokes, params: Params) -> Answer:
        binning = self.job.binning
        if params.strokes_as == "objects":
            objects = self._objects(taught, Objects.of(binning.params(params)))
            return Answer(binning.enlarged(objects), binning, taught)
        found = binning.enlarged(np.stack([each.kinds for each in taught])).reshape(strokes.shape)
        return Answer(_with_strokes(found, strokes), binning, taught)

    def _objects(self, taught: Sequence[lessons.Taught], rules: Objects) -> NDArray[Any]:
        spacing = self.job.part.spacing
        found = [lessons.best_objects(each, self._seen, rules, spacing) for each in taught]
        if not self.job.iterated:
            return found[0]
        linked = SeriesLabels(replace(self.job, out=None, merges=True))
        for place, labels in zip(self._places(), found, strict=True):
            linked.add(place, labels)
        return np.asarray(linked.whole())

    @cached_property
    def _seen(self) -> Sequence[lessons.Offered]:
        return () if self.see is None else self.see()

    def _places(self) -> list[tuple[int, ...]]:
        return list(self.job.source.places(len(self.job.iterated)))

    def _patches_of(self, number: int) -> Patches:
        if number not in self._patches:
            part = self.job.source.at(self._places()[number])
            responses = self.model.all_responses(part)
            self._patches[number] = make_patches(part.read(part.whole), responses, self.trees[number])
        return self._patches[number]


def _with_strokes(labels: NDArray[Any], strokes: lessons.Strokes) -> NDArray[Any]:
    """Return labels that have the number of the stroke wherever something is drawn."""
    found: NDArray[Any] = np.where(strokes > 0, strokes, labels).astype(labels.dtype)
    return found


def teaching(
    job: Job,
    model: Model,
    tree: Hierarchy | LinkedTrees | None,
    see: Callable[[], Sequence[lessons.Offered]] | None = None,
) -> Callable[[], Teacher] | None:
    """Return what makes who answers strokes, if anybody can; see `Segmentation.teacher`."""
    if tree is None or job.params.by_class:
        return None
    return partial(Teacher, job, model, list(single_trees(tree)), see)

"""Who answers strokes on an image that does not fit the memory: window by window, each time anew."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from napari_backprop_segmentation.hierarchy.tree import PAINTED_SIDE, Hierarchy
from napari_backprop_segmentation.image.blocks import blocks
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.seeing import normalised_for
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.answer import Answer
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.written import Made, Written, seen_by
from napari_backprop_segmentation.teaching import strokes as lessons

ALONE = "compared what strokes show with no other way to see objects, as these need all of the image at once"


@dataclass
class BlockwiseTeacher:
    """Answers strokes as `Teacher` does: the same labels, but nothing of how sure it is.

    Parameters
    ----------
    job : Job
    model : Model
    tree : Hierarchy
        Of the image as the run has seen it; its finest regions are read window by window.
    """

    job: Job
    model: Model
    tree: Hierarchy

    def prepare(self) -> None:
        """Look at what surrounds the finest regions, which is done once."""
        _ = self._looked

    def answer(self, strokes: lessons.Strokes, params: Params) -> Answer:
        """Return what strokes lead to, see `Teacher.answer`; they are read window by window."""
        drawn = self.job.binning.strokes(strokes)
        if params.strokes_as == "pieces":
            found = lessons.Pieces.of(self.tree, drawn, params.detail)
            made = ((window, found.labels(window)) for window in blocks(self.tree.shape, PAINTED_SIDE))
            return self._answer(found.dtype, made, strokes)
        learned = lessons.learned_in_blocks(self._looked, drawn, params.seed)
        if params.strokes_as == "objects":
            return self._objects(learned, drawn, params)
        return self._kinds(learned, drawn, strokes)

    def lesson(self, strokes: lessons.Strokes, params: Params) -> lessons.Lesson:
        """Return what strokes teach of kinds, for other images."""
        drawn = self.job.binning.strokes(strokes)
        return lessons.Lesson.of(lessons.learned_in_blocks(self._looked, drawn, params.seed), params.strokes_as)

    def follow(self, lesson: lessons.Lesson, params: Params) -> Answer:
        """Return the kinds that were taught on another image."""
        if lesson.strokes_as == "objects":
            return self._objects(lesson, None, params)
        return self._kinds(lesson, None, None)

    def _objects(self, knows: lessons.Knows, drawn: Any, params: Params) -> Answer:
        """Return what follows from strokes alone: other ways to see objects are not compared with it."""
        rules = Objects.of(self.job.binning.params(params))
        kinds = lessons.blockwise_kinds(self._looked, knows)
        found = lessons.blockwise_objects(kinds, drawn, rules, self.job.part.spacing, self.job.work)
        self.job.less.notes.extend(dict.fromkeys((ALONE, *found.remarks)))
        painted = found.painted
        if painted is None:
            raise ValueError("objects must be painted, got none; ask for kinds")
        made = ((w, painted.table[painted.file[w]]) for w in blocks(self.tree.shape, PAINTED_SIDE))
        return self._answer(painted.table.dtype, made, None)

    def _kinds(self, knows: lessons.Knows, drawn: Any, strokes: Any) -> Answer:
        found = lessons.blockwise_kinds(self._looked, knows)

        def made() -> Made:
            for window, kinds in found.windows():
                yield window, kinds if drawn is None else _with_strokes(kinds, drawn[window])

        return self._answer(found.dtype, made(), strokes)

    def _answer(self, dtype: Any, made: Made, strokes: Any) -> Answer:
        """Return labels that have the number of the stroke wherever something is drawn."""
        whole = Written(self.job, "answered").enlarged(dtype, made)

        def with_strokes() -> Iterator[Any]:
            for window, labels in whole:
                yield window, labels if strokes is None else _with_strokes(labels, strokes[window])

        return Answer(Written(self.job, "answered")(dtype, with_strokes()), self.job.binning)

    @cached_property
    def _looked(self) -> lessons.Looked:
        model = self.model
        if model.statistics == "image":
            model = replace(model, network=normalised_for(model.network, model.input, self.job.part))
        return lessons.Looked.at(seen_by(self.job, model), self.tree, self.job.work)


def _with_strokes(labels: Any, strokes: Any) -> Any:
    drawn = np.asarray(strokes)
    return np.where(drawn > 0, drawn, labels).astype(labels.dtype)


def blockwise_teaching(job: Job, model: Model, tree: Any) -> Callable[[], BlockwiseTeacher] | None:
    """Return what makes who answers strokes, if anybody can; see `Segmentation.teacher`."""
    return (
        partial(BlockwiseTeacher, job, model, tree) if isinstance(tree, Hierarchy) and not job.params.by_class else None
    )

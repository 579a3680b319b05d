"""A network together with what strokes have taught: made of a result, and followed on another image."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.teaching.plain import strokes_from

KINDS = "kinds"  # in records: names and colours
LEARNED = ("kinds", "objects")  # what strokes can show that is learned


def taught_model(found: Segmentation, record: Mapping[str, Any] | None = None) -> Model | None:
    """Return the network of a result with what strokes have taught since, if they have; it is learned once more.

    Parameters
    ----------
    found : Segmentation
    record : mapping, optional
        Of the labels as they are now; that of the result if left out.
    """
    record = found.record if record is None else record
    drawn, meaning = record.get("drawn"), record["params"].get("strokes_as")
    if found.model is None or not drawn or meaning not in LEARNED or found.teacher is None:
        return found.model
    strokes = strokes_from(drawn, tuple(record["image_shape"][1:]))
    lesson = found.teacher.lesson(strokes, Params.from_dict(record["params"]))
    return replace(found.model, lesson=replace(lesson, told=record.get(KINDS) or {}))


def followed(found: Segmentation, job: Job) -> Segmentation:
    """Return a result that shows the kinds which the network of an earlier run brings with it."""
    lesson = None if job.model is None else job.model.lesson
    if lesson is None or found.teacher is None or job.examples is not None:
        return found
    teacher = found.teacher
    answer = teacher.follow(lesson, job.recorded)
    facts = {"regions": lesson.strokes_as, "drawn": {}, KINDS: dict(lesson.told)}
    record = {name: value for name, value in found.record.items() if name != "reading"} | facts
    return replace(found, labels=answer.labels, look=None, recount=None, teach=lambda: teacher, record=record)

"""Frame after frame and slice after slice: one network for all of them, or one that adapts, and numbers that stay."""

from collections.abc import Generator
from dataclasses import replace

from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.pipeline.frames import frame_tree, judged, knowing_all_classes
from napari_backprop_segmentation.pipeline.image import classical_labels
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.label import ending
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.series_output import SeriesOutput
from napari_backprop_segmentation.pipeline.teacher import teaching
from napari_backprop_segmentation.pipeline.training_schedule import TrainingSchedule


def segment_series(job: Job) -> Generator[Step, Command | None, Segmentation]:
    """Segment every frame and slice of an image.

    Yields
    ------
    Step
        One an iteration; `place` says which part is looked at.

    Returns
    -------
    Segmentation
        Labels of all parts under linked numbers; as trained they need no linking, the network's own channels stay. The
        model is as it was in the end.
    """
    if not job.learns:
        output = SeriesOutput(job)
        for place in job.places():
            output.add_labels(place, classical_labels(job, job.source.at(place)))
        return output.found().noted(ending("trained", f"{job.params.method} done", 0))
    schedule, known = TrainingSchedule(job), None
    if job.judges and job.merges and job.strokes is None:
        yield from schedule.before((0,) * len(job.iterated))
        job = judged(job, schedule.model)
    output = SeriesOutput(job)
    for place in job.places():
        yield from schedule.before(place)
        part, model = job.source.at(place), schedule.model
        if job.merges and job.params.by_class:
            model = known = knowing_all_classes(job, model) if known is None else known
        if job.merges:
            output.add_tree(place, frame_tree(job, part, model))
        else:
            output.add_labels(place, model.predict(part))
    found, model = output.found(), known or schedule.model
    found = replace(found, model=model, teach=teaching(job, model, found.hierarchy))
    kind = ("classes" if job.params.by_class else "merged") if job.merges else "trained"
    return found.noted(ending(kind, schedule.stopped_by, schedule.steps) | job.judged)


def train_series(job: Job) -> Generator[Step, Command | None, Model]:
    """Train on a series as `segment_series` does, without labelling it."""
    schedule = TrainingSchedule(job)
    for place in job.places():
        yield from schedule.before(place)
    return schedule.model

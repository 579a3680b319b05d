"""Which of the ways of running is taken: one image, a series, an ensemble; trained only, or labelled as well."""

from collections.abc import Generator
from typing import Any

from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline.downsampling import Steps, enlarged
from napari_backprop_segmentation.pipeline.edits import respecting
from napari_backprop_segmentation.pipeline.ensemble import segment_ensemble
from napari_backprop_segmentation.pipeline.image import segment_image, train_image
from napari_backprop_segmentation.pipeline.record import record_of
from napari_backprop_segmentation.pipeline.request import Request
from napari_backprop_segmentation.pipeline.series import segment_series, train_series
from napari_backprop_segmentation.pipeline.settle import settle
from napari_backprop_segmentation.pipeline.strokes import answered


def segmented(request: Request) -> Steps:
    """Take all of a run."""
    job = settle(request)
    try:
        if job.iterated:
            steps = segment_series(job)
        elif job.params.n_runs > 1:
            steps = segment_ensemble(job)
        else:
            steps = segment_image(job)
        found = yield from answered(enlarged(steps, job.binning), job)
        facts = record_of(job, request.image)
        facts["params"] |= found.record.get("params", {})  # what was decided when the merge tree was there
        return respecting(found.noted(facts), job)
    finally:
        job.work.kept.release()


def trained(request: Request) -> Generator[Any, Any, Model]:
    """Take the training of a run."""
    job = settle(request)
    return (yield from (train_series(job) if job.iterated else train_image(job)))

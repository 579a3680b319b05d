"""Which of the ways of running is taken: one image, a series, an ensemble; trained only, or labelled as well."""

from collections.abc import Generator

from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.pipeline.downsampling import Binning, enlarged
from napari_backprop_segmentation.pipeline.ensemble import segment_ensemble
from napari_backprop_segmentation.pipeline.image import segment_image, train_image
from napari_backprop_segmentation.pipeline.record import record_of
from napari_backprop_segmentation.pipeline.request import Request
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.series import segment_series, train_series
from napari_backprop_segmentation.pipeline.settle import settle


def segmented(request: Request) -> Generator[Step, Command | None, Segmentation]:
    """Take all of a run."""
    job = settle(request)
    if job.iterated:
        steps = segment_series(job)
    elif job.params.n_runs > 1:
        steps = segment_ensemble(job)
    else:
        steps = segment_image(job)
    height, width = job.image_shape[-2:]
    found = yield from enlarged(steps, Binning(job.source.preparation.binning, (height, width)))
    facts = record_of(job)
    facts["params"] |= found.record.get("params", {})  # what was decided when the merge tree was there
    return found.noted(facts)


def trained(request: Request) -> Generator[Step, Command | None, Model]:
    """Take the training of a run."""
    job = settle(request)
    return (yield from (train_series(job) if job.iterated else train_image(job)))

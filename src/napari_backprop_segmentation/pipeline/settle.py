"""From what a user asks to what is done: the image is opened, its kind looked at, and what was left open decided."""

import logging
import math
from collections.abc import Sequence
from dataclasses import replace

from napari_backprop_segmentation.image.ridges import source_ridges
from napari_backprop_segmentation.network.planning import free_memory, make_plan
from napari_backprop_segmentation.params.sections import Run, Training
from napari_backprop_segmentation.pipeline import binning_factor, checks
from napari_backprop_segmentation.pipeline.automatic import settled_params
from napari_backprop_segmentation.pipeline.estimate import memory_notes, merges_regions, part_bytes
from napari_backprop_segmentation.pipeline.iteration import iterated_axes
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.request import Request

logger = logging.getLogger(__name__)
PLANE_NDIM = 2
UNSURE = ("fast", "brightfield")  # presets that look for no objects
OPEN = frozenset({"objects", "reading", "regions"})  # settings that say what is wanted: if given, nothing is decided


def settle(request: Request) -> Job:
    """Return what is done.

    Raises
    ------
    ImageError, ParameterError
        If something does not fit the image, or does not go together.
    """
    source = request.source()
    image_shape = source.shape
    strokes = checks.check_strokes(request, source.shape[1:])
    examples = checks.pointed_at(request.examples, "examples", image_shape[1:])
    against = request.counter_examples
    if isinstance(against, Sequence) and not against:  # as the record of a result says it
        against = None
    params, kind = settled_params(request, source, strokes is not None)
    if examples is not None and not params.counts:
        params = params.replace(objects="auto").marked(params.given)
    iterated = iterated_axes(params, source.spatial_axes, source.shape[1:])
    ndim = len(source.shape) - 1 - len(iterated)
    if request.model is not None:
        params = checks.fitting_model(request.model, params, ndim)
    needs_ridges = params.initial_regions == "lines" or params.objects == "outlined"
    ridges = source_ridges(source) if needs_ridges and request.learns(params) else None
    factor = 1
    if ridges is not None and params.objects == "outlined" and ndim == PLANE_NDIM and request.model is None:
        factor = binning_factor.binning_factor(source, ridges) if request.out is None else 1
    if request.model is not None:
        factor = binning_factor.binning_of(request)
    if factor > 1:
        scaling = request.model.preparation.scaling if request.model else None
        source = source.binned(factor, params.normalisation, scaling)
        ridges = None if ridges is None else ridges.binned(factor)
        strokes = None if strokes is None else binning_factor.binned_strokes(strokes, factor)
        strokes = strokes if strokes is not None and strokes.any() else None
    part = source.shape[:1] + source.shape[1 + len(iterated) :]
    plan = make_plan(Training.of(params), Run.of(params), part)
    merges, notes = merges_regions(params, math.prod(part[1:]))
    if plan.device.type == "cpu" and request.out is None:
        needed = part_bytes(params, part, math.prod(plan.crop or part[1:]), plan.precision)
        notes += memory_notes(needed, free_memory(plan.device))
    for note in notes:
        logger.warning("this run %s", note)
    answers = strokes is None or params.strokes_as != "network"  # labels of the network keep their numbers
    in_one_piece = request.out is None or bool(iterated)
    job = Job(
        source=source,
        image_shape=image_shape,
        recorded=params,
        kind=kind,
        params=binning_factor.binned_params(params, factor),
        iterated=iterated,
        plan=plan,
        merges=merges and answers and in_one_piece and request.learns(params),
        merge=request.merge,
        ridges=ridges,
        strokes=strokes,
        model=request.model and request.model.on(plan.device),
        out=checks.checked_output(request, image_shape[1:]),
        progress=request.progress,
        fixed=checks.check_fixed(request.fixed, image_shape[1:]),
        may_count=kind in UNSURE and merges and not source.is_rgb and not OPEN & params.given,
        examples=examples,
        counter_examples=checks.pointed_at(against, "counter_examples", image_shape[1:]) or (),
        how_alike=checks.checked_share(request.how_alike),
        notes=notes,
    )
    checks.check_runs(replace(job, merges=merges))
    checks.check_regions(job)
    checks.check_examples(job)
    checks.check_taught(job)
    return job

"""From what a user asks to what is done: the image is opened, its kind looked at, and what was left open decided."""

import math
from collections.abc import Sequence
from dataclasses import replace

from napari_backprop_segmentation.image.ridges import source_ridges
from napari_backprop_segmentation.pipeline import binning_factor, checks, marks
from napari_backprop_segmentation.pipeline.automatic import settled_params
from napari_backprop_segmentation.pipeline.going_on import going_on
from napari_backprop_segmentation.pipeline.iteration import iterated_axes
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.request import Request, follows_lesson, with_lesson
from napari_backprop_segmentation.pipeline.resources import resources, with_work

PLANE_NDIM = 2
IN_BLOCKS = ("kinds", "objects", "pieces")  # what strokes can mean on an image that does not fit the memory
JUDGED_PIXELS = 2**20  # of an image of a recognised kind, above which the seconds that all readings take are not spent
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
    strokes = drawn = marks.check_strokes(request, source.shape[1:])
    examples = marks.pointed_at(request.examples, "examples", image_shape[1:])
    against = request.counter_examples
    if isinstance(against, Sequence) and not against:  # as the record of a result says it
        against = None
    request = with_lesson(request)
    params, kind = settled_params(request, source, strokes is not None or follows_lesson(request))
    if examples is not None and not params.counts:
        params = params.replace(objects="auto").marked(params.given)
    iterated = iterated_axes(params, source.spatial_axes, source.shape[1:])
    ndim = len(source.shape) - 1 - len(iterated)
    if request.model is not None:
        params = checks.fitting_model(request.model, params, ndim, request.statistics)
    if request.start is not None:
        params = going_on(request, params, (source.shape[0], ndim), bool(iterated))
    needs_ridges = params.initial_regions == "lines" or params.objects == "outlined"
    ridges = source_ridges(source) if needs_ridges and request.learns(params) else None
    factor = 1
    if request.model is not None or request.binning is not None:
        factor = binning_factor.binning_of(request)
    elif ridges is not None and params.objects == "outlined" and ndim == PLANE_NDIM:
        factor = binning_factor.binning_factor(source, ridges) if request.out is None else 1
    if factor > 1:
        source = source.binned(factor, params.normalisation, request.scaling)
        ridges = None if ridges is None else ridges.binned(factor)
        strokes = None if strokes is None else binning_factor.binned_strokes(strokes, factor)
        strokes = strokes if strokes is not None and strokes.any() else None
    part = source.shape[:1] + source.shape[1 + len(iterated) :]
    plan, fits, notes = resources(request, params, part, iterated)
    small = not params.counts or math.prod(part[1:]) <= JUDGED_PIXELS
    answers = strokes is None or params.strokes_as != "network"  # labels of the network keep their numbers
    in_one_piece = request.out is None or bool(iterated)
    merges = fits and answers and in_one_piece and request.learns(params)
    answered = strokes is None or params.strokes_as in IN_BLOCKS
    plain = not merges and not iterated and answered
    in_blocks = plain and request.learns(params) and params.merges_in_blocks
    open_ = kind is not None and not OPEN & params.given
    sampled = in_blocks and not params.counts and strokes is None and not follows_lesson(request)
    job = Job(
        source=source,
        image_shape=image_shape,
        recorded=params,
        kind=kind,
        params=binning_factor.binned_params(params, factor),
        iterated=iterated,
        plan=plan,
        merges=merges,
        merge=request.merge,
        in_blocks=in_blocks,
        ridges=ridges,
        strokes=strokes,
        drawn=drawn,
        model=request.model and request.model.on(plan.device).by(params.statistics),
        start=request.start,
        go_on=request.go_on,
        keep_weights=request.keep_weights,
        out=checks.checked_output(request, image_shape[1:]),
        progress=request.progress,
        fixed=marks.check_fixed(request.fixed, image_shape[1:]),
        judges=open_ and ((fits and iterated in ("", "T") and small) or sampled),
        examples=examples,
        counter_examples=marks.pointed_at(against, "counter_examples", image_shape[1:]) or (),
        how_alike=marks.checked_share(request.how_alike),
        notes=notes,
    )
    checks.check_runs(replace(job, merges=fits))
    checks.check_regions(job)
    marks.check_examples(job)
    marks.check_taught(job)
    return with_work(request, job)

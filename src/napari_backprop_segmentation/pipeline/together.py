"""One network for several images, of any sizes: what it has learned means the same in all of them, and in others."""

from collections.abc import Generator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from napari_backprop_segmentation.errors import ParameterError, engine_errors
from napari_backprop_segmentation.hierarchy.merge import Merge, merge_regions
from napari_backprop_segmentation.network.allocator import reused_memory
from napari_backprop_segmentation.network.model import Model, Start
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.knowledge import knowing_classes_of, lesson_of
from napari_backprop_segmentation.pipeline.reference_training import train_on_references
from napari_backprop_segmentation.pipeline.references import LeftOut, settled_together
from napari_backprop_segmentation.pipeline.request import Request


def train_together(
    images: Sequence[Any],
    params: Params | None = None,
    *,
    axes: str | Sequence[str | None] | None = None,
    spacing: Sequence[Any] | None = None,
    strokes: Sequence[Any] | None = None,
    channels: Sequence[int] | None = None,
    start: Start | None = None,
    keep_weights: bool = False,
    merge: Merge = merge_regions,
    left_out: LeftOut | None = None,
) -> Generator[Step, Command | None, Model]:
    """Train one network on several images and watch: yields a Step an iteration and returns the Model.

    Given to `run` as ``model``, it labels these images and others. What it was taught means the same in all of them:
    with ``regions="classes"`` alike regions have one number in all images, and kinds that were drawn on any of them
    are found in all.

    Parameters
    ----------
    images : sequence of array-like
        Of any sizes, with the same channels; see `run`. Of series and slices a few are looked at.
    params : Params, optional
        See `References` for how images share the training; the rest as for `run`.
    axes : str or sequence of str, optional
        Of all images, or one for each.
    spacing : sequence of float, or sequence of these, optional
        Of all images, or one for each.
    strokes : sequence of (*spatial) int arrays and None, optional
        One for each image, drawn on it as it is given: all of them together teach the same kinds.
    channels : sequence of int, optional
        Of all images.
    start : Model, optional
        What training goes on from.
    keep_weights : bool
        See `run`.
    merge : callable
        See `run`.
    left_out : callable, optional
        Is told the number, from 0, of an image that cannot be trained on, and why, and the others are trained on; an
        error if left out.

    Yields
    ------
    Step
        With the labels of the image that is looked at, if there is one only, else a preview of the first.

    Returns
    -------
    Model

    Raises
    ------
    ImageError, ParameterError
        If an image cannot be trained on, or not with the others.
    MemoryLimitError, EngineError
        If the run does not fit the memory, or the engine fails.

    Examples
    --------
    >>> import numpy as np
    >>> from napari_backprop_segmentation.pipeline.run import finish, run
    >>> dark, bright = np.full((2, 32, 32), 20, np.uint8)
    >>> dark[8:24, 8:24], bright[4:12] = 200, 200
    >>> params = Params(n_channels=8, iterations=4, regions="classes")
    >>> model = finish(train_together([dark, bright], params, axes="YX"))
    >>> one, other = (finish(run(each, params, model=model)).labels for each in (dark, bright))
    >>> bool(one[16, 16] == other[8, 16]), bool(one[16, 16] == other[30, 30])
    (True, False)
    """
    chosen = Params() if params is None else params
    _check_kinds(images, chosen, merge, left_out)
    n = len(images)
    requests = [
        Request(
            image, chosen, letters, size, drawn, channels, start=start, keep_weights=keep_weights, merge=merge
        )
        for image, letters, size, drawn in zip(
            images,
            _each("axes", axes, n, isinstance(axes, str)),
            _each("spacing", spacing, n, _are_numbers(spacing)),
            _each("strokes", strokes, n, False),
            strict=True,
        )
    ]  # fmt: skip
    with engine_errors(), reused_memory():
        settled = settled_together(requests, left_out)
        model = yield from train_on_references(settled)
        model = knowing_classes_of(replace(model, preparation=settled.preparation), settled.jobs)
        return replace(model, lesson=lesson_of(settled.jobs, model))


def total_steps_together(params: Params, n_images: int) -> int:
    """Return the most steps that training on so many images can have."""
    groups = n_images // params.images_at_once if params.turns == "sequence" else 1
    return params.iterations * max(1, groups)


def _check_kinds(images: Any, params: Any, merge: Any, left_out: Any) -> None:
    """Refuse what cannot be used as what it is given for."""
    if not _is_list(images):
        raise ParameterError(f"images must be a list of images, got {type(images).__name__}; put them into a list")
    if not isinstance(params, Params):
        raise ParameterError(f"params must be a Params, got {params!r}; axes and spacing are given by name")
    for name, given in (("merge", merge), ("left_out", left_out)):
        if not callable(given) and not (given is None and name == "left_out"):
            raise ParameterError(f"{name} must be callable, got {type(given).__name__}; leave it out")


def _is_list(given: Any) -> bool:
    several = isinstance(given, Sequence) and not isinstance(given, (str, bytes))
    return several or (isinstance(given, np.ndarray) and given.ndim > 0)


def _are_numbers(given: Any) -> bool:
    return _is_list(given) and all(isinstance(each, (int, float, np.number)) for each in given)


def _each(name: str, given: Any, n: int, for_all: bool) -> Sequence[Any]:
    """Return what is given for each of n images, be it one for all."""
    if given is None or for_all:
        return [given] * n
    if not _is_list(given):
        raise ParameterError(f"{name} must be one for all images, or one for each of {n}, got {given!r}; give {n}")
    if len(given) != n:
        raise ParameterError(f"{name} must be one for all images, or one for each of {n}, got {len(given)}; give {n}")
    return list(given)

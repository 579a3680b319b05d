"""From an image to labels: a short driver over the rooms data and engine."""

import logging
import platform
import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError, ParameterError, engine_errors
from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.linking import LinkedTrees
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.network import loop
from napari_backprop_segmentation.network.allocator import reused_memory
from napari_backprop_segmentation.network.loop import Command, Step
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.planning import make_plan
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.downsampling import Binning, binned_params, binning_factor, enlarged
from napari_backprop_segmentation.pipeline.ensemble import check_runs, run_repeatedly
from napari_backprop_segmentation.pipeline.image import (
    Extras,
    Found,
    check_objects,
    check_scribbles,
    labelled,
    reused,
    without_network,
)
from napari_backprop_segmentation.pipeline.iteration import iterated_axes
from napari_backprop_segmentation.pipeline.modality import recognise
from napari_backprop_segmentation.pipeline.series import Task, run_series

__all__ = ["Extras", "Result", "finish", "run", "segment", "train"]

logger = logging.getLogger(__name__)
PACKAGE = "napari-backprop-segmentation"
NO_EXTRAS = Extras()


@dataclass(frozen=True)
class Result:
    """What a run ends with.

    Attributes
    ----------
    labels : (*spatial) int array
        Merged regions and objects are numbered 1, 2, 3, ... (0 is the ground of objects); labels as trained by channel
        of the network from 1, with gaps.
    model : Model or None
        The trained network, of several runs the first one; None for the methods without one.
    hierarchy : Hierarchy, LinkedTrees or None
        The merge tree that `labels` is one cut of, linked trees for a series; None where regions are not merged.
    agreement : Agreement or None
        How stable borders are from run to run, where there were several; `hierarchy` is then their consensus.
    record : dict
        Everything needed to repeat the run: settings, axes, versions, device, why it stopped. Plain values only.
    """

    labels: NDArray[Any]
    model: Model | None
    hierarchy: Hierarchy | LinkedTrees | None
    record: dict[str, Any]
    agreement: Agreement | None = None

    @property
    def stopped_by(self) -> str:
        """Why the run ended, in words."""
        return str(self.record["stopped_by"])


def run(
    image: Any,
    params: Params | None = None,
    *,
    axes: str | None = None,
    spacing: Sequence[float] | None = None,
    scribbles: NDArray[Any] | None = None,
    extras: Extras = NO_EXTRAS,
) -> Generator[Step, Command | None, Result]:
    """Segment an image step by step.

    Parameters
    ----------
    image : array-like
        NumPy, dask or zarr array of any number type. Frames of a series are read one at a time.
    params : Params, optional
        Settings; the default preset if left out.
    axes : str, optional
        One letter an axis of the image: T (time), Z (depth), Y, X in this order, and C (channels) or S (RGB or RGBA
        samples) anywhere. Guessed where the shape leaves no doubt.
    spacing : sequence of float, optional
        Size of a pixel along each of Z, Y, X that is there, in any one unit; all alike if left out.
    scribbles : (*spatial) int, optional
        Labels drawn by hand, from 1; 0 where nothing is drawn. The result then keeps their numbers: regions are not
        merged, and no objects looked for. In a series the network learns from the frames that are drawn on, and labels
        all.
    extras : Extras, optional
        Where to write, who merges, a network trained before, a choice of channels.

    Yields
    ------
    Step
        One an iteration; none for the methods ``kmeans`` and ``graph``. Send ``"stop"`` to end training early and
        keep the result: what has not been looked at yet is labelled with what was learned.

    Returns
    -------
    Result

    Raises
    ------
    ImageError
        If the image cannot be segmented as given.
    ParameterError
        If settings do not go together, or not with the image.
    MemoryLimitError, EngineError
        If the run does not fit the memory, or the engine fails.
    """
    params = Params() if params is None else params
    if not isinstance(params, Params):
        raise ParameterError(f"params must be a Params, got {params!r}; axes and spacing are given by name")
    started = time.perf_counter()
    known = extras.trained.scaling if extras.trained else None
    source = ArraySource(image, axes, params.normalisation, normaliser=known, channels=extras.channels, spacing=spacing)
    drawn = check_scribbles(scribbles, source, params)
    params, kind = _settled(source, params, extras, drawn)
    factor = binning_factor(source, params, extras)
    seen = source if factor == 1 else source.binned(factor, params.normalisation, known)
    with engine_errors(), reused_memory():
        steps = _segmented(seen, binned_params(params, factor), extras, drawn)
        found, model = yield from enlarged(steps, Binning(factor, source.shape[-2:]))
    if model is not None:
        kept = model.params.replace(min_object=params.min_object)
        model = replace(model, params=kept, scaling=seen.normaliser, binning=factor)
    seconds = time.perf_counter() - started
    record = {"kind": kind, "binning": factor, **_record(source, params, model, found, seconds)}
    result = Result(found.labels, model, found.hierarchy, record, found.agreement)
    logger.info("done after %.1f s: %s", seconds, result.stopped_by)
    return result


def _settled(
    source: ArraySource, asked: Params, extras: Extras, drawn: NDArray[np.integer[Any]] | None
) -> tuple[Params, str | None]:
    """Return the settings that hold for this image, and the preset taken for its kind where that was asked for."""
    in_pieces = extras.out is not None and not iterated_axes(asked, source.spatial_axes, source.shape[1:])
    check_objects(asked, extras, in_pieces)
    params, kind = asked, None
    if asked.automatic and (asked.method not in STEPLESS or extras.trained is not None):
        kind = recognise(source.glimpse(), "S" in source.axes)
        params = asked.filled(kind)
        logger.info("this looks like an image for the preset %s", kind)
    if params.objects != "off" and (in_pieces or drawn is not None):
        reason = (
            "labels keep the numbers of the scribbles" if drawn is not None else "labels are written piece by piece"
        )
        logger.warning("this run looks for no objects, though objects is %r, as its %s", params.objects, reason)
        params = params.replace(objects="off")
    return params, kind


def _segmented(
    source: ArraySource, params: Params, extras: Extras, drawn: NDArray[np.integer[Any]] | None
) -> Generator[Step, Command | None, tuple[Found, Model | None]]:
    iterated = iterated_axes(params, source.spatial_axes, source.shape[1:])
    part = source.at((0,) * len(iterated))
    plan = make_plan(params, part.shape)
    check_runs(params, plan, iterated, extras, drawn)
    if iterated:
        return (yield from run_series(Task(source, iterated, params, plan, extras, drawn)))
    if extras.trained is not None:
        model = reused(extras.trained, params, plan, part)
    elif params.method in STEPLESS:
        return without_network(part, params), None
    elif params.n_runs > 1:
        return (yield from run_repeatedly(part, params, plan, extras))
    else:
        model = yield from loop.train(part, params, plan, drawn)
    merges = plan.merges and drawn is None and extras.out is None
    return labelled(model, part, extras, merges), model


def segment(
    image: Any, params: Params | None = None, *, axes: str | None = None, spacing: Sequence[float] | None = None
) -> NDArray[Any]:
    """Segment an image without training data.

    Parameters and errors are those of `run`.

    Returns
    -------
    (*spatial) int array
        See `Result.labels`.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.zeros((32, 32), np.uint8)
    >>> image[8:24, 8:24] = 200
    >>> labels = segment(image, Params(n_channels=8, iterations=5))
    >>> labels.shape
    (32, 32)
    >>> bool(labels[16, 16] != labels[0, 0])
    True
    """
    return finish(run(image, params, axes=axes, spacing=spacing)).labels


def finish(steps: Generator[Step, Command | None, Result]) -> Result:
    """Take all steps of a run and return its result."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result


def train(
    image: Any, params: Params | None = None, *, axes: str | None = None, spacing: Sequence[float] | None = None
) -> Generator[Step, Command | None, Model]:
    """Train on an image and watch: yields a Step an iteration and returns the Model.

    Parameters and errors are those of `run`; only the methods with a network can be trained.
    """
    result = yield from run(image, params, axes=axes, spacing=spacing)
    if result.model is None:
        raise ImageError(f"method must be superpixels or continuity to train, got {params and params.method!r}")
    return result.model


def _record(source: ArraySource, params: Params, model: Model | None, found: Found, seconds: float) -> dict[str, Any]:
    return {
        "params": params.to_dict(),
        "axes": source.axes,
        "image_shape": list(source.shape),
        "spacing": list(source.spacing),
        "normalisation": {"offsets": list(source.normaliser.offsets), "spans": list(source.normaliser.spans)},
        "regions": "trained" if not found.merged else "classes" if params.by_class else "merged",
        "stopped_by": model.stopped_by if model else f"{params.method} done",
        "iterations": model.iterations if model else 0,
        "device": str(model.plan.device) if model else "cpu",
        "precision": str(model.plan.dtype).removeprefix("torch.") if model else "float32",
        "seconds": round(seconds, 3),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in (PACKAGE, "torch", "numpy", "scikit-image")}
        | {"python": platform.python_version()},
    }

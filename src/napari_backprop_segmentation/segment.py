"""From an image to labels: a short driver over the rooms data and engine."""

import logging
import platform
import time
from collections.abc import Generator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.data.source import ArraySource
from napari_backprop_segmentation.engine import training
from napari_backprop_segmentation.engine.allocator import reused_memory
from napari_backprop_segmentation.engine.baselines import BASELINES
from napari_backprop_segmentation.engine.hierarchy import Hierarchy
from napari_backprop_segmentation.engine.merging import Merge, merge_regions
from napari_backprop_segmentation.engine.model import Model, label_dtype
from napari_backprop_segmentation.engine.objects import OBJECT_DETAIL, ObjectRules, find_objects
from napari_backprop_segmentation.engine.planning import make_plan
from napari_backprop_segmentation.engine.training import Command, Step
from napari_backprop_segmentation.engine.tree import build_tree
from napari_backprop_segmentation.errors import ImageError, engine_errors
from napari_backprop_segmentation.params import Params

logger = logging.getLogger(__name__)
PACKAGE = "napari-backprop-segmentation"


@dataclass(frozen=True)
class Result:
    """What a run ends with.

    Attributes
    ----------
    labels : (*spatial) int array
        Merged regions and objects are numbered 1, 2, 3, ... (0 is the ground of objects); labels as trained by channel
        of the network from 1, with gaps.
    model : Model or None
        The trained network; None for the methods without one.
    hierarchy : Hierarchy or None
        The merge tree that `labels` is one cut of; None where regions are not merged.
    record : dict
        Everything needed to repeat the run: settings, axes, versions, device, why it stopped. Plain values only.
    """

    labels: NDArray[Any]
    model: Model | None
    hierarchy: Hierarchy | None
    record: dict[str, Any]

    @property
    def stopped_by(self) -> str:
        """Why the run ended, in words."""
        return str(self.record["stopped_by"])


def run(
    image: Any,
    params: Params | None = None,
    *,
    axes: str | None = None,
    scribbles: NDArray[Any] | None = None,
    out: Any = None,
    merge: Merge = merge_regions,
) -> Generator[Step, Command | None, Result]:
    """Segment an image step by step.

    Parameters
    ----------
    image : array-like
        NumPy, dask or zarr array of any number type.
    params : Params, optional
        Settings; the default preset if left out.
    axes : str, optional
        One letter an axis of the image: Y, X, C (channels), S (RGB or RGBA samples). Guessed where the shape leaves
        no doubt.
    scribbles : (*spatial) int, optional
        Labels drawn by hand, from 1; 0 where nothing is drawn. The result then keeps their numbers, unmerged.
    out : array-like (*spatial), optional
        Where to write the labels block by block, such as a zarr array, for images larger than memory. The labels then
        stay as trained: a merge tree needs the whole image at once.
    merge : callable, optional
        Who builds the merge tree; programs with a window pass a `MergeProcess`, which leaves the window alive.

    Yields
    ------
    Step
        One an iteration; none for the methods ``kmeans`` and ``graph``. Send ``"stop"`` to end early and keep the
        result.

    Returns
    -------
    Result

    Raises
    ------
    ImageError
        If the image cannot be segmented as given.
    MemoryLimitError, EngineError
        If the run does not fit the memory, or the engine fails.
    """
    params = params or Params()
    started = time.perf_counter()
    source = ArraySource(image, axes, params.normalisation)
    drawn = _check_scribbles(scribbles, source, params)
    model: Model | None = None
    hierarchy: Hierarchy | None = None
    with engine_errors(), reused_memory():
        if params.method in BASELINES:
            found = BASELINES[params.method](source.read(source.whole), params)
            labels = found.astype(label_dtype(int(found.max())))
        else:
            plan = make_plan(params, source.shape)
            model = yield from training.train(source, params, plan, drawn)
            if plan.merges and drawn is None and out is None:
                hierarchy = build_tree(model, source, merge)
                labels = _shown(hierarchy, source, params)
            else:
                labels = model.predict(source, out)
    seconds = time.perf_counter() - started
    result = Result(
        labels, model, hierarchy, _record(source, params, model, "merged" if hierarchy else "trained", seconds)
    )
    logger.info("done after %.1f s: %s", seconds, result.stopped_by)
    return result


def segment(image: Any, params: Params | None = None, *, axes: str | None = None) -> NDArray[Any]:
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
    return finish(run(image, params, axes=axes)).labels


def finish(steps: Generator[Step, Command | None, Result]) -> Result:
    """Take all steps of a run and return its result."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Result = done.value
            return result


def train(
    image: Any, params: Params | None = None, *, axes: str | None = None
) -> Generator[Step, Command | None, Model]:
    """Train on an image and watch: yields a Step an iteration and returns the Model.

    Parameters and errors are those of `run`; only the methods with a network can be trained.
    """
    result = yield from run(image, params, axes=axes)
    if result.model is None:
        raise ImageError(f"method must be superpixels or continuity to train, got {params and params.method!r}")
    return result.model


def _shown(hierarchy: Hierarchy, source: ArraySource, params: Params) -> NDArray[Any]:
    """Return the regions at the chosen detail, or the objects among the fine ones."""
    if params.objects == "off":
        return hierarchy.cut(params.detail)
    return find_objects(hierarchy.cut(OBJECT_DETAIL), source.read(source.whole), ObjectRules(side=params.objects))


def _check_scribbles(scribbles: Any, source: ArraySource, params: Params) -> NDArray[np.integer[Any]] | None:
    """Return the scribbles, or None where nothing is drawn."""
    if scribbles is None or not np.any(scribbles):
        return None
    if tuple(scribbles.shape) != source.shape[1:]:
        raise ImageError(
            f"scribbles must have the spatial shape of the image {source.shape[1:]}, got {tuple(scribbles.shape)}; "
            "draw on a Labels layer made for this image"
        )
    if scribbles.min() < 0 or scribbles.max() > params.n_channels:
        raise ImageError(
            f"scribbles must be labels from 0 to {params.n_channels} (n_channels), got {scribbles.min()} to "
            f"{scribbles.max()}; use lower label numbers"
        )
    return np.asarray(scribbles)


def _record(source: ArraySource, params: Params, model: Model | None, regions: str, seconds: float) -> dict[str, Any]:
    return {
        "params": params.to_dict(),
        "axes": source.axes,
        "image_shape": list(source.shape),
        "normalisation": {"offsets": list(source.normaliser.offsets), "spans": list(source.normaliser.spans)},
        "regions": regions,
        "stopped_by": model.stopped_by if model else f"{params.method} done",
        "iterations": model.iterations if model else 0,
        "device": str(model.plan.device) if model else "cpu",
        "precision": str(model.plan.dtype).removeprefix("torch.") if model else "float32",
        "seconds": round(seconds, 3),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in (PACKAGE, "torch", "numpy", "scikit-image")}
        | {"python": platform.python_version()},
    }

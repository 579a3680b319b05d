"""From an image to labels: a short driver over all rooms."""

import logging
import time
from collections.abc import Generator, Sequence
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError, engine_errors
from napari_backprop_segmentation.hierarchy.merge import Merge, merge_regions
from napari_backprop_segmentation.network.allocator import reused_memory
from napari_backprop_segmentation.network.model import Model, Start
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.params.fields import STEPLESS
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline import once_more
from napari_backprop_segmentation.pipeline.request import Request
from napari_backprop_segmentation.pipeline.segmentation import Segmentation

logger = logging.getLogger(__name__)


def run(
    image: Any,
    params: Params | None = None,
    *,
    axes: str | None = None,
    spacing: Sequence[float] | None = None,
    strokes: NDArray[Any] | None = None,
    channels: Sequence[int] | None = None,
    model: Model | None = None,
    start: Start | None = None,
    go_on: bool = True,
    keep_weights: bool = False,
    out: Any = None,
    merge: Merge = merge_regions,
    progress: Any = None,
    examples: Any = None,
    counter_examples: Any = None,
    fixed: Any = None,
    how_alike: float | None = None,
    client: Any = None,
    resume: Any = None,
) -> Generator[Step, Command | None, Segmentation]:
    """Segment an image step by step.

    Parameters
    ----------
    image : array-like
        NumPy, dask, zarr or xarray array of any number type, or the `pixels` of `io.files.open_image`.
        Frames of a series are read one at a time.
    params : Params, optional
        Settings; the default preset if left out.
    axes : str, optional
        One letter an axis of the image: T (time), Z (depth), Y, X in this order, and C (channels) or S (RGB or RGBA
        samples) anywhere. Taken from the names of dimensions of xarray, else guessed where the shape leaves no doubt.
    spacing : sequence of float, optional
        Size of a pixel along each of Z, Y, X that is there, in any one unit; all alike if left out.
    strokes : (*spatial) int, optional
        Labels drawn by hand, from 1; 0 where nothing is drawn. What they mean is the setting `strokes_as`: kinds that
        all alike pixels follow, objects of kind 1, pieces that follow their own stroke, or labels that the network
        learns as in the 2020 paper. What is drawn on one frame of a series counts for all.
    channels : sequence of int, optional
        Which channels of the image to look at, from 0; all if left out.
    model : Model, optional
        Of an earlier run: nothing is trained, and the image is prepared as the one it was trained on.
    start : Model or Kept, optional
        What training goes on from, on this image or another one: a copy of it is trained with these settings. Only what
        makes the shape of a network cannot be another one: number of layers, of channels, and of channels of the image.
    go_on : bool
        Whether training goes on from `start`. If not, `start` is an iteration of a `History` of the same image and
        settings, and the result is that of a run with so many ``iterations``.
    keep_weights : bool
        Whether steps know what the network has learned, see `Step.weights`: for a `History`.
    out : array-like (*spatial), optional
        Where to write the labels piece by piece, such as a zarr array, for results larger than memory. Regions,
        classes and objects of a single image are then found block by block, which gives the same numbers; most readings
        in windows that overlap. Those of a series are merged frame by frame, without a `Hierarchy` in the end.
    merge : callable
        Who builds the merge tree; programs with a window pass a `MergeProcess`, which leaves the window alive.
    progress : callable, optional
        Called after each frame and slice of a series with how many are labelled, and of how many: there are no steps
        while a trained network labels the rest. Of an image that does not fit the memory, after each block; there are
        several passes over these, and each counts from 1.

    examples, counter_examples : (*spatial) int, or sequence of pixels, optional
        Objects that the user points at: of an array each number marks one (one pixel is enough); ``(pixel, size)`` in
        a sequence means the object around the pixel that has about so many pixels. All objects of the image that are
        like the examples, and unlike the counter-examples, are found. For a single image, of any size.
    how_alike : float, optional
        From 0, everything, to 1, nothing but what is very like the examples; where it finds best if left out.
    fixed : (*spatial) int, optional
        Labels of an earlier result that were put right by hand and stay as they are: 0 is ground, -1 where nothing is
        fixed (see `teaching.edits.fixed_labels`). They get numbers behind those that are found.
    client : distributed.Client, optional
        Whose workers do the blocks of an image that does not fit the memory, or is written into `out`. Trained is here.
    resume : path, optional
        A folder, new or of an earlier start, where finished blocks of such an image are kept: a run that is
        interrupted goes on behind them when it is started again. Without `out` the labels are mapped from it. It stays,
        as the result reads from it; remove it when the result is no longer needed.

    Yields
    ------
    Step
        One an iteration; none for the methods ``kmeans`` and ``graph``. Send ``"stop"`` to end training early and
        keep the result: what has not been looked at yet is labelled with what was learned. `NewStrokes` replace the
        strokes of a single image from the next iteration on. An image that turns out to be of another kind than it was
        taken for is trained on once more: `Step.run` then says that these are further runs of twice as many.

    Returns
    -------
    Segmentation

    Raises
    ------
    ImageError
        If the image cannot be segmented as given.
    ParameterError
        If settings do not go together, or not with the image.
    MemoryLimitError, EngineError
        If the run does not fit the memory, or the engine fails.
    WorkersError
        If the workers of `client`, or its scheduler, are lost.
    """
    _check_kinds(model, merge, progress)
    request = Request(
        image,
        _checked(params),
        axes,
        spacing,
        strokes,
        channels,
        model=model,
        start=start,
        go_on=go_on,
        keep_weights=keep_weights,
        out=out,
        merge=merge,
        progress=progress,
        examples=examples,
        counter_examples=counter_examples,
        fixed=fixed,
        how_alike=how_alike,
        client=client,
        resume=resume,
    )
    started = time.perf_counter()
    with engine_errors(), reused_memory():
        found = yield from once_more.segmented(request)
    seconds = round(time.perf_counter() - started, 3)
    logger.info("done after %s s: %s", seconds, found.stopped_by)
    return found.noted({"seconds": seconds})


def segment(
    image: Any,
    params: Params | None = None,
    *,
    axes: str | None = None,
    spacing: Sequence[float] | None = None,
    strokes: NDArray[Any] | None = None,
    examples: Any = None,
    counter_examples: Any = None,
) -> NDArray[Any]:
    """Segment an image without training data.

    Parameters and errors are those of `run`.

    Returns
    -------
    (*spatial) int array
        See `Segmentation.labels`.

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
    steps = run(
        image,
        params,
        axes=axes,
        spacing=spacing,
        strokes=strokes,
        examples=examples,
        counter_examples=counter_examples,
    )
    return finish(steps).labels


def finish(steps: Generator[Step, Command | None, Segmentation]) -> Segmentation:
    """Take all steps of a run and return its result."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: Segmentation = done.value
            return result


def train(
    image: Any,
    params: Params | None = None,
    *,
    axes: str | None = None,
    spacing: Sequence[float] | None = None,
    strokes: NDArray[Any] | None = None,
    channels: Sequence[int] | None = None,
    start: Start | None = None,
    keep_weights: bool = False,
) -> Generator[Step, Command | None, Model]:
    """Train on an image and watch: yields a Step an iteration and returns the Model.

    Nothing is labelled or merged. Parameters and errors are those of `run`; only the methods with a network can be
    trained.
    """
    checked = _checked(params)
    if checked.method in STEPLESS:
        raise ParameterError(f"method must be superpixels or continuity to train, got {checked.method!r}; choose one")
    request = Request(image, checked, axes, spacing, strokes, channels, start=start, keep_weights=keep_weights)
    with engine_errors(), reused_memory():
        return (yield from once_more.trained(request))


def _check_kinds(model: Any, merge: Any, progress: Any) -> None:
    """Refuse what cannot be used as what it is given for."""
    if model is not None and not isinstance(model, Model):
        raise ParameterError(f"model must be a Model, got {type(model).__name__}; take the one of an earlier run")
    for name, given in (("merge", merge), ("progress", progress)):
        if not callable(given) and not (given is None and name == "progress"):
            raise ParameterError(f"{name} must be callable, got {type(given).__name__}; leave it out")


def _checked(params: Params | None) -> Params:
    params = Params() if params is None else params
    if not isinstance(params, Params):
        raise ParameterError(f"params must be a Params, got {params!r}; axes and spacing are given by name")
    return params

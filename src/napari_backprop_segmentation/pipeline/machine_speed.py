"""How fast this machine is: a run's stages on small images, in about a second.

``python -m napari_backprop_segmentation.pipeline.machine_speed`` measures and keeps the result, apart from any window.
"""

import time
from collections.abc import Callable
from functools import partial
from itertools import islice
from statistics import median

import numpy as np
import psutil
from skimage.data import astronaut

from napari_backprop_segmentation.hierarchy.build import build_tree
from napari_backprop_segmentation.hierarchy.merge import merge_regions
from napari_backprop_segmentation.image.source import ArraySource, Source
from napari_backprop_segmentation.network.estimate import Costs, work
from napari_backprop_segmentation.network.loop import train
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.network import new_network
from napari_backprop_segmentation.network.planning import Plan, make_plan
from napari_backprop_segmentation.network.superpixels import superpixel_index
from napari_backprop_segmentation.params.sections import Input, Regions, Run, Training

SIDE = 256  # pixels: the crops of the preset `fast`, and one block of the prediction
WIDTHS = (32, 64)  # channels of the two networks from which the costs of a channel and of a multiplication follow
WARM, TIMED = 2, 5  # iterations


def measure(start: float) -> Costs:
    """Return the costs of this machine.

    Parameters
    ----------
    start : float
        Seconds that importing took.
    """
    source = ArraySource(astronaut()[:SIDE, :SIDE], "YXS", "published")
    settings = [Training(n_channels=n, min_labels=0, iterations=1000) for n in WIDTHS]
    plan = make_plan(settings[0], Run(), source.shape)
    steps = [_step_seconds(source, training, plan) for training in settings]
    models = [_untrained(source, training, plan) for training in settings]
    predictions = [_fastest(partial(model.predict, source)) for model in models]
    trees = [_fastest(partial(build_tree, model, source, Regions(), merge_regions)) for model in models]
    superpixel = _fastest(lambda: superpixel_index(source.read(source.whole), settings[0]))
    works = [work(training, source.shape[0], 2) for training in settings]
    step_channel, step_mac = _solve(works, steps)
    predict_channel, predict_mac = _solve(works, predictions)
    beyond = [tree - prediction for tree, prediction in zip(trees, predictions, strict=True)]
    tree_pixel, tree_channel = _solve([(1, n) for n in WIDTHS], beyond)
    return Costs(
        device=str(plan.device),
        precision=str(plan.dtype).removeprefix("torch."),
        start=start,
        step_channel=step_channel,
        step_mac=step_mac,
        predict_channel=predict_channel,
        predict_mac=predict_mac,
        tree_pixel=tree_pixel,
        tree_channel=tree_channel,
        superpixel=superpixel / SIDE**2,
    )


def _step_seconds(source: Source, training: Training, plan: Plan) -> float:
    """Return the median time of an iteration; asking for the labels in use waits for the device."""
    stamps = []
    for step in islice(train(source, training, Input(), plan), WARM + TIMED + 1):
        _ = step.n_labels
        stamps.append(time.perf_counter())
    return median(np.diff(stamps[WARM:]).tolist())


def _untrained(source: ArraySource, training: Training, plan: Plan) -> Model:
    network = new_network(source.shape[0], 2, training, Input()).to(plan.device).eval()
    return Model(network, training, Input(), source.preparation)


def _fastest(function: Callable[[], object], times: int = 3) -> float:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        function()
        seconds.append(time.perf_counter() - began)
    return min(seconds)


def _solve(rows: list[tuple[float, float]], seconds: list[float]) -> tuple[float, float]:
    """Return x, y >= 0 such that for both rows a x + b y is close to the seconds of one pixel."""
    from scipy.optimize import nnls

    found, _ = nnls(np.array(rows, dtype=float), np.array(seconds) / SIDE**2)
    return float(found[0]), float(found[1])


def main() -> None:
    """Measure and keep the result, with the time that importing has taken since this process began."""
    measure(time.time() - psutil.Process().create_time()).save()


if __name__ == "__main__":
    main()

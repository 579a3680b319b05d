"""How fast this machine is: a run's stages on small images, in about a second.

``python -m napari_backprop_segmentation.pipeline.machine_speed`` measures and keeps the result, apart from any window.
"""

import time
from collections.abc import Callable
from itertools import islice
from statistics import median

import numpy as np
import psutil
from numpy.typing import NDArray
from skimage.data import astronaut

from napari_backprop_segmentation.hierarchy.build import build_tree
from napari_backprop_segmentation.hierarchy.merge import merge_regions
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.estimate import Costs, work
from napari_backprop_segmentation.network.loop import new_network, train
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.planning import make_plan
from napari_backprop_segmentation.network.superpixels import superpixel_index
from napari_backprop_segmentation.params.params import Params

SIDE = 256  # pixels: the crops of the preset `fast`, and one block of the prediction
WIDTHS = (32, 64)  # channels of the two networks from which the costs of a channel and of a multiplication follow
WARM, TIMED = 2, 5  # iterations


class Photograph:
    """A small image, as a `Source`."""

    def __init__(self) -> None:
        pixels = np.moveaxis(astronaut()[:SIDE, :SIDE], -1, 0)
        self._pixels: NDArray[np.float32] = np.ascontiguousarray(pixels, dtype=np.float32) / np.float32(255)
        self.shape: tuple[int, ...] = self._pixels.shape
        self.spacing: tuple[float, ...] = (1.0, 1.0)

    def read(self, window: Window) -> NDArray[np.float32]:
        """Return the pixels of a window (3, *window)."""
        return self._pixels[(slice(None), *window)]

    def overview(self, stride: int) -> NDArray[np.float32]:
        """Return every `stride`-th pixel."""
        return self._pixels[:, ::stride, ::stride]


def measure(start: float) -> Costs:
    """Return the costs of this machine.

    Parameters
    ----------
    start : float
        Seconds that importing took.
    """
    source = Photograph()
    settings = [Params(n_channels=n, min_labels=0, iterations=1000) for n in WIDTHS]
    plan = make_plan(settings[0], source.shape)
    steps = [_step_seconds(source, params) for params in settings]
    models = [Model(new_network(source, params).to(plan.device).eval(), params, plan, "", 0) for params in settings]
    predictions = [_fastest(lambda m=model: m.predict(source)) for model in models]  # type: ignore[misc]
    trees = [_fastest(lambda m=model: build_tree(m, source, merge_regions)) for model in models]  # type: ignore[misc]
    superpixel = _fastest(lambda: superpixel_index(source.read((slice(None), slice(None))), settings[0]))
    works = [work(params, source.shape[0], 2) for params in settings]
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


def _step_seconds(source: Source, params: Params) -> float:
    """Return the median time of an iteration, which waits for the device."""
    stamps = []
    for step in islice(train(source, params, make_plan(params, source.shape)), WARM + TIMED + 1):
        assert step.n_labels
        stamps.append(time.perf_counter())
    return median(np.diff(stamps[WARM:]).tolist())


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

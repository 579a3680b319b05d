import math

import numpy as np
import pytest
from stepping import all_steps, training_steps

from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.image.normalise import Normaliser
from napari_backprop_segmentation.image.preparation import Preparation
from napari_backprop_segmentation.network.crops import crop_windows
from napari_backprop_segmentation.network.planning import make_plan
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Run, Training

SMALL = Params(n_channels=8, iterations=6, n_superpixels=30, crop_pixels=32 * 32, min_labels=0)


class Checked:
    """A striped image that exists only where it is read, and remembers the largest piece it was asked for."""

    def __init__(self, shape):
        self.shape, self.spacing = (1, *shape), (1.0,) * len(shape)
        self.preparation = Preparation(Normaliser((0.0,), (1.0,), clip=False))
        self.largest = 0

    def read(self, window):
        rows, columns = (np.arange(n)[w] for n, w in zip(self.shape[1:], window, strict=True))
        self.largest = max(self.largest, len(rows) * len(columns))
        noise = np.sin(rows[:, None] * 12.9898 + columns * 78.233) * 0.05
        return ((rows[:, None] // 24 + columns // 24) % 2 + noise).astype(np.float32)[None]

    def overview(self, stride):
        return self.read((slice(None, None, stride), slice(None, None, stride)))


def finish(source, params=SMALL):
    return all_steps(training_steps(source, params))


def crop_of(params, shape):
    return make_plan(Training.of(params), Run.of(params), shape).crop


def test_no_crops_where_the_image_fits_the_budget():
    assert crop_windows((30, 40), None, seed=0) == [(slice(0, 30), slice(0, 40))]
    assert crop_of(SMALL, (3, 32, 32)) is None
    assert crop_of(SMALL.replace(crop_pixels=0), (3, 3200, 3200)) is None


@pytest.mark.parametrize("shape", [(100, 200), (5, 4000), (20, 40, 50)])
def test_crops_keep_to_the_budget_and_inside_the_image(shape):
    crop = crop_of(SMALL, (1, *shape))
    assert 0.8 * SMALL.crop_pixels <= math.prod(crop) <= 1.05 * SMALL.crop_pixels
    windows = crop_windows(shape, crop, seed=1)
    assert 1 < len(windows) <= 8
    for window in windows:
        assert tuple(w.stop - w.start for w in window) == crop
        assert all(w.start >= 0 and w.stop <= n for w, n in zip(window, shape, strict=True))
    assert windows == crop_windows(shape, crop, seed=1)
    assert windows != crop_windows(shape, crop, seed=2)


def test_a_large_image_is_never_read_whole():
    source = Checked((600, 700))
    steps, model = finish(source)
    assert source.largest <= SMALL.crop_pixels
    labels = model.predict(source)
    assert source.largest <= (BLOCK_SIDE[2] + 2 * model.network.halo) ** 2
    assert labels.shape == (600, 700)
    assert [step.iteration for step in steps] == list(range(1, 7))


def test_a_network_trained_on_crops_tells_the_squares_apart_everywhere():
    source = Checked((300, 310))
    _, model = finish(source, SMALL.replace(iterations=20))
    labels = model.predict(source)
    truth = source.read((slice(0, 300), slice(0, 310)))[0] > 0.5
    inner = np.zeros_like(truth)
    inner[4:20, 4:20] = True  # of each square, away from its border
    inner = np.tile(inner[:24, :24], (13, 13))[:300, :310]
    bright, dark = set(np.unique(labels[inner & truth])), set(np.unique(labels[inner & ~truth]))
    assert not bright & dark


def test_the_preview_of_a_run_on_crops_has_the_size_of_the_image():
    source = Checked((150, 170))
    steps, _ = finish(source)
    assert steps[-1].labels.shape == (150, 170)
    assert steps[-1].labels.min() >= 1

"""Several images trained on together: as published, and of any sizes."""

from itertools import islice

import numpy as np
import oracle
import pytest
import torch
from skimage import data
from stepping import all_steps, training_steps

from napari_backprop_segmentation.image.resize import resized
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.network import loop
from napari_backprop_segmentation.network.turns import Turns
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.references import References

PHOTOS = [data.astronaut()[20:70, 180:250], data.coffee()[100:180, 200:260], data.cat()[50:110, 100:180]]
PHOTOS += [data.astronaut()[200:240, 180:240]]


class Doubles(ArraySource):
    """Pixels in float64."""

    def read(self, window):
        return super().read(window).astype(np.float64)


@pytest.mark.parametrize("at_once", [1, 3])
def test_losses_are_those_of_the_published_training_on_reference_images(at_once, monkeypatch):
    # In double precision, as in test_loop.py.
    make = loop.new_network
    monkeypatch.setattr(loop, "new_network", lambda *args: make(*args).double())
    monkeypatch.setattr(oracle, "DTYPE", torch.float64)
    changes = {"iterations": 3, "seed": 3, "precision": "float32", "reference_side": 28}
    params = Params.preset("published-2020-reference", images_at_once=at_once, **changes)
    sources = [Doubles(resized(each, "YXS", params.reference_side), "YXS", "published") for each in PHOTOS]
    found, model = all_steps(training_steps(sources, params))
    expected = list(oracle.train_on_references(PHOTOS, params))
    assert len(found) == len(expected) == 3 * (len(PHOTOS) // at_once)
    np.testing.assert_allclose([step.loss for step in found], expected, rtol=1e-9)
    assert model.iterations == len(expected)


@pytest.mark.parametrize("method", ["superpixels", "continuity"])
def test_images_of_several_sizes_take_turns(method):
    params = Params(method=method, n_channels=8, iterations=9, n_superpixels=30, crop_pixels=40 * 40, min_labels=0)
    sources = [ArraySource(each, "YXS") for each in PHOTOS[:3]]
    plan_of = max(sources, key=lambda source: source.shape[1] * source.shape[2])
    order = sorted(sources, key=lambda source: source is not plan_of)  # the plan is that of the largest
    steps, model = all_steps(training_steps(order, params))
    assert len(steps) == 9
    assert steps[-1].labels.shape == order[0].shape[1:]
    for source in sources:
        assert model.predict(source).shape == source.shape[1:]


def test_turns():
    alternate = Turns([2, 1, 1], References(), 9)
    assert alternate.order == [(0, 0), (1, 0), (2, 0), (0, 1)]
    assert [alternate(i) for i in range(7)] == [(0,), (1,), (2,), (3,), (1,), (2,), (0,)]
    assert [Turns([1, 1, 1], References(images_at_once=2), 9)(i) for i in range(3)] == [(0, 1), (2,), (0, 1)]
    one_after_another = Turns([2, 1, 1], References(turns="sequence"), 3)
    assert one_after_another.iterations == 9
    assert [one_after_another(i) for i in range(9)] == [(0,), (3,), (0,), *[(1,)] * 3, *[(2,)] * 3]
    pairs = Turns([1, 1, 1], References(turns="sequence", images_at_once=2), 3)
    assert pairs.iterations == 3


def test_whole_numbers_are_resized_as_the_published_code_does_it():
    image = np.array([[0, 10], [20, 40]], np.uint8)
    np.testing.assert_array_equal(resized(image, "YX", 4)[0], [0, 3, 8, 10])  # halves up
    stack = np.stack([image, image.T])
    assert resized(stack, "CYX", 3).shape == (2, 3, 3)
    assert resized(stack.astype(np.float32), "CYX", 5).dtype == np.float32


def test_the_first_losses_agree_in_single_precision_at_the_published_settings():
    params = Params.preset("published-2020-reference", iterations=3, precision="float32", reference_side=28)
    sources = [ArraySource(resized(each, "YXS", 28), "YXS", "published") for each in PHOTOS[:2]]
    found = [step.loss for step in islice(training_steps(sources, params), 3)]
    np.testing.assert_allclose(found, list(islice(oracle.train_on_references(PHOTOS[:2], params), 3)), rtol=1e-4)

import numpy as np
import pytest
import torch
from skimage import data
from stepping import all_steps, training_steps

from napari_backprop_segmentation.image.blocks import BLOCK_SIDE, blocks, with_halo
from napari_backprop_segmentation.image.context import network_input
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.params.params import Params

PHOTO = data.astronaut()[:150, 150:310]


@pytest.fixture(scope="module", params=[False, True], ids=["pixels", "context"])
def trained(request):
    params = Params(n_channels=16, iterations=8, n_superpixels=300, n_layers=3, context=request.param)
    source = ArraySource(PHOTO)
    return source, all_steps(training_steps(source, params))[1]


def seen(source, model):
    """The image as the network sees it, (1, C, Y, X)."""
    return torch.from_numpy(network_input(source.read((slice(None), slice(None))), model.input))[None]


@pytest.mark.parametrize("block", [7, 17, 64, 1000])
def test_labels_do_not_depend_on_the_blocks(trained, block, monkeypatch):
    source, model = trained
    with torch.inference_mode():
        whole = model.network(seen(source, model))[0].argmax(0) + 1
    monkeypatch.setitem(BLOCK_SIDE, 2, block)
    np.testing.assert_array_equal(model.predict(source), whole)


def test_writes_into_anything_that_takes_windows(trained):
    source, model = trained
    out = np.zeros(PHOTO.shape[:2], np.int32)
    assert model.predict(source, out=out) is out
    np.testing.assert_array_equal(out, model.predict(source))


def test_frozen_statistics_are_those_of_the_training_image(trained):
    source, model = trained
    pixels = seen(source, model)
    frozen = model.network(pixels).detach()
    model.network.train()
    live = model.network(pixels).detach()
    model.network.eval()
    torch.testing.assert_close(frozen, live, rtol=1e-3, atol=1e-3)


def test_it_moves_to_another_device_and_stays_where_it_was(trained):
    _, model = trained
    assert model.on(model.device) is model
    there = model.on(torch.device("meta"))
    assert there.device == torch.device("meta")
    assert model.device != there.device
    assert (there.training, there.preparation, there.taught) == (model.training, model.preparation, False)


def test_padding_channels_stay_zero():
    params = Params(n_channels=10, iterations=3, n_superpixels=100)
    source = ArraySource(PHOTO[:40, :40])
    network = all_steps(training_steps(source, params))[1].network
    for conv, norm in zip(network.convs, network.norms, strict=True):
        assert conv.out_channels == 16
        assert not conv.weight[10:].any()
        assert not conv.bias[10:].any()
        assert not norm.bias[10:].any()
    assert not network.convs[1].weight[:, 10:].any()
    assert network.head.weight.shape[0] == 10


def test_blocks_cover_each_pixel_once_and_halos_stay_inside():
    seen = np.zeros((10, 7), int)
    for window in blocks((10, 7), 4):
        seen[window] += 1
        grown, inner = with_halo(window, 2, (10, 7))
        assert np.ones((10, 7))[grown][inner].shape == seen[window].shape
        assert all(g.start >= 0 and g.stop <= n for g, n in zip(grown, (10, 7), strict=True))
    assert (seen == 1).all()

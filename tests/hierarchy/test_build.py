"""What the merge tree is made of: colour, edges, leaves."""

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2lab

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy import features, initial_regions
from napari_backprop_segmentation.hierarchy.region_graph import region_graph, simplified
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.image.colour import colour_features
from napari_backprop_segmentation.image.context import network_input
from napari_backprop_segmentation.image.ridges import source_ridges
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.params.sections import Input

PHOTO = data.astronaut()[:90, 150:270]


def test_three_channels_are_compared_as_an_eye_does_and_others_as_they_are():
    pixels = np.moveaxis(PHOTO, -1, 0).astype(np.float32) / 255
    lab = np.moveaxis(rgb2lab(PHOTO), -1, 0)
    np.testing.assert_allclose(colour_features(pixels), lab / 20, atol=1e-4)
    np.testing.assert_allclose(network_input(pixels, Input())[0], lab[0] / 100, atol=1e-5)
    np.testing.assert_allclose(network_input(pixels, Input())[1:], lab[1:] / 60 + 0.5, atol=1e-4)
    assert network_input(pixels, Input(colour="rgb")) is pixels
    assert network_input(pixels[:2], Input()).shape == (2, 90, 120)
    np.testing.assert_allclose(colour_features(pixels[:1]), pixels[:1] * 5)


@pytest.mark.parametrize("side", [16, 50, 1000])
def test_edges_do_not_depend_on_the_blocks(side, monkeypatch):
    source = ArraySource(PHOTO)
    whole = features.edge_strength(source)  # smaller than a block
    monkeypatch.setitem(BLOCK_SIDE, 2, side)
    blocks = features.edge_strength(source)
    assert [edges.shape for edges in whole] == [(89, 120), (90, 119)]
    for one, other in zip(whole, blocks, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_edges_are_where_the_colour_changes():
    image = np.zeros((20, 30), np.uint8)
    image[:, 15:] = 200
    down, across = features.edge_strength(ArraySource(image))
    assert down.max() == 0
    assert (across.argmax(axis=1) == 14).all()
    assert across[:, :8].max() == across[:, 22:].max() == 0


def test_borders_along_edges_cost_less_and_keep_their_cost_when_regions_join():
    labels = np.array([[1, 1, 2, 3, 3]] * 2)
    costs = [np.ones((1, 5), np.float16), np.array([[1, 1, 0.25, 1]] * 2, np.float16)]
    graph = region_graph(labels, costs)
    assert graph.edges.tolist() == [[0, 1], [1, 2]]
    assert graph.lengths.tolist() == [2.0, 0.5]
    joined = simplified(graph, 3, 10)  # the one in the middle is too small and joins where there is no edge
    assert joined.areas.tolist() == [6, 4]
    assert joined.lengths.tolist() == [0.5]


@pytest.mark.parametrize("kind", ["graph", "lines"])
def test_leaves_are_numbered_without_gaps_and_end_at_the_seams_of_blocks(kind, monkeypatch):
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 40)
    source = ArraySource(PHOTO)
    leaves = initial_regions.initial_regions(source, kind, source_ridges(source))
    assert leaves.shape == PHOTO.shape[:2]
    np.testing.assert_array_equal(np.unique(leaves), np.arange(leaves.max() + 1))
    assert not np.intersect1d(leaves[:40], leaves[40:]).size


def test_what_lies_between_lines_needs_lines():
    with pytest.raises(ParameterError, match="ridges must be found for initial_regions='lines', got none"):
        initial_regions.initial_regions(ArraySource(PHOTO), "lines")


def test_the_settings_choose_what_is_merged():
    params = Params(n_channels=8, iterations=3, n_superpixels=100, min_labels=0, min_region=1)
    graph, network = (
        finish(run(PHOTO, params.replace(initial_regions=kind))).hierarchy for kind in ("graph", "network")
    )
    assert (graph.index != network.index).any()
    even = finish(run(PHOTO, params.replace(edge_weight=0.0))).hierarchy
    np.testing.assert_array_equal(even.index, graph.index)
    assert not np.array_equal(even.altitudes, graph.altitudes)


def test_a_volume_is_merged_from_the_networks_own_regions():
    volume = np.zeros((6, 20, 20), np.uint8)
    volume[2:5, 5:15, 5:15] = 200
    result = finish(run(volume, Params(n_channels=8, iterations=5, n_superpixels=60), axes="ZYX"))
    assert result.hierarchy.index.shape == volume.shape
    assert result.labels[3, 10, 10] != result.labels[0, 0, 0]


def test_the_channels_of_a_colour_image_are_stretched_alike():
    dull = (PHOTO // 4 + np.array([0, 20, 40])).astype(np.uint8)
    alike, apart = ArraySource(dull, "YXS").normaliser, ArraySource(np.moveaxis(dull, -1, 0), "CYX").normaliser
    assert len(set(alike.spans)) == len(set(alike.offsets)) == 1
    assert len(set(apart.offsets)) == 3


@pytest.mark.parametrize("axes", ["XY", "XYZ", "YZX"])
def test_axes_out_of_order_are_refused_before_anything_is_computed(axes):
    with pytest.raises(Exception, match="be in the order T, Z, Y, X"):
        ArraySource(np.arange(4 ** len(axes)).reshape((4,) * len(axes)), axes)

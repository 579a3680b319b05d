"""Trees of images that do not fit the memory: the same as in one piece, whatever the blocks."""

import numpy as np
import pytest
from skimage import data

from napari_backprop_segmentation.hierarchy import blockwise, build, build_in_blocks, initial_regions, leaf_graph
from napari_backprop_segmentation.hierarchy.merge import merge_regions
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.image.label_file import LabelFile, looked_up
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.run import finish, run

QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 100, "device": "cpu"}


def volume():
    rng = np.random.default_rng(0)
    z, y, x = np.indices((6, 50, 60))
    return (np.sin(z / 2) + np.sin(y / 7) * np.cos(x / 9) + rng.normal(0, 0.2, z.shape)).astype(np.float32)


IMAGES = {
    "colour": (data.astronaut()[100:230, 150:297], None, None),
    "grey": (data.coins()[:120, :140], None, None),
    "volume": (volume(), "ZYX", (2.5, 1.0, 1.0)),
}


@pytest.fixture(scope="module", params=IMAGES)
def trained(request):
    image, axes, spacing = IMAGES[request.param]
    result = finish(run(image, Params(**QUICK), axes=axes, spacing=spacing))
    return result.model, ArraySource(image, axes or ("YXC" if image.ndim == 3 else "YX"), spacing=spacing)


@pytest.mark.parametrize("side", [32, 50, 512])
@pytest.mark.parametrize("settings", [{}, {"edge_weight": 0.0}, {"min_region": 1}])
def test_a_tree_in_blocks_is_that_of_the_whole(trained, settings, side, monkeypatch):
    model, source = trained
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", side)
    monkeypatch.setitem(BLOCK_SIDE, 2, 64)
    regions = Regions(**settings)
    whole = build.build_tree(model, source, regions, merge_regions)
    found = build_in_blocks.tree_and_looks(Seen(model, source), regions, merge_regions)[0]
    assert whole.n_leaves > 20
    np.testing.assert_array_equal(found.leaves(), whole.leaves())
    for name in ("parents", "altitudes", "names"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))
    for detail in (0, 30, 70, 100):
        np.testing.assert_array_equal(found.cut(detail), whole.cut(detail))
    np.testing.assert_array_equal(found.cut(n_regions=7), whole.cut(n_regions=7))


def test_more_regions_than_are_allowed_join_alike(trained, monkeypatch):
    model, source = trained
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 40)
    monkeypatch.setattr(leaf_graph, "MOST_LEAVES", 15)
    whole = build.build_tree(model, source, Regions(min_region=1), merge_regions)
    found = build_in_blocks.tree_and_looks(Seen(model, source), Regions(min_region=1), merge_regions)[0]
    assert 1 < whole.n_leaves <= 15
    np.testing.assert_array_equal(found.leaves(), whole.leaves())


def test_large_images_have_as_small_regions_as_others(monkeypatch):
    monkeypatch.setattr(leaf_graph, "MOST_LEAVES", 10)
    monkeypatch.setattr(leaf_graph, "LEAVES_PIXELS", 100)
    graph = blockwise.blockwise_graph(ArraySource(data.coins()[:100, :100], "YX"), Regions())
    assert leaf_graph.most_leaves(graph.index.size) == 1000


def test_labels_on_disk_are_those_that_were_written_and_leave_nothing_behind(tmp_path):
    labels = LabelFile((5, 7), tmp_path)
    written = np.arange(35).reshape(5, 7)
    labels[(slice(0, 5), slice(0, 7))] = written
    labels[(slice(1, 2), slice(0, 2))] = [[3, 3]]
    written[1, :2] = 3
    window = (slice(1, 4), slice(0, 6))
    np.testing.assert_array_equal(labels[window], written[window])
    assert (labels.shape, labels.ndim, labels.size) == ((5, 7), 2, 35)
    twice = looked_up(looked_up(labels, np.arange(35, dtype=np.int32) // 2), np.arange(18, dtype=np.int32) + 4)
    np.testing.assert_array_equal(twice[window], written[window] // 2 + 4)
    assert (twice.shape, twice.ndim, twice.size) == ((5, 7), 2, 35)
    assert list(tmp_path.iterdir())
    del labels, twice
    assert not list(tmp_path.iterdir())

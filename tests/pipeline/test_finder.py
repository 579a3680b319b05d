"""What finds objects like examples answers in pixels of the image, also where it was seen at a fraction of its size."""

import numpy as np
import pytest
from skimage.draw import disk

from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.finder import Finder
from napari_backprop_segmentation.pipeline.marks import checked_share, pointed_at
from napari_backprop_segmentation.pipeline.run import finish, run
from napari_backprop_segmentation.teaching.examples import ByExample
from napari_backprop_segmentation.teaching.pointed import Sized

MIDDLES = [(12, 12), (12, 40), (40, 12), (40, 40)]


def discs():
    image = np.zeros((56, 60))
    for middle in MIDDLES:
        image[disk(middle, 6)] = 0.8
    return image + np.random.default_rng(0).normal(0, 0.03, image.shape)


@pytest.fixture(scope="module")
def by_example():
    return ByExample.prepared(discs()[None].clip(0, 1).astype(np.float32))


@pytest.fixture(scope="module")
def finder(by_example):
    return Finder(by_example, Objects(), (56, 60))


@pytest.fixture(scope="module")
def binned(by_example):
    """The same image, taken for one of three times its size that was binned; 1 and 2 pixels are left over."""
    return Finder(by_example, Objects(), (56 * 3 + 1, 60 * 3 + 2), 3)


def test_the_likeliest_object_and_the_ones_around_it(finder):
    nodes = finder.around(MIDDLES[1])
    sizes = finder.sizes(nodes)
    assert (np.diff(sizes) >= 0).all()
    likeliest = finder.node(MIDDLES[1])
    assert likeliest in nodes
    patch = finder.patch(likeliest)
    assert patch.mask.sum() == sizes[nodes.tolist().index(likeliest)]
    assert patch.holds(MIDDLES[1])
    assert not patch.holds(MIDDLES[0])
    smallest = finder.node(Sized(MIDDLES[1], int(sizes[0])))
    assert finder.sizes(np.array([smallest]))[0] == sizes[0]


def test_alike_objects_are_found_from_a_pixel_a_size_and_a_mask(finder):
    mask = np.zeros((56, 60), bool)
    mask[disk(MIDDLES[0], 6)] = True
    for example in (MIDDLES[0], mask):
        labels = finder.alike([example])
        assert all(labels[middle] for middle in MIDDLES)
    smaller = Sized(MIDDLES[0], int(finder.sizes(finder.around(MIDDLES[0]))[0]))
    labels = finder.alike([smaller])
    assert (labels == labels[MIDDLES[0]]).sum() == smaller.size
    labels = finder.alike([MIDDLES[0]], [MIDDLES[3]])
    assert labels[MIDDLES[3]] == 0


def test_a_binned_image_is_asked_and_answered_at_its_own_size(finder, binned):
    place = (MIDDLES[2][0] * 3 + 1, MIDDLES[2][1] * 3 + 2)
    assert binned.node(place) == finder.node(MIDDLES[2])
    nodes = binned.around(place)
    np.testing.assert_array_equal(binned.sizes(nodes), 9 * finder.sizes(nodes))
    node = finder.node(MIDDLES[2])
    large, small = binned.patch(node), finder.patch(node)
    np.testing.assert_array_equal(large.mask, small.mask.repeat(3, 0).repeat(3, 1))
    assert large.corner == tuple(3 * c for c in small.corner)
    labels = binned.alike([place], [tuple(3 * i for i in MIDDLES[0])])
    assert labels.shape == binned.shape
    np.testing.assert_array_equal(labels[1:168:3, 1:180:3], finder.alike([MIDDLES[2]], [MIDDLES[0]]))
    mask = np.zeros(binned.shape, bool)
    mask[place[0] - 6 : place[0] + 6, place[1] - 6 : place[1] + 6] = True
    assert binned.alike([mask]).any()
    with pytest.raises(ValueError, match="must lie in the image"):
        binned.around((500, 3))


def test_what_is_left_over_at_the_edge_belongs_to_what_is_before_it(binned):
    assert len(binned.around((56 * 3, 60 * 3 + 1))) >= 0
    patch = next(
        binned.patch(int(node))
        for node in range(500)
        if binned.patch(int(node)).corner[0] + binned.patch(int(node)).mask.shape[0] > 56 * 3
    )
    assert patch.corner[0] + patch.mask.shape[0] == binned.shape[0]


def test_examples_may_have_a_size():
    found = pointed_at([(3, 4), ((5, 6), 20)], "examples", (10, 10))
    assert found == ((3, 4), Sized((5, 6), 20))
    with pytest.raises(ImageError, match="examples must have sizes of at least 1 pixel, got 0"):
        pointed_at([[[5, 6], 0]], "examples", (10, 10))
    with pytest.raises(ImageError, match="examples must lie in the image"):
        pointed_at([[[5, 16], 3]], "examples", (10, 10))


def test_how_alike_is_a_share():
    assert checked_share(0.5) == 0.5
    with pytest.raises(ParameterError, match="how_alike must be from 0 to 1, got 2"):
        checked_share(2)


def test_a_result_has_a_finder_that_finds_what_a_run_with_the_same_examples_finds():
    image = (discs().clip(0, 1) * 200).astype(np.uint8)
    params = Params(n_channels=8, iterations=2, n_superpixels=60, min_labels=0, min_region=1, objects="bright")
    found = finish(run(image, params))
    told = {"examples": [MIDDLES[0], [MIDDLES[1], 100]], "counter_examples": [MIDDLES[3]], "how_alike": 0.4}
    again = finish(run(image, params, **told))
    labels = found.finder.alike([MIDDLES[0], Sized(MIDDLES[1], 100)], [MIDDLES[3]], 0.4)
    np.testing.assert_array_equal(labels, again.labels)
    np.testing.assert_array_equal(again.finder.alike([MIDDLES[0]]), found.finder.alike([MIDDLES[0]]))


def test_classes_and_images_without_a_tree_have_no_finder():
    image = (discs().clip(0, 1) * 200).astype(np.uint8)
    small = {"n_channels": 8, "iterations": 2, "n_superpixels": 60}
    assert finish(run(image, Params(**small, regions="classes"))).finder is None
    assert finish(run(image, Params(**small, regions="trained"))).finder is None

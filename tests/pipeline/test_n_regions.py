"""A number of regions instead of a detail."""

import numpy as np
import pytest

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError

QUICK = {"n_channels": 8, "iterations": 2, "n_superpixels": 50, "device": "cpu", "min_region": 1}


@pytest.fixture(scope="module")
def image():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 60, (24, 32)).astype(np.uint8)
    image[6:18, 8:24] += 150
    return image


@pytest.mark.parametrize("regions", ["merged", "classes"])
def test_so_many_regions_or_classes_are_found(image, regions):
    for number in (1, 2, 5):
        found = finish(run(image, Params(**QUICK, regions=regions, n_regions=number)))
        assert found.labels.max() == number
        np.testing.assert_array_equal(found.labels, found.hierarchy.cut(n_regions=number))


def test_without_a_number_the_detail_counts(image):
    found = finish(run(image, Params(**QUICK, detail=100.0)))
    assert found.labels.max() == found.hierarchy.n_leaves > 5


@pytest.mark.parametrize(
    ("settings", "axes", "text"),
    [
        ({}, "TYX", r"n_regions must be 0 frame by frame or slice by slice.*, got 5; set detail"),
        ({"regions": "trained"}, "YX", r"n_regions must be 0 where regions are not merged, got 5; set regions"),
    ],
)
def test_it_is_refused_where_there_is_no_tree_to_cut(image, settings, axes, text):
    pixels = np.stack([image, image]) if axes == "TYX" else image
    with pytest.raises(ParameterError, match=text):
        finish(run(pixels, Params(**QUICK, n_regions=5, **settings), axes=axes))


def test_objects_are_the_same_whatever_the_number_of_regions(image):
    plain, numbered = (
        finish(run(image, Params(**QUICK, objects="bright", n_regions=number))).labels for number in (0, 3)
    )
    np.testing.assert_array_equal(plain, numbered)

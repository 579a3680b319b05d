"""Objects of either kind among the regions of a merge tree."""

import numpy as np
import pytest
from cells import membranes

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image.ridges import source_ridges
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.objects.find import find_objects
from napari_backprop_segmentation.objects.foreground import foreground_objects
from napari_backprop_segmentation.objects.outlined import outlined_objects
from napari_backprop_segmentation.objects.tree_cuts import OBJECT_DETAIL, fine_regions
from napari_backprop_segmentation.params.sections import Objects

OUTLINED = Objects(objects="outlined", min_object=100)


@pytest.fixture(scope="module")
def cells():
    """An image of cells, as a source, and its merge tree."""
    image, _ = membranes()
    params = Params.preset("em", n_channels=8, iterations=3, n_superpixels=300, device="cpu")
    return ArraySource(image), finish(run(image, params)).hierarchy


@pytest.mark.parametrize("side", ["auto", "bright", "dark"])
def test_what_stands_out_is_found_among_fine_regions(cells, side):
    source, tree = cells
    image, rules = source.read(source.whole), Objects(objects=side)
    np.testing.assert_array_equal(fine_regions(tree), tree.cut(OBJECT_DETAIL))
    found = find_objects(tree, image, rules)
    np.testing.assert_array_equal(found, foreground_objects(tree.cut(OBJECT_DETAIL), image, rules))


def test_what_is_outlined_is_found_in_the_tree(cells):
    source, tree = cells
    image, ridges = source.read(source.whole), source_ridges(source)
    found = find_objects(tree, image, OUTLINED, ridges)
    np.testing.assert_array_equal(found, outlined_objects(tree, image, ridges, OUTLINED))
    assert found.max() > 5


def test_without_lines_nothing_is_outlined(cells):
    source, tree = cells
    with pytest.raises(ParameterError, match="ridges must be found for outlined objects, got none; call source_ridges"):
        find_objects(tree, source.read(source.whole), OUTLINED)

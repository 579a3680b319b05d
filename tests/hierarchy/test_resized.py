"""Merge trees over the same image at another size."""

import numpy as np
import pytest

from napari_backprop_segmentation.hierarchy.region_graph import graph_of
from napari_backprop_segmentation.hierarchy.resized import resized, windowed
from napari_backprop_segmentation.hierarchy.tree import build_hierarchy


@pytest.fixture(scope="module")
def tree():
    rng = np.random.default_rng(0)
    index = np.repeat(np.repeat(np.arange(36, dtype=np.int32).reshape(6, 6), 4, 0), 4, 1)
    index[5, 5] = 36  # regions of one pixel
    index[10, 10] = 37
    return build_hierarchy(graph_of(index), rng.random((38, 3)))


def same_regions(one, other):
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1).shape[1]
    return pairs == len(np.unique(one)) == len(np.unique(other))


@pytest.mark.parametrize("detail", [0, 20, 50, 70, 90, 99, 100])
def test_cuts_have_the_same_regions(tree, detail):
    thin = np.ascontiguousarray(tree.index[::2, ::2])
    assert same_regions(resized(tree, thin).cut(detail), tree.cut(detail)[::2, ::2])
    wide = tree.index.repeat(2, 0).repeat(2, 1)
    assert same_regions(resized(tree, wide).cut(detail), tree.cut(detail).repeat(2, 0).repeat(2, 1))


def test_regions_that_are_lost_are_not_in_the_tree(tree):
    found = resized(tree, np.ascontiguousarray(tree.index[::2, ::2]))
    assert found.n_leaves == 37  # that of the odd pixel is gone
    assert len(found.parents) == 2 * 37 - 1
    assert (np.diff(found.parents) != 0).any() and found.parents[-1] == len(found.parents) - 1
    assert (found.altitudes <= found.altitudes[found.parents]).all()
    assert set(np.unique(found.index)) == set(range(37))


def test_of_one_region_there_is_one_left(tree):
    found = resized(tree, np.full((3, 3), 5, np.int32))
    assert found.n_leaves == 1 and found.cut(50).max() == 1


@pytest.mark.parametrize(
    "window", [(slice(0, 9), slice(3, 24)), (slice(5, 6), slice(5, 6)), (slice(8, 16), slice(8, 16))]
)
def test_in_a_window_regions_merge_as_in_the_image(tree, window):
    found = windowed(tree, window)
    assert found.n_leaves == len(np.unique(tree.index[window]))
    for altitude in [-1.0, *np.quantile(tree.altitudes, [0.2, 0.6, 0.8, 0.95]), tree.altitudes[-1]]:
        whole = tree.lookup(altitude)[tree.index][window]
        assert same_regions(found.lookup(altitude)[found.index], whole)

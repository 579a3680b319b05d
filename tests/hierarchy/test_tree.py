from itertools import pairwise

import numpy as np
import pytest

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.region_graph import region_graph, region_means, simplified
from napari_backprop_segmentation.hierarchy.tree import build_hierarchy

# Two regions of label 1 that do not touch, one of label 2 between them.
STRIPES = np.array([[1, 1, 2, 1], [1, 1, 2, 1]])


def tree_of(labels, values):
    graph = region_graph(labels)
    windows = [(tuple(slice(0, n) for n in labels.shape), np.asarray(values, np.float32)[None])]
    return build_hierarchy(graph, region_means(graph, windows))


def test_region_graph_by_hand():
    graph = region_graph(STRIPES)
    np.testing.assert_array_equal(graph.index, [[0, 0, 1, 2], [0, 0, 1, 2]])
    assert graph.areas.tolist() == [4, 2, 2]
    assert graph.edges.tolist() == [[0, 1], [1, 2]]
    assert graph.lengths.tolist() == [2, 2]


def test_region_means_add_up_over_blocks():
    graph = region_graph(STRIPES)
    values = np.arange(16, dtype=np.float32).reshape(2, 2, 4)
    left, right = (slice(0, 2), slice(0, 3)), (slice(0, 2), slice(3, 4))
    means = region_means(graph, [(w, values[(slice(None), *w)]) for w in (left, right)])
    np.testing.assert_allclose(means, [[2.5, 10.5], [4, 12], [5, 13]])


def test_small_regions_join_the_neighbour_they_touch_most():
    labels = np.array([[1, 1, 1, 1, 2], [1, 3, 4, 4, 2], [1, 1, 4, 4, 2], [5, 1, 4, 4, 2]])
    # The 3 touches 1 on three sides; the 5 in its corner touches only 1.
    expected = [[0, 0, 0, 0, 1], [0, 0, 2, 2, 1], [0, 0, 2, 2, 1], [0, 0, 2, 2, 1]]
    graph = simplified(region_graph(labels), 2, 100)
    np.testing.assert_array_equal(graph.index, expected)
    np.testing.assert_array_equal(graph.areas, [10, 4, 6])
    assert simplified(region_graph(labels), 1, 100).areas.tolist() == region_graph(labels).areas.tolist()


def test_too_many_regions_are_simplified_until_they_are_few():
    noise = np.random.default_rng(0).integers(0, 4, (60, 60))
    graph = simplified(region_graph(noise), 1, 50)
    assert 1 <= len(graph.areas) <= 50
    assert graph.areas.sum() == noise.size
    np.testing.assert_array_equal(region_graph(graph.index).areas.size, graph.areas.size)  # all still connected


def test_the_most_alike_neighbours_merge_first():
    labels = np.repeat([[1, 2, 3, 4]], 4, axis=0)
    tree = tree_of(labels, np.repeat([[0, 10, 100, 101]], 4, axis=0))
    assert [len(np.unique(tree.cut(n_regions=n))) for n in (1, 2, 3, 4, 9)] == [1, 2, 3, 4, 4]
    assert tree.cut(n_regions=3)[0].tolist() == [2, 3, 1, 1]
    assert tree.cut(n_regions=2)[0].tolist() == [2, 2, 1, 1]


def test_a_merged_region_keeps_the_number_of_its_larger_part():
    labels = np.array([[1, 2, 2, 2, 3, 3]])
    tree = tree_of(labels, [[0, 1, 1, 1, 50, 50]])
    assert tree.cut(100)[0].tolist() == [3, 1, 1, 1, 2, 2]  # the later a name dies out, the lower it is
    assert tree.cut(n_regions=2)[0].tolist() == [1, 1, 1, 1, 2, 2]
    assert tree.cut(n_regions=1)[0].tolist() == [1] * 6


def test_cuts_are_nested_and_counted():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 5, (30, 40))
    tree = tree_of(labels, labels * 3 + rng.normal(size=labels.shape))
    details = np.linspace(0, 100, 21)
    cuts = [tree.cut(d) for d in details]
    counts = [len(np.unique(c)) for c in cuts]
    assert counts == sorted(counts)
    assert counts == [tree.count(d) for d in details]
    assert counts[-1] == tree.n_leaves
    for coarse, fine in pairwise(cuts):
        assert len(np.unique(coarse.astype(np.int64) * 10**6 + fine)) == len(np.unique(fine))


def test_volumes_and_a_single_region():
    volume = np.zeros((3, 4, 5), int)
    volume[1:, 2:, 2:] = 1
    tree = tree_of(volume, volume * 10)
    assert len(np.unique(tree.cut(n_regions=2))) == 2
    assert tree_of(np.ones((3, 3), int), np.ones((3, 3))).cut(50).tolist() == [[1] * 3] * 3


@pytest.mark.parametrize("arguments", [{}, {"detail": 3, "n_regions": 2}, {"detail": 101}, {"n_regions": 0}])
def test_says_what_a_cut_needs(arguments):
    with pytest.raises(ParameterError, match="must be"):
        tree_of(STRIPES, STRIPES).cut(**arguments)


def test_every_cut_is_numbered_without_gaps():
    rng = np.random.default_rng(0)
    tree = tree_of(rng.integers(0, 9, (30, 30)), rng.random((30, 30)))
    assert tree.n_leaves > 200
    for cut in (tree.cut(detail) for detail in (0, 20, 50, 70, 80, 90, 95, 100)):
        np.testing.assert_array_equal(np.unique(cut), np.arange(1, cut.max() + 1))
    assert all(tree.cut(n_regions=n).max() <= n for n in (1, 2, 7, 50))

"""Very many regions are merged in nearly the same order as few."""

import numpy as np
import pytest
from skimage.metrics import adapted_rand_error

from napari_backprop_segmentation.hierarchy import lazy_merge, merge
from napari_backprop_segmentation.hierarchy.lazy_merge import lazy_tree
from napari_backprop_segmentation.hierarchy.leaf_graph import MOST_LEAVES
from napari_backprop_segmentation.hierarchy.merge import Regions, merge_regions


def grid(side, rng):
    """Return regions on a grid, each with its right and its lower neighbour."""
    numbers = np.arange(side * side).reshape(side, side)
    right = np.stack([numbers[:, :-1].ravel(), numbers[:, 1:].ravel()], axis=1)
    down = np.stack([numbers[:-1].ravel(), numbers[1:].ravel()], axis=1)
    edges = np.concatenate([right, down])
    return Regions(
        rng.integers(5, 30, side * side) * 1.0, rng.random((side * side, 3)), edges, rng.uniform(1, 9, len(edges))
    )


def spotted(n, rng):
    """Return a ground, region 0, with n spots in it."""
    edges = np.stack([np.zeros(n, np.int64), np.arange(1, n + 1)], axis=1)
    areas = np.concatenate([[20.0 * n], rng.uniform(5, 60, n)])
    features = np.concatenate([np.zeros((1, 3)), rng.normal(0, 1, (n, 3)) + rng.uniform(0, 3, (n, 1))])
    return Regions(areas, features, edges, np.sqrt(areas[1:]) * 4)


def slow_tree(regions):
    """Look at all pairs again after each merge."""
    n = len(regions.areas)
    areas, means = dict(enumerate(regions.areas)), dict(enumerate(regions.features))
    lengths = {frozenset(pair): length for pair, length in zip(regions.edges.tolist(), regions.lengths, strict=True)}
    parents, altitudes = np.arange(2 * n - 1), np.zeros(2 * n - 1)

    def cost(pair):
        a, b = pair
        apart = np.square(means[a] - means[b]).sum()
        return apart * areas[a] * areas[b] / (areas[a] + areas[b]) / lengths[pair] / 2

    for node in range(n, 2 * n - 1):
        pair = min(lengths, key=cost)
        a, b = pair
        altitudes[node] = max(cost(pair), altitudes[a], altitudes[b])
        parents[[a, b]] = node
        del lengths[pair]
        areas[node] = areas[a] + areas[b]
        means[node] = (areas[a] * means[a] + areas[b] * means[b]) / areas[node]
        for other, length in [(other, length) for other, length in lengths.items() if other & pair]:
            del lengths[other]
            joined = (other - pair) | {node}
            lengths[joined] = lengths.get(joined, 0) + length
    return parents, altitudes


def arrays(regions):
    return regions.areas, regions.features, regions.edges, regions.lengths


def cut(tree, altitude):
    """Return the number of the topmost node that each leaf belongs to."""
    parents, altitudes = tree
    top = np.arange(len(parents))
    while (further := np.where(altitudes[parents[top]] <= altitude, parents[top], top)).tolist() != top.tolist():
        top = further
    return top[: (len(parents) + 1) // 2]


@pytest.mark.parametrize("seed", range(4))
def test_with_few_neighbours_it_is_the_order_of_looking_at_all_pairs(seed):
    regions = grid(7, np.random.default_rng(seed))
    found, expected = lazy_tree(*arrays(regions)), slow_tree(regions)
    np.testing.assert_array_equal(found[0], expected[0])
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-9)


def test_with_many_neighbours_most_of_it_is_the_same(monkeypatch):
    monkeypatch.setattr(lazy_merge, "FEW", 4)
    regions = spotted(150, np.random.default_rng(0))
    found, expected = lazy_tree(*arrays(regions)), slow_tree(regions)
    np.testing.assert_allclose(np.sort(found[1])[-1], expected[1][-1], rtol=0.05)
    for share in (0.3, 0.6, 0.9):
        altitude = np.quantile(expected[1][151:], share)
        assert adapted_rand_error(cut(expected, altitude) + 1, cut(found, altitude) + 1)[0] < 0.1


def test_no_parent_is_lower_and_no_area_is_lost(monkeypatch):
    regions = grid(20, np.random.default_rng(5))
    few = merge_regions(regions)
    assert merge.MOST_AT_ONCE >= MOST_LEAVES  # so that images in memory are merged exactly
    monkeypatch.setattr(merge, "MOST_AT_ONCE", 100)
    tree = merge_regions(regions)
    assert (tree.altitudes <= tree.altitudes[tree.parents]).all()
    assert tree.parents[-1] == len(tree.parents) - 1
    assert (tree.parents[:-1] > np.arange(len(tree.parents) - 1)).all()
    assert tree.areas[-1] == regions.areas.sum()
    altitude = np.quantile(few.altitudes[400:], 0.6)
    same = cut((few.parents, few.altitudes), altitude), cut((tree.parents, tree.altitudes), altitude)
    assert adapted_rand_error(same[0] + 1, same[1] + 1)[0] < 0.05


def test_what_is_out_of_date_in_the_queue_may_be_forgotten_at_any_time(monkeypatch):
    regions = spotted(150, np.random.default_rng(1))
    kept = lazy_tree(*arrays(regions))
    monkeypatch.setattr(lazy_merge, "FEW", 4)
    few = lazy_tree(*arrays(regions))
    monkeypatch.setattr(lazy_merge, "MOST_ENTRIES", 0)  # each time that there are more than a few
    for one, other in zip(few, lazy_tree(*arrays(regions)), strict=True):
        np.testing.assert_array_equal(one, other)
    monkeypatch.setattr(lazy_merge, "FEW", 64)
    for one, other in zip(kept, lazy_tree(*arrays(regions)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_border_without_length_goes_last():
    edges = np.array([[0, 1], [0, 3], [1, 2], [2, 3]], np.int32)
    features = np.array([[0.0], [0.1], [5.0], [5.2]])
    parents, altitudes = lazy_tree(np.full(4, 9.0), features, edges, np.array([0.0, 1.0, 1.0, 0.0]))
    assert parents[1] == parents[2] == 4
    assert np.isfinite(altitudes[4:6]).all()
    assert altitudes[6] == np.inf

"""How far several runs agree, pair by pair of touching regions, against plain loops."""

from itertools import pairwise, product

import numpy as np
import pytest

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.consensus import LOWEST, Agreement, saliency
from napari_backprop_segmentation.hierarchy.merge import MergeProcess
from napari_backprop_segmentation.hierarchy.region_borders import RegionBorders
from napari_backprop_segmentation.hierarchy.region_graph import region_graph
from napari_backprop_segmentation.hierarchy.tree import Hierarchy, build_hierarchy

DETAILS = (0, 30, 50, 70, 90, 100)
QUARTERS = np.kron([[0, 1], [2, 3]], np.ones((2, 2), int))


def tree_of(parents, altitudes):
    nodes = np.arange(len(parents))
    return Hierarchy(QUARTERS.astype(np.int32), np.array(parents), np.array([0, 0, 0, 0, *altitudes]), nodes % 4)


@pytest.fixture
def three():
    """Rows first, columns first, and one quarter after the other; half way the detail stands at altitude 0.63."""
    return [
        tree_of([4, 4, 5, 5, 6, 6, 6], [0.1, 0.2, 5.0]),
        tree_of([4, 5, 4, 5, 6, 6, 6], [0.1, 0.2, 5.0]),
        tree_of([4, 4, 5, 6, 5, 6, 6], [0.1, 1.0, 10.0]),
    ]


def random_runs(shape, n_runs, seed=0):
    """Return the regions of a random image, and trees of them whose features are partly alike from run to run."""
    rng = np.random.default_rng(seed)
    graph = region_graph(rng.integers(0, 4, shape))
    common = rng.standard_t(2, size=(len(graph.areas), 2))
    runs = [np.concatenate([common, rng.normal(size=common.shape)], axis=1) for _ in range(n_runs)]
    return graph, [build_hierarchy(graph, 1.5 * features) for features in runs]


def map_by_loops(cuts):
    """Return for each pixel the largest share of the cuts in which it differs from a neighbour."""
    found = np.zeros(cuts[0].shape)
    for axis in range(found.ndim):
        for place in product(*(range(n) for n in found.shape)):
            if place[axis] + 1 < found.shape[axis]:
                after = tuple(i + (a == axis) for a, i in enumerate(place))
                share = np.mean([cut[place] != cut[after] for cut in cuts])
                found[place], found[after] = max(found[place], share), max(found[after], share)
    return found


def meeting(tree, one, other):
    """Return the lowest common ancestor, by climbing; parents have higher numbers."""
    while one != other:
        one, other = max(one, other), tree.parents[min(one, other)]
    return one


def same_partition(one, other):
    pairs = np.unique(np.stack([one.ravel(), other.ravel()]), axis=1)
    return len(np.unique(one)) == len(np.unique(other)) == pairs.shape[1]


def test_saliency_is_where_two_leaves_meet(three):
    pairs = np.array([[0, 1], [0, 2], [1, 3], [2, 3], [3, 0]])
    assert [saliency(tree, pairs).tolist() for tree in three] == [
        [0.1, 5.0, 5.0, 0.2, 5.0],
        [5.0, 0.1, 0.2, 5.0, 5.0],
        [0.1, 1.0, 10.0, 10.0, 10.0],
    ]


def test_saliency_of_a_long_chain_and_of_a_bush_are_those_of_a_climb():
    graph, trees = random_runs((14, 15), 2)
    n = len(graph.areas)
    parents = np.r_[n, n : 2 * n - 1, n + 1 : 2 * n - 1, 2 * n - 2]  # one leaf after the other
    chain = Hierarchy(graph.index, parents, np.r_[np.zeros(n), 1.0:n], np.zeros(2 * n - 1, int))
    for tree in (*trees, chain):
        expected = [tree.altitudes[meeting(tree, *pair)] for pair in graph.edges]
        np.testing.assert_array_equal(saliency(tree, graph.edges), expected)


def test_the_whole_map_by_hand(three):
    agreement = Agreement.of(region_graph(QUARTERS), three)
    assert agreement.n_runs == 3
    a, b = np.float32(1 / 3), np.float32(2 / 3)
    np.testing.assert_array_equal(agreement.shares(50), [a, b, b, b])
    found = agreement.map(50)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[0, a, a, 0], [b, b, b, b], [b, b, b, b], [0, b, b, 0]])
    np.testing.assert_array_equal(agreement.map(100), [[0, 1, 1, 0], [1, 1, 1, 1], [1, 1, 1, 1], [0, 1, 1, 0]])
    assert agreement.map(0).max() == 0
    with pytest.raises(ParameterError, match="detail must be a number from 0 to 100, got 101"):
        agreement.map(101)


def test_the_consensus_by_hand(three):
    """The quarters on the left are kept apart least, then those on the right join, below the ones above last."""
    tree = Agreement.of(region_graph(QUARTERS), three).hierarchy
    pairs = np.array([[0, 1], [0, 2], [1, 3], [2, 3]])
    means = np.exp(np.log([[0.1, 5, 0.1], [5, 0.1, 1], [5, 0.2, 10], [0.2, 5, 10]]).mean(axis=1))
    assert means.argmin() == 0
    # Then 0 and 1 together have one border with 2 and one with 3, of equal length.
    expected = [np.exp(np.log([a, b, c]).mean()) for a, b, c in ((0.1, 0.1, 0.1), (0.2, 0.2, 1), (5, 5, 10))]
    np.testing.assert_allclose(tree.altitudes, [0, 0, 0, 0, *expected])
    np.testing.assert_allclose(saliency(tree, pairs), [expected[0], expected[1], expected[2], expected[2]])


@pytest.mark.parametrize("shape", [(13, 17), (5, 7, 6)])
@pytest.mark.parametrize("detail", DETAILS)
def test_the_map_is_what_loops_over_all_cuts_find(shape, detail):
    graph, trees = random_runs(shape, 3)
    found = Agreement.of(graph, trees).map(detail)
    np.testing.assert_allclose(found, map_by_loops([tree.cut(detail) for tree in trees]), atol=1e-6)


@pytest.mark.parametrize("shape", [(13, 17), (5, 7, 6)])
def test_the_runs_of_that_test_agree_neither_always_nor_never(shape):
    found = Agreement.of(*random_runs(shape, 3)).map(30)
    assert {0, 1} < set(np.unique(found))


def test_the_faces_name_the_pair_that_parts():
    graph = region_graph(np.array([[1, 1, 2], [3, 3, 2]]))
    below, right = RegionBorders.of(graph).faces
    assert graph.edges.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert (below.pixels.tolist(), below.step, below.pairs.tolist()) == ([0, 1], 3, [1, 1])
    assert (right.pixels.tolist(), right.step, right.pairs.tolist()) == ([1, 4], 1, [0, 2])


def test_runs_that_are_alike_are_their_own_consensus():
    graph, (tree, _) = random_runs((40, 50), 2)
    agreement = Agreement.of(graph, [tree] * 4)
    inner = agreement.hierarchy.altitudes[tree.n_leaves :]
    np.testing.assert_allclose(np.sort(inner), np.maximum(np.sort(tree.altitudes[tree.n_leaves :]), LOWEST))
    for detail in DETAILS:
        assert same_partition(agreement.hierarchy.cut(detail), tree.cut(detail))
        assert set(np.unique(agreement.map(detail))) <= {0, 1}


def test_the_consensus_is_a_merge_tree_in_the_units_of_its_runs():
    graph, trees = random_runs((40, 50), 5)
    tree = Agreement.of(graph, trees).hierarchy
    assert (tree.parents >= np.arange(len(tree.parents))).all()
    assert (tree.altitudes[tree.parents] >= tree.altitudes).all()
    assert not tree.altitudes[: tree.n_leaves].any()
    cuts = [tree.cut(detail) for detail in np.linspace(0, 100, 21)]
    for coarse, fine in pairwise(cuts):
        assert len(np.unique(coarse.astype(np.int64) * 10**6 + fine)) == len(np.unique(fine))
    for detail in np.linspace(0, 100, 21):
        counts = [each.count(detail) for each in trees]
        assert min(counts) <= tree.count(detail) <= max(counts)


def test_what_most_runs_keep_apart_the_consensus_does_too():
    graph, trees = random_runs((40, 50), 5)
    agreement = Agreement.of(graph, trees)
    apart = saliency(agreement.hierarchy, graph.edges) > agreement.hierarchy.altitude_of(50)
    shares = agreement.shares(50)
    assert shares[apart].mean() > shares[~apart].mean() + 0.5
    assert apart[shares == 1].mean() > 0.8


def test_a_process_of_its_own_gives_the_same_consensus(caplog):
    graph, trees = random_runs((30, 30), 3)
    with MergeProcess() as merge:
        there = Agreement.of(graph, trees, merge).hierarchy
    here = Agreement.of(graph, trees).hierarchy
    np.testing.assert_array_equal(there.parents, here.parents)
    np.testing.assert_array_equal(there.altitudes, here.altitudes)
    assert not caplog.records


def test_an_image_of_one_region_has_no_borders():
    graph = region_graph(np.ones((4, 5), int))
    trees = [build_hierarchy(graph, np.ones((1, 2)))] * 2
    agreement = Agreement.of(graph, trees)
    assert not agreement.map(50).any()
    assert (agreement.hierarchy.cut(50) == 1).all()

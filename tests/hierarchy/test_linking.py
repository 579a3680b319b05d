"""Numbers that stay: linked from frame to frame, from slice to slice, from cut to cut."""

import numpy as np
import pytest

from napari_backprop_segmentation.hierarchy.linking import LabelLinker, LinkedTrees, Numbers, Overlaps, partners
from napari_backprop_segmentation.hierarchy.region_graph import region_graph
from napari_backprop_segmentation.hierarchy.tree import build_hierarchy

RNG = np.random.default_rng(0)


def one_by_one(overlaps, n_after):
    """Take the largest overlap left, again and again: what `partners` must give."""
    found, taken = [0] * (n_after + 1), set()
    for _, before, after in sorted(zip(-overlaps.pixels, overlaps.before, overlaps.after, strict=True)):
        if before and after and not found[after] and before not in taken:
            found[after] = before
            taken.add(before)
    return found


def linked(*frames):
    link = LabelLinker()
    return [link(np.array(frame)).tolist() for frame in frames]


def test_overlaps_are_counted():
    found = Overlaps.of(np.array([[0, 0, 1], [2, 2, 2]]), np.array([[0, 3, 3], [1, 1, 3]]))
    assert list(zip(found.before, found.after, found.pixels, strict=True)) == [
        (0, 0, 1), (0, 3, 1), (1, 3, 1), (2, 1, 2), (2, 3, 1),
    ]  # fmt: skip


@pytest.mark.parametrize("n", [1, 5, 40])
def test_pairs_are_those_of_taking_the_largest_overlap_again_and_again(n):
    for _ in range(20):
        before, after = RNG.integers(0, n + 1, (2, 30, 30))
        overlaps = Overlaps.of(before, after)
        assert partners(overlaps, n).tolist() == one_by_one(overlaps, n)


def test_what_moves_keeps_its_number_and_what_is_new_gets_one_that_was_never_used():
    frames = linked([1, 1, 1, 0, 2, 2, 0, 0], [0, 2, 2, 2, 0, 1, 1, 0], [0, 0, 1, 1, 1, 0, 0, 2])
    assert frames[1] == [0, 1, 1, 1, 0, 2, 2, 0]
    assert frames[2] == [0, 0, 1, 1, 1, 0, 0, 3]  # 2 has ended


def test_of_a_division_the_larger_overlap_keeps_the_number():
    assert linked([1, 1, 1, 1, 1, 1], [1, 1, 0, 2, 2, 2])[1] == [2, 2, 0, 1, 1, 1]


def test_of_a_fusion_the_larger_overlap_keeps_the_number():
    frames = linked([1, 1, 0, 2, 2, 2], [1, 1, 1, 1, 1, 1], [1, 1, 0, 2, 2, 2])
    assert frames[1] == [2] * 6
    assert frames[2] == [3, 3, 0, 2, 2, 2]  # 1 is not given again


def test_the_ground_is_not_linked():
    assert linked([0, 0, 0, 1], [1, 1, 1, 0])[1] == [2, 2, 2, 0]


def test_an_empty_frame_ends_everything():
    assert linked([1, 2], [0, 0], [1, 2])[2] == [3, 4]


def test_labels_need_not_be_without_gaps():
    assert Numbers().of(5)[[0, 2, 5]].tolist() == [0, 2, 5]


def tree_of(frame):
    """Merge the regions of a small image by its values."""
    graph = region_graph(frame)
    means = np.bincount(graph.index.ravel(), frame.ravel()) / graph.areas
    return build_hierarchy(graph, means[:, None])


@pytest.fixture
def frames():
    """A square and a bar that move, on a ground with a corner that is a little brighter."""
    series = np.zeros((4, 16, 16), np.int64)
    series[:, :5, 11:] = 1
    for t in range(4):
        series[t, 8 + t : 12 + t, 3:7] = 40
        series[t, 3:6, 1 + t : 7 + t] = 80
    return series


def test_linked_trees_give_the_labels_of_each_tree_under_linked_numbers(frames):
    trees = [tree_of(frame) for frame in frames]
    series = LinkedTrees(trees)
    for detail in (0, 30, 60, 90, 100):
        labels, link = series.cut(detail), LabelLinker()
        expected = np.stack([link(tree.cut(detail).astype(np.int64)) for tree in trees])
        np.testing.assert_array_equal(labels, expected)
        assert series.count(detail) == len(np.unique(labels))


def test_what_moves_keeps_its_number_at_every_detail(frames):
    series = LinkedTrees([tree_of(frame) for frame in frames])
    for detail in (60, 80, 100):
        labels = series.cut(detail)
        square, bar = labels[frames == 40], labels[frames == 80]
        assert len(np.unique(square)) == len(np.unique(bar)) == 1
        assert square[0] != bar[0]


def test_series_of_slices_are_linked_through_depth_and_time(frames):
    volumes = LinkedTrees([LinkedTrees([tree_of(frame)] * 3) for frame in frames])
    labels = volumes.cut(80)
    assert labels.shape == (4, 3, 16, 16)
    assert volumes.n_leaves == sum(3 * tree_of(frame).n_leaves for frame in frames)
    plain = LinkedTrees([tree_of(frame) for frame in frames]).cut(80)
    for depth in range(3):
        np.testing.assert_array_equal(labels[:, depth], plain)

"""The boundary F-measure on borders that can be counted by hand."""

from itertools import permutations

import numpy as np
import outlines
import pytest
from datasets import Sample
from partitions import Family
from rivals import Picture, Prediction

HALVES = np.repeat([[0] * 30 + [1] * 30], 60, axis=0)


def shifted(by):
    return np.repeat([(np.arange(50) >= 25 + by).astype(int)], 60, axis=0)


def test_a_border_is_one_pixel_wide():
    found = outlines.border_pixels(HALVES)
    assert found[:, 29].all()
    assert found.sum() == 60
    assert not outlines.border_pixels(np.zeros((9, 9), int)).any()


def test_near_borders_match_and_far_ones_do_not():
    truth = outlines.border_pixels(shifted(0))
    reach = outlines.REACH * np.hypot(*truth.shape)
    assert 0 < reach < 1
    same = outlines.boundary_counts(truth, [truth])
    assert same == (60, 60, 60, 60)
    assert outlines.f_measure(same) == pytest.approx(1)
    assert outlines.boundary_counts(outlines.border_pixels(shifted(3)), [truth]) == (0, 60, 0, 60)


def test_one_annotator_is_enough_for_precision_and_all_count_for_recall():
    one, other = outlines.border_pixels(shifted(0)), outlines.border_pixels(shifted(9))
    counts = outlines.boundary_counts(one, [one, other])
    assert counts == (60, 120, 60, 60)
    assert outlines.f_measure(counts) == pytest.approx(2 * 0.5 / 1.5)


@pytest.mark.parametrize("seed", range(5))
def test_as_many_pairs_as_can_be(seed):
    rng = np.random.default_rng(seed)
    points, others = rng.integers(0, 6, (5, 2)), rng.integers(0, 6, (5, 2))
    near = np.linalg.norm(points[:, None] - others[None], axis=2) <= 2
    most = max(sum(near[i, j] for i, j in enumerate(order)) for order in permutations(range(5)))
    found = outlines.matches(points, others, 2.0)
    assert (found >= 0).sum() == most
    assert len(set(found[found >= 0])) == most
    assert all(near[i, j] for i, j in enumerate(found) if j >= 0)


def test_nothing_matches_nothing():
    none, some = np.zeros((0, 2), int), np.ones((3, 2), int)
    assert outlines.matches(none, some, 1.0).tolist() == []
    assert outlines.matches(some, none, 1.0).tolist() == [-1, -1, -1]
    blank = np.zeros((9, 9), bool)
    assert outlines.f_measure(outlines.boundary_counts(blank, [blank])) == 0


def test_best_scale_for_all_and_for_each():
    good, bad = (90, 100, 90, 100), (10, 100, 10, 100)
    found = outlines.summarise_boundaries([{"a": good, "b": bad}, {"a": bad, "b": good}, {"a": good, "b": good}])
    assert found["f_ois"] == pytest.approx(0.9)
    assert found["f_ods"] == pytest.approx(190 / 300)


def test_rows_of_many_cuts_are_thinned_out_alike():
    labels = {f"cut {i}": np.array([0, min(i, 1)]) for i in range(40)}
    picture = Picture(np.zeros((60, 60), np.uint8), "YX", photograph=True)
    sample = Sample("one", "", picture.image, "YX", [HALVES])
    rows = outlines.boundary_rows(sample, picture, Prediction([Family(HALVES, labels)]))
    assert 10 < len(rows) <= outlines.MOST_CUTS
    assert rows["cut 0"] == (0, 60, 0, 0)
    assert rows["cut 3"] == (60, 60, 60, 60)

"""The history alone: what goes in comes out, it never takes more than it may, and what is kept is evenly spread."""

import numpy as np
import pytest

from napari_backprop_segmentation.network import history as room
from napari_backprop_segmentation.network.history import History, Kept, coarseness

LABELS = np.array([[1, 1, 2], [3, 2, 255]], np.uint16)
WEIGHTS = {"head.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "head.bias": np.float32([0.1, -0.2])}


def filled(n_iterations, labels=LABELS, weights=None, **limits):
    history = History(**limits)
    for iteration in range(1, n_iterations + 1):
        history.add(iteration, 4, labels, weights)
    return history


def noise(seed, shape=(64, 64)):
    """Labels that cannot be packed."""
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def test_an_iteration_comes_out_as_it_went_in():
    history = History()
    history.add(7, 4, LABELS, WEIGHTS)
    (kept,) = history
    assert (kept.iteration, kept.n_labels, kept.factor) == (7, 4, 1)
    np.testing.assert_array_equal(kept.labels, LABELS)
    assert kept.labels.dtype == np.uint8  # 255 fits
    assert {name: array.tolist() for name, array in kept.weights.items()} == {
        name: array.tolist() for name, array in WEIGHTS.items()
    }


@pytest.mark.parametrize(("largest", "dtype"), [(255, np.uint8), (256, np.uint16), (70_000, np.uint32)])
def test_labels_are_kept_in_the_smallest_type_that_holds_them(largest, dtype):
    labels = np.array([[0, 1], [2, largest]], np.int64)
    kept = Kept.of(1, 4, labels, None)
    assert kept.labels.dtype == dtype
    np.testing.assert_array_equal(kept.labels, labels)


def test_what_is_kept_is_a_copy():
    labels = LABELS.copy()
    history = filled(1, labels)
    labels[:] = 0
    history[0].labels[:] = 0
    np.testing.assert_array_equal(history[0].labels, LABELS)


@pytest.mark.parametrize(
    ("shape", "factor"), [((3, 5), 1), ((6, 6), 2), ((7, 7), 3), ((1, 100), 7), ((4, 4, 4), 2), ((5, 5, 5), 3)]
)
def test_large_label_images_are_kept_coarse(shape, factor, monkeypatch):
    monkeypatch.setattr(room, "MOST_PIXELS", 15)
    labels = np.arange(np.prod(shape)).reshape(shape)
    kept = Kept.of(1, 4, labels, None)
    assert kept.factor == coarseness(shape) == factor
    np.testing.assert_array_equal(kept.labels, labels[(slice(None, None, factor),) * len(shape)])
    assert kept.labels.size <= 15


def test_every_second_one_is_dropped_where_there_are_too_many():
    assert [kept.iteration for kept in filled(8, most=8)] == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [kept.iteration for kept in filled(9, most=8)] == [1, 3, 5, 7, 9]
    assert [kept.iteration for kept in filled(40, most=8)] == [1, 9, 17, 25, 33]


@pytest.mark.parametrize("n_iterations", [1, 2, 10, 99, 1000])
def test_memory_is_bounded_at_any_number_of_iterations(n_iterations):
    budget, history = 20_000, History(20_000)
    for iteration in range(1, n_iterations + 1):
        if history.wants(iteration):
            history.add(iteration, 256, noise(iteration), WEIGHTS)
        assert history.nbytes <= budget
    gaps = np.diff([kept.iteration for kept in history])
    assert len(set(gaps.tolist())) <= 1  # evenly spread
    assert history[0].iteration == 1
    assert n_iterations - history[-1].iteration < max([1, *gaps])
    assert len(history) >= min(n_iterations, 2)


def test_the_memory_is_that_of_labels_and_weights():
    without, with_weights = filled(1), filled(1, weights=WEIGHTS)
    assert with_weights.nbytes - without.nbytes == 8 * 4
    assert 0 < without.nbytes < 64


def test_nothing_is_kept_that_is_larger_than_all_that_may_be():
    assert list(filled(5, noise(0), budget=1000)) == []


def test_it_is_known_beforehand_what_would_be_kept():
    history = filled(9, most=8)
    assert [iteration for iteration in range(10, 16) if history.wants(iteration)] == [11, 12, 13, 14, 15]
    history.add(10, 4, LABELS)  # not wanted
    assert history[-1].iteration == 9


def test_iterations_that_were_not_offered_leave_the_others_spread():
    """A worker that is short of time offers only some."""
    history = History(most=4)
    for iteration in (1, 3, 4, 9, 10, 30, 31):
        history.add(iteration, 4, LABELS)
    assert [kept.iteration for kept in history] == [1, 4, 10, 30]

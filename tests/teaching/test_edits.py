"""What was edited by hand stays as it is in the next run, which learns from it."""

import numpy as np
import pytest
from skimage import data

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.teaching.edits import FREE, agreement, best_agreeing, fixed_labels, kept

COINS = data.coins()[:160, :200]
QUICK = Params.preset("nuclei", n_channels=8, iterations=3, n_superpixels=100, device="cpu")


def test_all_of_an_edited_label_is_fixed_and_what_was_erased():
    before = np.array([[1, 1, 2, 2], [3, 3, 0, 4]])
    after = np.array([[1, 1, 2, 5], [0, 3, 0, 4]])
    assert fixed_labels(before, after).tolist() == [[FREE, FREE, 2, 5], [0, 3, FREE, FREE]]
    assert (fixed_labels(before, before) == FREE).all()


def test_fixed_labels_get_numbers_behind_and_what_they_cover_most_of_is_given_up():
    labels = np.array([[1, 1, 1, 2, 2, 2, 0, 0]])
    fixed = np.array([[7, 7, FREE, FREE, FREE, 0, FREE, 9]])
    assert kept(labels, fixed, ground=True).tolist() == [[3, 3, 0, 2, 2, 0, 0, 4]]
    assert kept(labels, fixed, ground=False).tolist() == [[3, 3, 1, 2, 2, 0, 0, 4]]


def test_agreement_is_the_overlap_of_the_fixed_labels():
    fixed = np.array([5, 5, FREE, 0])
    assert agreement(np.array([1, 1, 0, 0]), fixed) == 1
    assert agreement(np.array([1, 1, 1, 1]), fixed) == (0.5 + 0) / 2
    assert best_agreeing([np.array([1, 1, 1, 1]), np.array([2, 2, 0, 0])], fixed, 0.1) == 1
    assert best_agreeing([np.array([1, 1, 1, 0]), np.array([2, 2, 0, 0])], fixed, 0.9) == 0


def test_a_rerun_never_changes_an_edit():
    first = finish(run(COINS, QUICK)).labels
    after = first.astype(int)
    after[after == 1] = 0
    after[100:110, 100:110] = after.max() + 1
    fixed = fixed_labels(first, after)
    again = finish(run(COINS, QUICK.replace(seed=3), fixed=fixed))
    square = again.labels[100:110, 100:110]
    assert square.min() == square.max() > 0
    assert (again.labels == square[0, 0]).sum() == (fixed == after.max()).sum()
    assert (again.labels[fixed == 0] == 0).all()
    assert again.record["fixed"] == (fixed != FREE).sum()


def test_the_reading_that_agrees_with_the_edits_is_taken():
    y, x = np.indices((160, 200))
    near = (y % 40 - 20) ** 2 + (x % 40 - 20) ** 2 < 100
    dark = near & ((x // 40 + y // 40) % 2 == 0)
    image = np.random.default_rng(0).normal(0.5, 0.02, near.shape) + np.where(dark, -0.3, np.where(near, 0.3, 0))
    assert (finish(run(image, QUICK)).labels[dark] == 0).all()
    fixed = np.full(image.shape, FREE)
    fixed[:80][dark[:80]] = 1 + (y // 40 * 5 + x // 40)[:80][dark[:80]]
    again = finish(run(image, QUICK, fixed=fixed))
    assert again.record["params"]["reading"] > 0
    assert agreement(again.labels, fixed) == 1
    assert (again.labels[80:][dark[80:]] > 0).mean() > 0.9


def test_edits_of_kinds_count_as_strokes():
    strokes = np.zeros(COINS.shape, int)
    strokes[30:34, 20:50], strokes[2, 5:150] = 1, 2
    params = QUICK.replace(strokes_as="kinds")
    first = finish(run(COINS, params, strokes=strokes)).labels
    fixed = np.full(COINS.shape, FREE)
    fixed[120:140, 20:40] = 3 - first[130, 30]
    again = finish(run(COINS, params, strokes=strokes, fixed=fixed)).labels
    np.testing.assert_array_equal(again[fixed != FREE], fixed[fixed != FREE])
    assert set(np.unique(again)) == {1, 2}


@pytest.mark.parametrize("fixed", [np.zeros((3, 3), int), np.zeros(COINS.shape), np.full(COINS.shape, -2)])
def test_what_does_not_fit_is_refused(fixed):
    with pytest.raises(ImageError, match="fixed must be"):
        next(run(COINS, QUICK, fixed=fixed))

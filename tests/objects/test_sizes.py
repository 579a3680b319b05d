"""Planes seen at half and at twice their size."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import disk
from things import disc_grid

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.hierarchy.resized import resized
from napari_backprop_segmentation.objects import sizes
from napari_backprop_segmentation.objects.judgement import best_ious
from napari_backprop_segmentation.objects.reading import Reading, offered
from napari_backprop_segmentation.objects.readings import Readings, numbered
from napari_backprop_segmentation.objects.sizes import doubled, doubled_labels, halved, halved_labels
from napari_backprop_segmentation.objects.ways import readings_of

QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 100, "precision": "float32", "device": "cpu"}


def spots(radius, step, side=120, noise=8):
    """Return bright spots on even grey (side, side) uint8, and their labels."""
    truth = np.zeros((side, side), np.int32)
    for number, middle in enumerate(
        np.stack(np.meshgrid(*[np.arange(step, side - step // 2, step)] * 2), -1).reshape(-1, 2)
    ):
        truth[disk(middle, radius + 0.3)] = number + 1
    light = 50 + 120 * ndimage.gaussian_filter((truth > 0).astype(float), 0.7)
    return (light + np.random.default_rng(0).normal(0, noise, truth.shape)).clip(0, 255).astype(np.uint8), truth


def test_half_and_twice_the_size_on_exact_arrays():
    image = np.arange(15, dtype=np.float32).reshape(1, 3, 5)
    np.testing.assert_array_equal(halved(image), [[[3, 5, 6.5], [10.5, 12.5, 14]]])
    assert doubled(image).shape == (1, 6, 10)
    assert doubled(np.full((2, 3, 4), 0.25, np.float32)) == pytest.approx(0.25)
    labels = np.array([[1, 1, 0, 2], [0, 1, 0, 0], [0, 3, 0, 0], [3, 0, 0, 0]], np.int32)
    np.testing.assert_array_equal(halved_labels(labels), [[1, 0], [2, 0]])  # 2 is lost, 3 holds half of its four
    np.testing.assert_array_equal(halved_labels(np.zeros((4, 4), np.int32)), np.zeros((2, 2)))
    one = np.array([[1, 1], [0, 2]], np.int32)
    found = doubled_labels(one, (3, 4))
    assert found.shape == (3, 4)
    assert (found[0] == 1).all() and found[2, 3] == 2


@pytest.mark.parametrize("side", [60, 61])
def test_labels_come_back_as_they_were(side):
    truth = np.zeros((side, side), np.int32)
    truth[disk((20, 22), 9)] = 1
    truth[disk((44, 40), 12)] = 2
    small = numbered(truth[::2, ::2])
    assert best_ious(truth, doubled_labels(small, truth.shape))[0] > 0.85
    np.testing.assert_array_equal(halved_labels(sizes.repeated(truth)), truth)


def test_small_spots_are_outlined_as_small_as_they_are(monkeypatch):
    image, truth = spots(3, 12)
    found = finish(run(image, Params(**QUICK)))
    first = found.readings[0].labels()
    assert first.max() == truth.max()
    assert best_ious(truth, first)[0] > 0.7
    assert finish(run(image, Params(**QUICK, reading=1, min_object=60))).labels.max() == 0
    monkeypatch.setattr(sizes, "SMALL", 0)
    wide = finish(run(image, Params(**QUICK))).readings[0].labels()
    assert best_ious(truth, first)[0] > best_ious(truth, wide)[0] + 0.05


def test_the_magnification_does_not_matter():
    image, truth = spots(7, 24, 144)
    for factor in (1, 2):
        large = ndimage.zoom(image, factor, order=1, grid_mode=True, mode="nearest")
        first = finish(run(large, Params(**QUICK))).readings[0].labels()
        assert first.max() == truth.max()
        assert best_ious(truth.repeat(factor, 0).repeat(factor, 1), first)[0] > 0.75


def test_what_is_seen_at_another_size_is_judged_there():
    image, truth = spots(3, 12)
    found = finish(run(image, Params(**QUICK)))
    tree, light = found.hierarchy, (image / 255).astype(np.float32)[None]
    twice = readings_of(resized(tree, sizes.repeated(tree.index)), doubled(light))
    both = readings_of(tree, light)
    assert {each.smallest for each in both} == {7}
    assert both.score(truth) == twice.score(sizes.repeated(truth))


def test_small_things_in_one_of_two_channels_are_seen_at_twice_the_size_too():
    image, truth = spots(3, 12)
    found = finish(run(np.stack([image, np.full_like(image, 9)]), Params(**QUICK), axes="CYX"))
    tree, light = found.hierarchy, np.stack([image / 255, np.zeros(image.shape)]).astype(np.float32)
    seen = readings_of(tree, light)
    assert seen[0].smallest == 7
    assert seen[0].count == truth.max()
    assert all(each.painted.shape == truth.shape for each in seen)
    assert [each.name for each in seen if each.name.startswith("around")]


def test_what_is_like_a_better_reading_is_known_by_its_name_too():
    labels = np.zeros((20, 20), np.int32)
    labels[4:10, 4:10] = 1
    good, like, other = (
        Reading(name, labels, score, {}) for name, score in (("good", 0.5), ("like", 0.4), ("other", 0.1))
    )
    other = replace(other, painted=np.roll(labels, 9))
    found = offered([other, like, good])
    assert [each.name for each in found] == ["good", "other"]
    assert [each.also for each in found] == [{"like"}, ()]
    image, truth = disc_grid((96, 96), 5, 16)
    readings = Readings(image[None], made_otherwise={"good": lambda _: truth, "like": lambda _: truth})
    assert readings.named("like") is readings.named("good") is not None
    assert readings.named("neither") is None


def test_only_trees_that_are_asked_for_have_readings():
    image = spots(5, 20)[0][None].astype(np.float32) / 255
    everything = Readings(image)
    assert everything.trees[0] == ("bright", 0) and len(everything.trees) > 2
    few = Readings(image, among=everything.trees[:1])
    assert few.trees == [("bright", 0)] and {reading.name for reading in few.voting} == {"bright"}
    assert few.best.painted.tolist() == everything.best.painted.tolist()

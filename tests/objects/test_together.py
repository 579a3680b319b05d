"""What several readings have in common."""

import numpy as np
import pytest
from scipy import ndimage
from things import disc_grid

from napari_backprop_segmentation.objects.reading import TOGETHER, Reading, found_together
from napari_backprop_segmentation.objects.readings import Readings
from napari_backprop_segmentation.objects.together import (
    GAIN,
    NEEDED,
    SAME,
    TAKEN,
    largest_ious,
    sureness,
    voted,
    votes_of,
)


def ious_one_by_one(one, other):
    found = np.zeros(int(one.max()))
    for i in range(1, int(one.max()) + 1):
        for j in range(1, int(other.max()) + 1):
            a, b = one == i, other == j
            found[i - 1] = max(found[i - 1], (a & b).sum() / (a | b).sum())
    return found


def voted_one_by_one(found, votes):
    objects = []
    for i, labels in enumerate(found):
        for number in range(1, int(labels.max()) + 1):
            share = votes[i]
            for j, other in enumerate(found):
                iou = ious_one_by_one((labels == number).astype(np.int32), other)[0]
                share += votes[j] * iou * (j != i and iou >= SAME)
            objects.append((share, labels == number))
    out, n = np.zeros(found[0].shape, np.int32), 0
    for share, mask in sorted(objects, key=lambda each: -each[0]):
        free = mask & (out == 0)
        if share >= NEEDED and free.sum() >= (1 - TAKEN) * mask.sum():
            parts, _ = ndimage.label(free)
            n += 1
            out[parts == 1 + np.argmax(np.bincount(parts[free])[1:])] = n
    in_order = dict.fromkeys(out[out > 0].tolist())
    return np.array([0, *(1 + list(in_order).index(number) for number in range(1, n + 1))])[out]


def blobs(rng, shape):
    labels, _ = ndimage.label(ndimage.gaussian_filter(rng.normal(size=shape), 1.5) > 0.05)
    return labels.astype(np.int32)


@pytest.mark.parametrize("shape", [(24, 30), (9, 12, 11)])
def test_the_vote_is_that_of_objects_one_by_one(shape):
    rng = np.random.default_rng(3)
    first = blobs(rng, shape)
    found = [first, np.roll(first, 1, axis=0), blobs(rng, shape), ndimage.grey_erosion(first, 2).astype(np.int32)]
    found = [ndimage.label(each > 0)[0].astype(np.int32) for each in found]
    votes = np.array([0.4, 0.3, 0.2, 0.1])
    assert np.array_equal(voted(found, votes), voted_one_by_one(found, votes))
    for one, other in ((found[0], found[2]), (found[3], found[1])):
        mine, theirs = largest_ious(one, other)
        np.testing.assert_allclose(mine, ious_one_by_one(one, other))
        np.testing.assert_allclose(theirs, ious_one_by_one(other, one))


def test_what_most_find_is_there_and_what_one_finds_is_not():
    one = np.zeros((8, 20), np.int32)
    one[2:6, 2:6], one[2:6, 8:12] = 1, 2
    other, third = np.where(one == 1, 1, 0), np.where(one == 2, 1, 0)
    third[2:6, 15:19] = 2
    assert np.array_equal(voted([one, other, third], np.array([0.4, 0.4, 0.2])), one)
    assert voted([one, other, third], np.array([0.1, 0.1, 0.8]))[3, 16] > 0
    assert not voted([np.zeros_like(one)] * 2, np.array([0.5, 0.5])).any()


def test_an_object_that_others_cut_keeps_its_largest_part():
    whole, bar = np.zeros((5, 12), np.int32), np.zeros((5, 12), np.int32)
    whole[:, :], bar[:, 7:9] = 1, 1
    found = voted([bar, whole], np.array([0.5, 0.5]))
    assert found.tolist() == [[1] * 7 + [2] * 2 + [0] * 3] * 5


def test_votes_follow_scores_and_what_sees_another_ground_has_none():
    labels = np.array([[1, 1, 0, 0]], np.int32)
    half = np.array([[0, 1, 1, 0]], np.int32)
    np.testing.assert_allclose(votes_of([labels, labels], [0.5, 0.3]), np.array([1, np.exp(-1)]) / (1 + np.exp(-1)))
    np.testing.assert_allclose(votes_of([labels, half], [0.5, 0.5]), [2 / 3, 1 / 3])
    np.testing.assert_allclose(votes_of([labels, labels[:, ::-1]], [0.5, 0.6]), [1, 0])
    assert votes_of([np.zeros_like(labels)], [0.5]).tolist() == [0]


def test_sureness_is_how_far_others_find_each_object():
    one = np.zeros((8, 20), np.int32)
    one[2:6, 2:6], one[2:6, 8:12] = 1, 2
    first, votes = np.where(one == 1, 1, 0), np.array([0.5, 0.3, 0.2])
    # the first object is found by all, the second by the first two readings: the one that does best does not count
    assert sureness(one, [one, one, first], votes) == pytest.approx(min(1, GAIN * (1 + 0.3 / 0.5) / 2))
    assert sureness(one, [one], np.ones(1)) == 0
    image, labels = disc_grid((96, 96), 5, 16)
    readings = Readings(image[None])
    assert readings.sureness(labels) > 0.6
    assert readings.sureness(np.roll(labels, 8, axis=1)) < 0.1
    assert readings.sureness(0 * labels) == 0


def test_one_reading_alone_says_nothing_of_how_sure_it_is():
    image, labels = disc_grid((64, 64), 8, 32)
    readings = Readings(image[None], made_otherwise={"own": lambda strictness: labels}, among=[])
    assert [reading.name for reading in readings.voting] == ["own"]
    assert readings.sureness(readings.best.painted) is None


def test_what_is_found_in_several_ways_comes_first():
    image, labels = disc_grid((96, 96), 5, 16)
    readings = Readings(image[None], made_otherwise={"own": lambda _: labels})
    assert readings[0].name == TOGETHER
    assert readings[0].score > readings.best.score
    assert readings[0].count == labels.max()
    assert "own" in readings[0].also
    assert found_together([]) is None
    assert found_together([Reading("none", np.zeros((4, 4), np.int32), 0.1, {})]) is None


def test_where_objects_must_stand_out_more_each_reading_votes_for_what_it_finds_then():
    _, labels = disc_grid((60, 60), 5, 16)
    fewer = np.where(labels > 2, labels - 2, 0)
    one = Reading("one", labels, 0.5, {}, lambda strictness: fewer if strictness > 1 else labels)
    found = found_together([one, Reading("other", labels, 0.3, {}, lambda _: fewer)])
    assert (found.labels() > 0).tolist() == (labels > 0).tolist()
    assert (found.labels(2.0) > 0).tolist() == (fewer > 0).tolist()

import itertools

import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import disk
from skimage.feature import peak_local_max
from skimage.measure import label

from napari_backprop_segmentation.objects.necks import NECK, joined_without_neck, object_peaks, radii_of, split_at_necks


def blobs(shape, seed):
    heights = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 3 if len(shape) == 2 else 2)
    touching = 1 + np.indices(shape).sum(axis=0) // 17 % 3  # objects of three numbers, which cut through blobs
    objects = np.where(heights > 0, ndimage.label(heights > 0)[0] * 3 + touching, 0)
    numbers = np.unique(objects, return_inverse=True)[1].reshape(shape)
    return np.where(heights > 0, heights, 0), numbers.astype(np.int32)


@pytest.mark.parametrize("closest", [1, 3, 8])
@pytest.mark.parametrize("shape", [(96, 128), (12, 40, 40)])
def test_peaks_of_all_objects_at_once_are_those_of_each(shape, closest):
    heights, objects = blobs(shape, 0)
    found = object_peaks(heights, objects, closest)
    peaks = np.zeros(shape, bool)
    peaks.ravel()[found] = True
    expected = np.zeros(shape, bool)
    expected[tuple(peak_local_max(heights, min_distance=closest, labels=objects, exclude_border=False).T)] = True
    n_pixels, n_peaks = np.bincount(objects.ravel()), np.bincount(objects[peaks], minlength=objects.max() + 1)
    compared = (n_pixels > n_peaks)[objects]  # of objects that are nothing but peaks skimage returns some only
    assert (n_peaks > 1).sum() > 1
    np.testing.assert_array_equal(peaks[compared], expected[compared])


def test_peaks_come_object_by_object_and_the_first_of_equal_ones_is_taken():
    heights = np.array([[3.0, 3.0, 1.0, 0.0, 2.0, 1.0, 4.0]])
    objects = np.array([[2, 2, 2, 0, 1, 1, 1]], np.int32)
    assert object_peaks(heights, objects, 1).tolist() == [6, 4, 0]
    assert object_peaks(heights, objects, 2).tolist() == [6, 0]


def test_an_object_that_touches_another_keeps_its_own():
    first, second = np.zeros((40, 60), bool), np.zeros((40, 60), bool)
    first[disk((20, 14), 9)] = True
    second[disk((20, 32), 10)] = True
    second[disk((20, 48), 10)] = True  # two discs with a neck
    objects = np.where(second, 2, np.where(first, 1, 0)).astype(np.int32)
    found = split_at_necks(objects)
    assert found.max() == 3
    assert (found[objects == 1] == 1).all()
    assert set(np.unique(found[objects == 2])) == {2, 3}


def test_nothing_to_divide():
    assert not split_at_necks(np.zeros((5, 6), np.int32)).any()
    single = np.zeros((5, 6), np.int32)
    single[2, 3] = 1
    np.testing.assert_array_equal(split_at_necks(single), single)


@pytest.mark.parametrize("length", [20, 60])
def test_a_rod_has_no_neck(length):
    rng = np.random.default_rng(0)
    rod = np.zeros((30, 80), bool)
    rod[8:21, 8 : 8 + length] = True
    rod[rng.choice([7, 8, 20, 21], 8), rng.integers(8, 8 + length, 8)] ^= True  # dents: the distance has several peaks
    assert split_at_necks(rod.astype(np.int32)).max() == 1


@pytest.mark.parametrize(("apart", "count"), [(0.6, 1), (0.9, 1), (1.4, 2), (1.7, 2)])
def test_discs_are_two_from_about_one_radius_apart(apart, count):
    radius = 12
    both = np.zeros((40, 60), np.int32)
    for centre in (18, 18 + apart * radius):
        both[disk((20, centre), radius, shape=both.shape)] = 1
    found = split_at_necks(both)
    assert found.max() == count
    assert np.array_equal(found > 0, both > 0)


def test_parts_without_a_neck_are_joined_as_pair_by_pair():
    rng = np.random.default_rng(3)
    objects = np.repeat([1, 2], 12)[None].repeat(10, axis=0).astype(np.int32)
    for _ in range(20):
        parts = rng.integers(1, 5, (5, 12)).repeat(2, axis=0).repeat(2, axis=1) + 4 * (objects - 1)
        parts = label(parts, connectivity=1)
        width = rng.random(objects.shape)
        group = np.arange(parts.max() + 1)
        for i, j in itertools.combinations(range(1, parts.max() + 1), 2):
            faces = []
            for axis in (0, 1):
                for one, other in ((i, j), (j, i)):
                    near = np.roll(parts, -1, axis) == other
                    near[(-1,) if axis == 0 else (slice(None), -1)] = False
                    here = (parts == one) & near & (objects == np.roll(objects, -1, axis))
                    faces += np.minimum(width, np.roll(width, -1, axis))[here].tolist()
            if faces and max(faces) >= NECK * min(width[parts == i].max(), width[parts == j].max()):
                group[group == group[j]] = group[i]
        found = joined_without_neck(parts, objects, width)
        pairs = set(zip(found.ravel().tolist(), group[parts].ravel().tolist(), strict=True))
        assert len(pairs) == len(np.unique(found)) == len(np.unique(group[parts]))


def test_as_many_parts_as_a_byte_holds():
    pair = np.zeros((12, 22), bool)  # two discs with a neck
    pair[disk((6, 6), 5)] = pair[disk((6, 15), 5)] = True
    single = np.zeros((12, 22), bool)
    single[disk((6, 6), 5)] = True
    tiles = [np.hstack([pair if 16 * i + j < 127 else single for j in range(16)]) for i in range(8)]
    objects = ndimage.label(np.vstack(tiles))[0].astype(np.int32)
    assert objects.max() == 128
    assert split_at_necks(objects).max() == 255


def test_the_largest_distance_in_each_object_is_found_as_scipy_does():
    objects = np.random.default_rng(3).integers(0, 9, (40, 50)).astype(np.int32)
    distance = np.where(objects > 0, np.random.default_rng(4).random((40, 50)), 0)
    expected = ndimage.maximum(distance, objects, np.arange(1, 9))
    np.testing.assert_array_equal(radii_of(distance, objects), expected)
    assert radii_of(np.zeros((3, 3)), np.zeros((3, 3), np.int32)).shape == (0,)

import numpy as np
import pytest
from scipy import ndimage
from skimage.draw import disk, ellipse, line

from napari_backprop_segmentation.objects.opening import ARM, KEPT, opened

SHAPE = (60, 80)


def drawn(*parts):
    labels = np.zeros(SHAPE, np.int32)
    for number, (rows, columns) in parts:
        labels[rows, columns] = number
    return labels


DISC = disk((20, 20), 11)


def test_an_arm_goes_and_the_disc_stays_as_it_was():
    arm = (slice(19, 22), slice(28, 44))
    found = opened(drawn((1, DISC), (1, arm)))
    disc = drawn((1, DISC))
    assert found[20, 36:].max() == 0
    assert np.count_nonzero(found[:, 34:]) == 0
    assert (found == disc).mean() > 0.999


@pytest.mark.parametrize(
    "part",
    [DISC, ellipse(30, 40, 5, 30), line(5, 5, 50, 70), (slice(10, 12), slice(10, 70)), ([7], [7])],
    ids=["disc", "rod", "thread", "bar", "pixel"],
)
def test_what_has_no_arms_or_is_nothing_else_keeps_its_shape(part):
    labels = drawn((1, part))
    found = opened(labels)
    assert np.count_nonzero(found != labels) <= 0.05 * np.count_nonzero(labels)
    assert set(np.unique(found)) == {0, 1}


def test_neighbours_and_volumes_are_opened_one_by_one_as_a_slow_oracle_does():
    random = np.random.default_rng(0)
    blobs = ndimage.label(ndimage.gaussian_filter(random.normal(size=(12, 50, 50)), (1, 2, 2)) > 0.02)[0]
    labels = blobs.astype(np.int32) + 1  # they touch what is between them
    found = opened(labels)
    for number in range(1, labels.max() + 1):
        inside = np.pad(labels == number, 1)
        distance = ndimage.distance_transform_edt(inside)
        radius = ARM * distance.max()
        core = np.argwhere(distance > radius)
        near = np.zeros_like(inside)
        for place in np.argwhere(inside):
            near[tuple(place)] = np.min(np.sum((core - place) ** 2, axis=1)) <= radius**2
        parts, n_parts = ndimage.label(near)
        largest = parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]) if n_parts else near
        wanted = largest if largest.sum() >= KEPT * inside.sum() else inside
        np.testing.assert_array_equal(found == number, wanted[1:-1, 1:-1, 1:-1])

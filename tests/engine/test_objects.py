import numpy as np
import pytest
from skimage.draw import disk

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.engine.objects import ObjectRules, find_objects, foreground, split_touching

SIDE = 64


def discs(*centres, radius=8):
    mask = np.zeros((SIDE, SIDE), bool)
    for centre in centres:
        mask[disk(centre, radius, shape=mask.shape)] = True
    return mask


def found(mask, rules=None, bright=True):
    """Objects where the regions are the mask and its opposite."""
    rules = rules or ObjectRules()
    image = np.where(mask == bright, 0.9, 0.1).astype(np.float32)[None]
    return find_objects(mask.astype(int) + 1, image, rules)


@pytest.mark.parametrize("bright", [True, False])
def test_objects_are_what_the_frame_is_not(bright):
    mask = discs((20, 20), (44, 44))
    objects = found(mask, bright=bright)
    assert np.unique(objects).tolist() == [0, 1, 2]
    np.testing.assert_array_equal(objects > 0, mask)


def test_the_user_may_know_better():
    mask = discs((32, 32))
    assert (found(mask, ObjectRules(side="dark", fill=False)) > 0).sum() == (~mask).sum()


def test_the_threshold_is_that_of_region_means():
    regions = np.repeat(np.arange(1, 5), 4).reshape(4, 4)
    light = np.repeat(np.array([0.1, 0.2, 0.8, 0.9], np.float32), 4).reshape(4, 4)
    light[0, 0] = 1.0  # one bright pixel does not make its region bright: its mean is 0.325
    assert foreground(regions, light, "bright").all(axis=1).tolist() == [False, False, True, True]
    assert not foreground(np.ones((4, 4), int), light, "auto").any()


def test_touching_discs_are_split_at_the_neck_and_single_ones_are_not():
    pair = discs((32, 22), (32, 36))
    assert split_touching(pair).max() == 2
    halves = split_touching(pair)
    assert halves[32, 18] != halves[32, 40]
    np.testing.assert_array_equal(halves > 0, pair)
    assert split_touching(discs((32, 32), radius=14)).max() == 1
    assert np.unique(found(pair, ObjectRules(split=False))).tolist() == [0, 1]
    assert split_touching(np.zeros((5, 5), bool)).max() == 0


def test_holes_are_filled_small_objects_and_those_at_the_edge_left_out():
    ring = discs((32, 32), radius=12)
    ring[30:34, 30:34] = False
    assert (found(ring)[30:34, 30:34] > 0).all()
    assert (found(ring, ObjectRules(fill=False))[30:34, 30:34] == 0).all()
    mixed = discs((32, 32)) | discs((0, 10)) | discs((50, 50), radius=2)
    assert found(mixed, ObjectRules(min_size=20)).max() == 2
    assert found(mixed, ObjectRules(min_size=20, drop_border=True)).max() == 1
    assert found(mixed, ObjectRules(min_size=1)).max() == 3


def test_a_volume_with_thick_slices():
    ball = np.zeros((8, 40, 40), bool)
    z, y, x = np.mgrid[:8, :40, :40]
    for centre in ((4, 12, 20), (4, 28, 20)):
        ball |= ((z - centre[0]) * 3) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 < 9**2
    assert split_touching(ball, (3.0, 1.0, 1.0)).max() == 2


@pytest.mark.parametrize("side", ["auto", "bright"])
def test_a_run_can_end_with_objects(side):
    mask = discs((20, 20), (44, 44), (20, 46))
    image = np.where(mask, 200, 20).astype(np.uint8) + np.random.default_rng(0).integers(0, 20, mask.shape)
    result = finish(run(image, Params(objects=side, n_channels=8, n_superpixels=200)))
    assert result.labels.max() == 3
    assert ((result.labels > 0) == mask).mean() > 0.98
    assert result.hierarchy.cut(50).min() > 0

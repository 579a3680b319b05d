import numpy as np
import pytest
from skimage.draw import disk

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.objects.click import object_at
from napari_backprop_segmentation.objects.splitting import roundness

CENTRES = ((20, 20), (44, 40))


@pytest.fixture(scope="module")
def discs():
    mask = np.zeros((64, 64), np.uint8)
    for number, centre in enumerate(CENTRES, start=1):
        mask[disk(centre, 9)] = number
    image = np.where(mask > 0, 180, 60) + np.random.default_rng(0).integers(0, 30, mask.shape)
    tree = finish(run(image.astype(np.uint8), Params(n_channels=8, iterations=3, n_superpixels=200))).hierarchy
    return mask, tree


@pytest.mark.parametrize("number", [1, 2])
def test_a_click_finds_the_disc_under_it(discs, number):
    mask, tree = discs
    y, x = CENTRES[number - 1]
    for place in ((y, x), (y + 5, x - 3)):
        found = object_at(tree, place, np.ones(mask.shape, bool))
        shared = (found & (mask == number)).sum() / (found | (mask == number)).sum()
        assert shared > 0.9


def test_what_is_taken_is_left_alone(discs):
    mask, tree = discs
    free = np.ones(mask.shape, bool)
    free[:, :20] = False
    found = object_at(tree, CENTRES[0], free)
    assert found.any()
    assert not (found & ~free).any()


def test_one_region_holds_no_object():
    tree = Hierarchy(np.zeros((4, 4), np.int32), np.zeros(1, np.int64), np.zeros(1), np.zeros(1, np.int64))
    assert object_at(tree, (1, 1), np.ones((4, 4), bool)) is None


def test_roundness_of_known_shapes():
    disc, bar = np.zeros((65, 65), bool), np.zeros((65, 65), bool)
    disc[disk((32, 32), 20)] = True
    bar[30:34, 5:60] = bar[5:60, 30:34] = True
    assert roundness(disc) == pytest.approx(1, abs=0.01)
    assert roundness(np.eye(65, dtype=bool)[:, ::-1] | disc) < 0.95
    assert roundness(bar) < 0.4
    assert roundness(np.zeros((3, 3), bool)) == 0

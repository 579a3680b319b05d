import numpy as np
import pytest
from skimage.draw import disk

from napari_backprop_segmentation.objects.cutting import halves, pixels_on, sides


def cut(plane, start, end):
    line = np.zeros(plane.shape, bool)
    line[pixels_on(np.array(start, float), np.array(end, float), plane.shape)] = True
    return halves(plane, line)


@pytest.fixture
def disc():
    plane = np.zeros((40, 40), bool)
    plane[disk((20, 20), 10)] = True
    return plane


@pytest.mark.parametrize(("start", "end"), [((16, 5), (16, 35)), ((5, 5), (33, 38)), ((35, 14), (3, 17))])
def test_a_line_across_gives_two_parts_that_are_all_of_it_the_larger_first(disc, start, end):
    parts = cut(disc, start, end)
    assert ((parts > 0) == disc).all()
    sizes = np.bincount(parts.ravel())[1:]
    assert len(sizes) == 2 and sizes[0] >= sizes[1]
    along = np.subtract(end, start)
    rows, columns = np.indices(disc.shape)
    side = along[0] * (columns - start[1]) - along[1] * (rows - start[0])
    away = np.abs(side) > 2 * np.hypot(*along)
    assert {len(np.unique(parts[disc & away & part])) for part in (side > 0, side < 0)} == {1}


@pytest.mark.parametrize(("start", "end"), [((20, 5), (20, 20)), ((20, 15), (20, 25)), ((2, 2), (2, 30))])
def test_a_line_that_does_not_go_through_divides_nothing(disc, start, end):
    assert cut(disc, start, end) is None


def test_a_line_that_ends_just_before_the_outline_was_meant_to_cross_it(disc):
    assert cut(disc, (20, 12), (20, 28)) is not None


def test_only_what_the_line_crosses_is_cut_off():
    bow = np.zeros((30, 30), bool)
    bow[5:25, 5:25] = True
    bow[5:20, 10:20] = False  # open at the top: two arms on a base
    one = cut(bow, (12, 2), (12, 12))
    assert np.bincount(one.ravel())[1:].tolist() == [(one == 1).sum(), (one == 2).sum()]
    assert one[7, 7] == 2 and one[7, 22] == one[23, 15] == 1
    both = cut(bow, (12, 2), (12, 28))
    assert sorted({both[7, 7], both[7, 22], both[23, 15]}) == [1, 2, 3]


def test_bits_beside_the_line_are_no_parts():
    plane = np.zeros((10, 20), bool)
    plane[2:8, 2:18] = True
    plane[1, 10] = True
    assert cut(plane, (2, 0), (2, 19)) is None or (cut(plane, (2, 0), (2, 19)) > 0).sum() == plane.sum()
    assert set(np.unique(cut(plane, (0, 9), (9, 9)))) == {0, 1, 2}


def test_a_solid_object_is_divided_by_a_plane():
    solid = np.zeros((6, 20, 20), bool)
    solid[1:5, 4:16, 4:16] = True
    parts = sides(solid, (1, 2), np.array([0.0, 8.5]), np.array([19.0, 8.5]))
    assert (parts[1:5, 4:16, 4:9] == 2).all() and (parts[1:5, 4:16, 9:16] == 1).all()
    assert ((parts > 0) == solid).all()
    assert sides(solid, (1, 2), np.array([0.0, 1.0]), np.array([19.0, 1.0])) is None

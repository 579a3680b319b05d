"""Objects that strokes have shown, chosen among all that can be seen: small arrays."""

from types import SimpleNamespace

import numpy as np
import pytest

from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.teaching.choosing import Offered, best_objects

RULES = Objects(objects="off", min_object=1)
SHAPE = (24, 48)


def squares(*columns, size=8):
    labels = np.zeros(SHAPE, np.int32)
    for number, column in enumerate(columns, start=1):
        labels[8 : 8 + size, column : column + size] = number
    return labels


def taught(share, strokes):
    drawn = np.where(strokes > 0, strokes == 1, share).astype(np.float32)
    return SimpleNamespace(strokes=strokes, share=lambda _: drawn)


@pytest.fixture
def strokes():
    drawn = np.zeros(SHAPE, np.int32)
    drawn[12, 5:11] = 1
    drawn[2, :] = 2
    return drawn


def test_what_is_seen_as_several_is_taken_where_the_strokes_see_one(strokes):
    apart = squares(4, 14, 24)  # two columns between them, which the strokes take for objects too
    one = np.zeros(SHAPE, np.float32)
    one[8:16, 4:32] = 0.9
    found = best_objects(taught(one, strokes), [Offered(apart)], RULES)
    np.testing.assert_array_equal(found, apart)
    assert not np.array_equal(best_objects(taught(one, strokes), [], RULES) > 0, apart > 0)


def test_what_the_strokes_speak_against_is_left_out(strokes):
    share = np.where(squares(4, 24) > 0, 0.9, 0.05)
    found = best_objects(taught(share, strokes), [Offered(squares(4, 14, 24, 34))], RULES)
    np.testing.assert_array_equal(found > 0, squares(4, 24) > 0)


def test_what_was_drawn_stays_whatever_is_chosen(strokes):
    strokes[20, 40:44] = 1  # on nothing that is seen
    strokes[8, 24:28] = 2  # the edge of something that is
    share = np.where(squares(4, 14, 24) > 0, 0.95, 0.0)
    found = best_objects(taught(share, strokes), [Offered(squares(4, 14, 24), counted=True)], RULES)
    assert (found[strokes == 1] > 0).all()
    assert (found[strokes == 2] == 0).all()
    assert len(np.unique(found[found > 0])) == 4


def test_what_is_unlike_the_strokes_is_not_taken(strokes):
    share = np.where(squares(4, 24) > 0, 0.95, 0.02)
    alone = best_objects(taught(share, strokes), [], RULES)
    other = best_objects(taught(share, strokes), [Offered(squares(14, 34), counted=True)], RULES)
    np.testing.assert_array_equal(other, alone)


def test_sizes_are_those_asked_for(strokes):
    seen = squares(4, 14)
    seen[20:22, 40:42] = 3
    share = np.where(seen > 0, 0.95, 0.0)
    found = best_objects(taught(share, strokes), [Offered(seen, counted=True)], Objects(objects="off", min_object=10))
    assert sorted(np.unique(found)) == [0, 1, 2]

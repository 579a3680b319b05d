"""Parts and stacks of arrays that are read when they are sliced."""

import numpy as np
import pytest

from napari_backprop_segmentation.gui.input.arrays import Stack, Window, part_of

ARRAY = np.arange(4 * 6 * 8 * 10).reshape(4, 6, 8, 10)
KEYS = [
    (slice(None),) * 4,
    (slice(1, 3), slice(0, 2), slice(2, 3), slice(0, 5)),
    (slice(None, None, 2), slice(1, None, 3), slice(None), slice(-3, None)),
    (slice(5, 9), slice(None), slice(None), slice(None)),
    (1, slice(None), -1, slice(2, 4)),
    (slice(1, 2),),
    0,
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize(
    "index",
    [
        (slice(1, 4), slice(2, 6), slice(0, 8), slice(3, 9)),
        (slice(0, 4), slice(0, 6), slice(0, 8), slice(0, 10)),
    ],
)
def test_a_window_is_what_numpy_gives(index, key):
    np.testing.assert_array_equal(Window(ARRAY, index)[key], ARRAY[index][key])


@pytest.mark.parametrize("key", [(slice(None), slice(1, 3)), (0, slice(None, None, 2)), (slice(0, 1), 2)])
def test_a_window_at_one_position_has_an_axis_less(key):
    index = (2, slice(1, 5), 3, slice(0, 9))
    window = Window(ARRAY, index)
    assert window.shape == (4, 9)
    np.testing.assert_array_equal(window[key], ARRAY[index][key])


@pytest.mark.parametrize("key", KEYS)
def test_a_stack_is_what_numpy_gives(key):
    np.testing.assert_array_equal(Stack(list(ARRAY))[key], ARRAY[key])


def test_a_stack_has_a_type_that_holds_all():
    assert Stack([np.zeros(3, np.uint8), np.zeros(3, np.float32)])[:].dtype == np.float32


@pytest.mark.parametrize("lazy", [Window(ARRAY, (2, *[slice(1, 5)] * 3)), Stack([ARRAY[0], ARRAY[1]])])
def test_numpy_reads_all_of_what_is_lazy(lazy):
    np.testing.assert_array_equal(np.asarray(lazy), lazy[:])
    assert np.asarray(lazy, dtype=np.float32).dtype == np.float32
    assert np.asarray(lazy).shape == lazy.shape


def test_all_of_an_array_is_the_array_itself():
    assert part_of(ARRAY, (slice(0, 4), slice(0, 6), slice(0, 8), slice(0, 10))) is ARRAY

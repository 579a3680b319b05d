"""What is read once is what would be read each time."""

import numpy as np
import pytest

from napari_backprop_segmentation.image.blocks import blocks
from napari_backprop_segmentation.image.held import held
from napari_backprop_segmentation.image.source import ArraySource


class Counted:
    """An array that counts how often it is read."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.ndim, self.n = array, array.shape, array.dtype, array.ndim, 0

    def __getitem__(self, index):
        self.n += 1
        return self.array[index]


@pytest.mark.parametrize("shape", [(40, 50), (9, 30, 20)])
def test_windows_and_what_lies_around_them_are_read_once(shape):
    array = Counted(np.random.default_rng(0).integers(0, 1000, shape).astype(np.uint16))
    source = ArraySource(array, "ZYX"[-len(shape) :])
    windows = list(blocks(shape, 10))[:3]
    before = array.n
    found = held(source, windows, [2] * len(shape))
    assert array.n == before + 1
    for window in windows:
        grown = tuple(slice(max(0, w.start - 2), min(w.stop + 2, n)) for w, n in zip(window, shape, strict=True))
        np.testing.assert_array_equal(found.read(grown), ArraySource(array.array, source.axes).read(grown))
    assert array.n == before + 1
    np.testing.assert_array_equal(found.read(source.whole), source.read(source.whole))
    assert (found.shape, found.spacing, found.preparation) == (source.shape, source.spacing, source.preparation)


def test_windows_that_lie_far_apart_are_not_read_at_once():
    source = ArraySource(np.random.default_rng(0).random((40, 50)), "YX")
    assert held(source, [(slice(0, 10), slice(0, 10)), (slice(30, 40), slice(40, 50))], [1, 1]) is source

"""Lab is that of scikit-image, to the last digit."""

import numpy as np
import pytest
from skimage.color import rgb2lab

from napari_backprop_segmentation.image import lab
from napari_backprop_segmentation.image.lab import lab_of


@pytest.mark.parametrize("shape", [(37, 41), (3, 20, 11), (1, 1)])
def test_it_is_that_of_scikit_image(shape, monkeypatch):
    monkeypatch.setattr(lab, "AT_ONCE", 100)  # several pieces, the last one smaller
    pixels = np.random.default_rng(0).uniform(-0.1, 1.1, (3, *shape)).astype(np.float32)
    np.testing.assert_array_equal(lab_of(pixels), rgb2lab(np.clip(pixels, 0, 1), channel_axis=0))


def test_dark_and_white_and_what_is_no_number(monkeypatch):
    pixels = np.repeat(np.float32([[0, 0.04045, 0.0404, 0.0405, 1, np.nan]]), 3, axis=0)
    found = lab_of(pixels)
    np.testing.assert_array_equal(found, rgb2lab(pixels, channel_axis=0))
    np.testing.assert_allclose(found[:, [0, 4]], [[0, 100], [0, 0], [0, 0]], atol=0.01)

"""How wide lines are, whatever the size of the image."""

import numpy as np
import pytest
from cells import halo_cells, membranes
from scipy.ndimage import zoom

from napari_backprop_segmentation.image.ridges import WIDTHS, Ridges, ridge_width, source_ridges
from napari_backprop_segmentation.image.source import ArraySource


@pytest.mark.parametrize("phantom", [halo_cells, membranes])
def test_lines_are_as_many_times_wider_as_the_image_is_enlarged(phantom):
    image = phantom()[0]
    for factor in (1.5, 2.0, 3.0):
        assert ridge_width(zoom(image, factor, order=1)) / ridge_width(image) == pytest.approx(factor, rel=0.2)


def test_width_of_one_line():
    y = np.arange(-40.0, 41)
    for sigma in (1.5, 2.5, 3.5):
        line = np.repeat(np.exp(-(y**2) / (2 * sigma**2))[:, None], 81, axis=1).astype(np.float32)
        # Summed across the line, s**4 / (sigma**2 + s**2) ** 2.5, which is largest where s is two sigma.
        assert ridge_width(line) == pytest.approx(2 * sigma, rel=0.05)
        assert ridge_width(-line) == pytest.approx(ridge_width(line), rel=1e-4)


def test_what_has_no_lines_has_the_narrowest():
    assert ridge_width(np.full((32, 32), 0.5, np.float32)) == WIDTHS[0]
    assert ridge_width(np.random.default_rng(0).random((64, 64)).astype(np.float32)) < 1


def test_the_width_is_that_of_the_plane_in_the_middle():
    cells, between = halo_cells()[0], membranes()[0]
    for image in (cells, between):
        light = ArraySource(image).read((slice(None),) * 2)[0]
        assert source_ridges(ArraySource(image)).width == ridge_width(light)
    volume = ArraySource(np.stack([between[:, :90], cells[:96, :90].repeat(2, 0)[:144], between[:, :90]]), "ZYX")
    middle = volume.read((slice(1, 2), slice(None), slice(None)))[0, 0]
    assert source_ridges(volume).width == ridge_width(middle)


def test_lines_of_a_binned_image_are_narrower():
    assert Ridges(-1, 2, 3.0).binned(2) == Ridges(-1, 2, 1.5)
    assert Ridges(-1, 2, 3.0).record() == {"sign": "dark", "channel": 2, "width": 3.0}
    assert Ridges(1).record() == {"sign": "bright", "channel": None, "width": 1.0}

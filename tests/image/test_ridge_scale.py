"""How wide lines are, whatever the size of the image."""

import numpy as np
import pytest
from cells import halo_cells, membranes
from scipy.ndimage import zoom

from napari_backprop_segmentation.image import ridge_scale as magnification
from napari_backprop_segmentation.image.ridge_scale import ridge_width, source_magnification
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
    assert ridge_width(np.full((32, 32), 0.5, np.float32)) == magnification.WIDTHS[0]
    assert ridge_width(np.random.default_rng(0).random((64, 64)).astype(np.float32)) < 1


def test_the_unit_depends_on_whether_there_is_a_ground():
    cells, between = halo_cells()[0], membranes()[0]
    assert source_magnification(ArraySource(cells)) == pytest.approx(
        ridge_width(ArraySource(cells).read((slice(None),) * 2)[0]) / magnification.HALO_WIDTH
    )
    assert source_magnification(ArraySource(between)) == pytest.approx(
        ridge_width(ArraySource(between).read((slice(None),) * 2)[0]) / magnification.MEMBRANE_WIDTH
    )
    assert source_magnification(ArraySource(np.stack([cells] * 3), "ZYX")) == source_magnification(ArraySource(cells))

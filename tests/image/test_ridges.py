"""Ridges: which kind an image has, how high they are, what lies between them."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage import data

from napari_backprop_segmentation.image import ridge_response, ridges
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.image.colour import lightness
from napari_backprop_segmentation.image.source import ArraySource


def grid(height=1.0, noise=0.05):
    """Four cells of 20 x 20 pixels between lines, three pixels wide."""
    image = np.zeros((46, 46), np.float32)
    for start in (0, 22, 43):
        image[start : start + 3] = image[:, start : start + 3] = height
    image += noise * np.random.default_rng(0).normal(size=image.shape).astype(np.float32)
    return image


@pytest.mark.parametrize(("height", "sign"), [(1.0, ridges.BRIGHT), (-1.0, ridges.DARK)])
def test_lines_are_bright_or_dark(height, sign):
    assert ridges.ridge_sign(grid(height)) == sign
    assert ridges.source_ridges(ArraySource(grid(height))).sign == sign
    volume = np.stack([grid(-height), grid(height), grid(-height)])
    assert ridges.ridge_sign(volume) == sign  # of the plane in the middle
    assert ridges.source_ridges(ArraySource(volume, "ZYX")).sign == sign


def test_of_several_channels_the_one_with_the_lines_is_taken():
    rng = np.random.default_rng(0)
    smooth = gaussian_filter(rng.normal(size=(46, 46)), 5).astype(np.float32)
    noise = rng.normal(size=(46, 46)).astype(np.float32)
    pixels = np.stack([smooth / smooth.std(), noise, grid(-1.0), noise.T])
    found = ridges.find_ridges(pixels)
    assert found == ridges.Ridges(ridges.DARK, 2, ridges.ridge_width(pixels[2]))
    np.testing.assert_array_equal(found.light(pixels), pixels[2])
    assert ridges.find_ridges(pixels[:3]).channel is None  # colours
    two = ridges.source_ridges(ArraySource(pixels[1:3], "CYX"))
    assert (two.sign, two.channel) == (ridges.DARK, 1)


def test_only_the_middle_of_a_large_image_is_read(monkeypatch):
    monkeypatch.setattr(ridges, "SIGHT", 46)
    image = np.pad(grid(-1.0), 60, mode="constant")
    image[:50] = np.tile(grid(), (2, 4))[:50, :166]
    assert ridges.source_ridges(ArraySource(image)).sign == ridges.DARK


def test_the_balance_of_an_image_and_of_its_negative_are_inverse():
    assert ridges.ridge_balance(grid()) == pytest.approx(1 / ridges.ridge_balance(-grid()), rel=1e-4)


@pytest.mark.parametrize("sign", [ridges.BRIGHT, ridges.DARK])
def test_basins_end_at_lines(sign):
    found = ridge_response.basins(grid(float(sign), noise=0)[None], ridges.Ridges(sign))
    assert found.min() == 1
    middles = found[[12, 12, 33, 33], [12, 33, 12, 33]]
    assert len(set(middles.tolist())) == 4
    for label, window in zip(middles, [(12, 12), (12, 33), (33, 12), (33, 33)], strict=True):
        cell = found[window[0] - 8 : window[0] + 9, window[1] - 8 : window[1] + 9]
        assert (cell == label).all()


def test_height_is_that_of_a_line_and_not_of_an_edge_or_of_the_ground():
    image = np.zeros((80, 80), np.float32)
    image[:, 20:23] = 1.0
    height = ridge_response.ridge_height(image, ridges.BRIGHT, (1.0, 1.0))
    assert height[40, 21] == height.max() > 2.5
    assert height[:, 40:].max() == 0
    assert ridge_response.ridge_height(image, ridges.DARK, (1.0, 1.0))[40, 21] == 0
    flat = np.full((80, 80), 0.7, np.float32)
    assert ridge_response.ridge_height(flat, ridges.BRIGHT, (1.0, 1.0)).max() == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize("side", [16, 50])
def test_strength_does_not_depend_on_the_blocks(side, monkeypatch):
    source = ArraySource(data.astronaut()[:90, 150:270])
    lines = ridges.source_ridges(source)
    whole = ridge_response.ridge_strength(source, lines)  # smaller than a block
    monkeypatch.setitem(BLOCK_SIDE, 2, side)
    blocks = ridge_response.ridge_strength(source, lines)
    assert [faces.shape for faces in whole] == [(89, 120), (90, 119)]
    for one, other in zip(whole, blocks, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-3)


def test_a_face_has_the_higher_of_its_pixels():
    height = np.array([[1, 3, 2]], np.float16)
    np.testing.assert_array_equal(ridge_response.higher_of_faces(height, 1), [[3, 3]])
    assert ridge_response.higher_of_faces(height, 0).shape == (0, 3)


def test_lightness_of_colours_is_that_of_lab_and_else_the_mean():
    rgb = np.moveaxis(data.astronaut()[:20, :20], -1, 0).astype(np.float32) / 255
    assert lightness(np.ones((3, 2, 2), np.float32)) == pytest.approx(1, abs=1e-4)
    assert lightness(rgb).max() <= 1
    np.testing.assert_array_equal(lightness(rgb[:2]), rgb[:2].mean(axis=0))


def test_lines_are_measured_in_true_sizes():
    image = gaussian_filter(np.random.default_rng(0).random((40, 40)), 1).astype(np.float32)
    stretched = np.repeat(image, 2, axis=1)
    height = ridge_response.ridge_height(stretched, ridges.BRIGHT, (2.0, 1.0))
    wide = ridge_response.ridge_height(stretched, ridges.BRIGHT, (1.0, 1.0))
    reference = np.repeat(ridge_response.ridge_height(image, ridges.BRIGHT, (2.0, 2.0)), 2, axis=1)
    assert np.abs(height - reference).mean() < np.abs(wide - reference).mean()

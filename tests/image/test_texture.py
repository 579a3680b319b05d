"""Texture: what it measures, and that things of one colour are told apart by it."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.filters import difference_of_gaussians

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.image import texture as texture_module
from napari_backprop_segmentation.image.blocks import blocks
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.image.texture import HALO, QUIET, source_texture, texture

SAND = np.random.default_rng(0).normal(0.5, 0.05, (160, 150)).astype(np.float32)


def test_what_is_even_has_none():
    found = texture(np.full((40, 50), 0.3, np.float32))
    assert found.shape == (3, 40, 50)
    np.testing.assert_allclose(found, np.log(QUIET), atol=1e-4)


def test_twice_the_contrast_adds_the_same_at_each_scale():
    one, two = texture(20 * SAND), texture(40 * SAND)
    np.testing.assert_allclose((two - one).mean(axis=(1, 2)), np.log(2), atol=0.05)
    assert (np.diff(one.mean(axis=(1, 2))) < 0).all()  # grains of one pixel: the finest scale sees most


def test_the_scale_of_the_grains_is_seen():
    coarse = np.kron(SAND[:40, :40], np.ones((4, 4), np.float32))
    fine, wide = texture(SAND).mean(axis=(1, 2)), texture(coarse).mean(axis=(1, 2))
    assert wide[2] - wide[0] > fine[2] - fine[0] + 0.4


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (1.0, 1.5)])
def test_it_is_the_power_of_differences_of_gaussians(spacing, monkeypatch):
    counted = []
    monkeypatch.setattr(
        texture_module, "gaussian_filter", lambda *args, **named: counted.append(1) or gaussian_filter(*args, **named)
    )
    found = texture(SAND, spacing)
    for scale, one in zip((1.0, 2.0, 4.0), found, strict=True):
        fine, coarse = ([factor * scale / size for size in spacing] for factor in (1, 2))
        band = difference_of_gaussians(SAND, fine, coarse, mode="reflect", truncate=3.0)
        power = gaussian_filter(band**2, coarse, mode="reflect", truncate=3.0)
        np.testing.assert_array_equal(one, np.log(np.sqrt(power) + np.float32(QUIET)))
    assert len(counted) == 7  # scales share theirs


@pytest.mark.parametrize("side", [33, 64])
def test_it_does_not_depend_on_the_windows(side):
    source = ArraySource(SAND)
    whole = source_texture(source, (slice(0, 160), slice(0, 150)))
    for window in blocks((160, 150), side):
        np.testing.assert_allclose(source_texture(source, window), whole[(slice(None), *window)], atol=1e-4)
    assert HALO < 160 - 33  # else each window would see all of the image


def test_volumes_are_looked_at_plane_by_plane_and_pixels_may_be_oblong():
    volume = np.stack([SAND[:60, :60], SAND[60:120, :60]])
    np.testing.assert_allclose(texture(volume)[:, 1], texture(volume[1]), atol=1e-6)
    source = ArraySource(volume, "ZYX", spacing=(3, 1, 1))
    assert source_texture(source, (slice(1, 2), slice(0, 30), slice(0, 60))).shape == (3, 1, 30, 60)
    stretched = np.repeat(SAND[:60, :60], 2, axis=1)
    alike = texture(stretched, (2.0, 1.0))[:, :, ::2].mean(axis=(1, 2))
    np.testing.assert_allclose(alike, texture(SAND[:60, :60], (2.0, 2.0)).mean(axis=(1, 2)), atol=0.2)


def test_two_surfaces_of_one_colour_are_told_apart_by_it():
    smooth = np.tile([0.49, 0.51], (96, 48)).astype(np.float32)
    image = np.where(np.arange(96) < 48, smooth, 0.5 + 10 * (smooth - 0.5))
    params = Params(n_channels=4, iterations=1, response_weight=0.0, normalisation="published", min_labels=0)
    truth = np.arange(96) >= 48
    rough = finish(run(image, params.replace(texture_weight=3.0))).hierarchy.cut(n_regions=2)[48] == 1
    plain = finish(run(image, params.replace(texture_weight=0.0))).hierarchy.cut(n_regions=2)[48] == 1
    agree = [max((found == truth).mean(), (found != truth).mean()) for found in (rough, plain)]
    assert agree[0] > 0.9 > agree[1]


def test_the_edge_of_the_image_is_as_rough_as_the_rest():
    found = texture(SAND)
    inner, rim = found[:, 40:-40, 40:-40].mean(axis=(1, 2)), found[:, :2].mean(axis=(1, 2))
    np.testing.assert_allclose(rim, inner, atol=0.15)

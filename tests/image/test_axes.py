"""How arrays are understood: axes, channels, spacing; and that a series is read frame by frame."""

import numpy as np
import pytest

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image import source as source_module
from napari_backprop_segmentation.image.axes import check_axes, in_words
from napari_backprop_segmentation.image.source import ArraySource

RNG = np.random.default_rng(0)


class Lazy:
    """An array that remembers what was read of it."""

    def __init__(self, pixels):
        self.pixels, self.shape, self.dtype = pixels, pixels.shape, pixels.dtype
        self.read = []

    def __getitem__(self, index):
        self.read.append(index)
        return self.pixels[index]


@pytest.mark.parametrize(
    ("axes", "shape", "words"),
    [
        ("TCZYX", (10, 2, 20, 512, 512), "time 10 x depth 20 x 512 x 512, 2 channels"),
        ("YX", (30, 40), "30 x 40"),
        ("CYX", (1, 30, 40), "30 x 40, 1 channel"),
        ("TYXS", (5, 30, 40, 3), "time 5 x 30 x 40, RGB"),
        ("YXS", (30, 40, 4), "30 x 40, RGBA (alpha ignored)"),
    ],
)
def test_axes_in_words(axes, shape, words):
    assert in_words(axes, shape) == words


@pytest.mark.parametrize(
    ("shape", "options"),
    [
        ((5, 30, 40), ["CYX or YXC (channels)", "ZYX (a volume)", "TYX (a time series)"]),
        ((5, 6, 30, 40), ["CZYX (a volume with channels)", "TCYX", "TZYX (volumes over time)"]),
        ((5, 2, 6, 30, 40), ["TCZYX", "TZCYX"]),
    ],
)
def test_a_shape_that_could_mean_several_things_is_refused_with_the_options(shape, options):
    with pytest.raises(ImageError, match="could mean several things") as refused:
        check_axes(None, shape)
    for option in options:
        assert option in str(refused.value)
        letters = option.split()[0]
        assert check_axes(letters, shape) == letters


@pytest.mark.parametrize("axes", ["ZTYX", "TYZX", "TZXY"])
def test_time_comes_before_depth_before_the_plane(axes):
    with pytest.raises(ImageError, match="be in the order T, Z, Y, X"):
        check_axes(axes, (3, 4, 5, 6))


@pytest.mark.parametrize("axes", ["TCZYX", "TZYXC", "CTZYX"])
def test_one_frame_one_slice_one_crop(axes):
    whole = RNG.integers(0, 200, (3, 2, 4, 7, 8)).astype(np.uint8)  # TCZYX
    source = ArraySource(np.moveaxis(whole, [0, 1, 2, 3, 4], [axes.index(a) for a in "TCZYX"]), axes, "published")
    assert source.shape == (2, 3, 4, 7, 8)
    frame, plane = source.at((2,)), source.at((2, 1))
    assert frame.shape == (2, 4, 7, 8)
    assert plane.shape == (2, 7, 8)
    np.testing.assert_allclose(frame.read(frame.whole), whole[2] / 255, atol=1e-6)
    np.testing.assert_allclose(plane.read((slice(1, 3), slice(4, 8))), whole[2, :, 1, 1:3, 4:8] / 255, atol=1e-6)
    np.testing.assert_allclose(plane.overview(3), whole[2, :, 1, ::3, ::3] / 255, atol=1e-6)


def test_a_frame_is_read_alone_and_a_long_series_is_not_read_whole(monkeypatch):
    monkeypatch.setattr(source_module, "ALL_PIXELS", 6000)
    series = Lazy(RNG.integers(0, 200, (100, 8, 8)).astype(np.uint8))
    source = ArraySource(series, "TYX")
    (sampled,) = series.read
    assert len(range(*sampled[0].indices(100))) <= 16
    series.read.clear()
    monkeypatch.undo()
    np.testing.assert_array_equal(
        ArraySource(series, "TYX").normaliser.spans, ArraySource(series.pixels, "TYX").normaliser.spans
    )
    assert all(len(range(*index[0].indices(100))) == 1 for index in series.read)
    series.read.clear()
    source.at((42,)).read((slice(0, 8), slice(0, 8)))
    assert series.read == [(slice(42, 43), slice(0, 8), slice(0, 8))]


def test_all_frames_are_scaled_alike():
    series = np.stack([RNG.integers(0, 50, (40, 40)), RNG.integers(0, 200, (40, 40))]).astype(np.uint8)
    source = ArraySource(series, "TYX")
    dim, bright = (source.at((t,)).read((slice(0, 40), slice(0, 40))) for t in (0, 1))
    assert dim.max() < 0.3 < bright.max()


def test_channels_can_be_chosen_and_come_in_the_order_of_the_choice():
    image = RNG.integers(0, 200, (5, 9, 9)).astype(np.uint8)
    source = ArraySource(image, "CYX", "published", channels=(3, 0))
    np.testing.assert_allclose(source.read(source.whole), image[[3, 0]] / 255, atol=1e-6)
    for wrong in [(5,), (-1,), (1, 1), ()]:
        with pytest.raises(ImageError, match="channels must be different numbers from 0 to 4"):
            ArraySource(image, "CYX", channels=wrong)


def test_many_channels_of_which_some_are_empty():
    image = np.zeros((41, 20, 20), np.uint8)
    image[np.arange(39), RNG.integers(0, 20, 39), RNG.integers(0, 20, 39)] = 7
    pixels = ArraySource(image, "CYX").read((slice(0, 20), slice(0, 20)))
    assert np.isfinite(pixels).all()
    assert (pixels.reshape(41, -1).max(axis=1) == [1] * 39 + [0] * 2).all()


def test_spacing_is_counted_in_the_smallest_side():
    image = RNG.integers(0, 200, (4, 6, 7, 8)).astype(np.uint8)
    source = ArraySource(image, "TZYX", spacing=(0.5, 0.2, 0.1))
    assert source.spacing == pytest.approx((5, 2, 1))
    assert source.at((0,)).spacing == pytest.approx((5, 2, 1))
    assert ArraySource(image, "TZYX", spacing=(3.0, 0.2, 0.2)).at((0, 0)).spacing == (1.0, 1.0)
    assert ArraySource(image, "TZYX").spacing == (1.0, 1.0, 1.0)
    for wrong in [(1, 1), (1, 1, 0), (1, 1, float("nan"))]:
        with pytest.raises(ImageError, match="spacing must be 3 positive numbers"):
            ArraySource(image, "TZYX", spacing=wrong)


@pytest.mark.parametrize("size", [65_520, 1e16, 5e-324])
def test_sizes_of_a_pixel_that_cannot_be_of_one_unit_are_refused(size):
    image = RNG.integers(0, 200, (4, 20, 20)).astype(np.uint8)
    assert ArraySource(image, "ZYX", spacing=(10_000, 1, 1)).spacing == (10_000, 1, 1)
    with pytest.raises(ImageError, match=r"none is more than 10,000 times another, got .*; give all in one unit"):
        ArraySource(image, "ZYX", spacing=(size, 1, 1))


def test_so_many_channels_are_doubted():
    assert "unusually many" not in in_words("CYX", (64, 9, 9))
    assert in_words("CYX", (256, 9, 9)) == (
        "9 x 9, 256 channels (unusually many: if they are slices or frames, call this axis depth, Z, or time, T)"
    )
    assert "unusually many" not in in_words("ZCYX", (256, 2, 9, 9))

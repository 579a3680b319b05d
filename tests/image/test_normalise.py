"""Intensities of any type and size: the same picture is the same picture, whatever was added to it or it was times."""

import numpy as np
import pytest

from napari_backprop_segmentation import Params, segment
from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.image import limits, source
from napari_backprop_segmentation.image.binning import Binned
from napari_backprop_segmentation.image.limits import percentile_limits
from napari_backprop_segmentation.image.normalise import Normaliser
from napari_backprop_segmentation.image.source import ArraySource

QUICK = Params(n_channels=12, iterations=6, precision="float32", device="cpu")


def picture():
    """Two bright rectangles on a dark ground, whole numbers up to 200."""
    pixels = np.random.default_rng(0).integers(0, 12, (64, 64)).astype(np.uint8)
    pixels[8:28, 10:30] += 180
    pixels[36:58, 30:60] += 100
    return pixels


AGAIN = {
    "as it is, uint16": lambda p: p.astype(np.uint16),
    "+ 1e6": lambda p: p + 1e6,
    "+ 1e6, float32": lambda p: (16 * p.astype(np.float32)) + np.float32(1e6),
    "+ 1e8": lambda p: p + 1e8,
    "- 1e12": lambda p: p - 1e12,
    "uint32 + 4e9": lambda p: p + np.uint32(4_000_000_000),
    "uint64 + 2**60": lambda p: p + np.uint64(2**60),
    "uint64, to its end": lambda p: p + np.uint64(2**64 - 1 - int(p.max())),
    "int64, below 0": lambda p: p.astype(np.int64) - 2**62,
    "int64, from its start": lambda p: p.astype(np.int64) + np.int64(-(2**63)),
    "x 1e39": lambda p: p * 1e39,
    "x 1e305": lambda p: p * 1e305,
    "x 1e-300": lambda p: p * 1e-300,
    "x 1e-40, float32": lambda p: p.astype(np.float32) * np.float32(1e-40),
    "x 1e36, float32": lambda p: p.astype(np.float32) * np.float32(1e36),
}


@pytest.mark.parametrize("change", AGAIN.values(), ids=AGAIN)
@pytest.mark.parametrize("kind", ["percentile", "published"])
def test_a_picture_is_normalised_alike_whatever_was_added_or_multiplied(change, kind):
    changed = change(picture())
    plain, again = ArraySource(picture().astype(float), "YX", kind), ArraySource(changed, "YX", kind)
    tolerance = 1e-4 if changed.dtype == np.float32 and changed.max() < 1e-30 else 2e-6  # numbers so small have gaps
    np.testing.assert_allclose(again.read(again.whole), plain.read(plain.whole), atol=tolerance)
    assert again.read(again.whole).dtype == np.float32


@pytest.mark.parametrize("name", ["+ 1e6", "+ 1e8", "uint32 + 4e9", "uint64 + 2**60", "int64, below 0", "x 1e39"])
def test_a_picture_has_the_same_labels_whatever_was_added_or_multiplied(name):
    np.testing.assert_array_equal(segment(AGAIN[name](picture()), QUICK), segment(picture(), QUICK))


def test_channels_of_very_different_size_keep_their_own_contrast():
    image = np.stack([picture().astype(np.uint64), picture() + np.uint64(2**63)])
    found = ArraySource(image, "CYX")
    first, second = found.read(found.whole)
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float16, np.float32, np.float64, np.int32])
@pytest.mark.parametrize("n", [1, 2, 5, 200, 1001])
def test_percentiles_are_those_of_numpy_to_the_last_bit(dtype, n):
    values = (np.random.default_rng(n).random(n) * 120).astype(dtype)
    found = percentile_limits(values)
    assert [found.low, found.high] == np.percentile(values.astype(np.float64), limits.PERCENTILES).tolist()


def test_a_range_larger_than_floats_can_tell_is_no_overflow():
    image = np.array([[-1.7e308, 1.7e308], [0.0, 1e300]])
    for kind in ("percentile", "published"):
        found = ArraySource(image, "YX", kind)
        pixels = found.read(found.whole)[0]
        assert np.isfinite(pixels).all()
        assert pixels[0, 0] < pixels[1, 0] < pixels[0, 1]


def test_intensities_scaled_as_for_another_image_keep_their_distance():
    image = picture() + np.uint64(2**60)
    scaling = ArraySource(image, "YX").normaliser
    darker = Normaliser(scaling.offsets, scaling.spans, False, scaling.bases)
    below = darker((image - np.uint64(100))[None])
    np.testing.assert_allclose(darker(image[None]) - below, 100 / scaling.spans[0], rtol=1e-5)


def test_masked_pixels_count_as_not_a_number():
    hidden = np.zeros((64, 64), bool)
    hidden[:8] = hidden[30:33, 5:9] = True
    wild = picture()
    wild[hidden] = 255
    masked = np.ma.masked_array(wild, hidden)
    expected = ArraySource(np.where(hidden, np.nan, picture().astype(float)), "YX")
    found = ArraySource(masked, "YX")
    np.testing.assert_allclose(found.read(found.whole), expected.read(expected.whole), atol=1e-6)
    both = ArraySource(np.ma.stack([masked, masked]), "CYX", channels=(1, 0))
    np.testing.assert_array_equal(both.read(both.whole)[0], found.read(found.whole)[0])
    with pytest.raises(ImageError, match="must hold finite values"):
        ArraySource(np.ma.masked_array(picture(), True), "YX")


def test_means_of_masked_and_of_very_large_pixels():
    masked = np.ma.masked_array([[1, 3, 8, 8], [5, 99, 8, 8]], [[0, 0, 1, 1], [0, 1, 1, 1]], dtype=np.uint8)
    means = Binned(masked, "YX", 2)[:, :]
    assert means.tolist() == [[3, None]]
    for start in (2**60 + 1, 2**64 - 5):
        large = np.array([[0, 1, 3, 4], [2, 1, 4, 4]], np.uint64) + np.uint64(start)
        assert Binned(large, "YX", 2)[:, :].tolist() == [[start + 1, start + 4]]
    assert Binned(np.array([[-(2**63), 2**63 - 1]] * 2), "YX", 2)[:, :].tolist() == [[0]]


def test_a_few_spots_on_a_large_image_are_seen():
    image = np.zeros((2048, 2048), np.uint16)
    image[3, 5] = image[1001, 1003] = 900
    found = ArraySource(image, "YX")
    assert (found.normaliser.offsets, found.normaliser.spans) == ((0.0,), (900.0,))
    assert found.read((slice(3, 4), slice(5, 6))).item() == 1.0


def test_limits_are_those_of_all_pixels_of_an_image_of_usual_size():
    image = np.zeros((1500, 1500), np.float32)
    image[1::2] = np.linspace(0, 1, 1500, dtype=np.float32)  # which every second row does not show
    expected = np.percentile(image.astype(float), limits.PERCENTILES)
    found = ArraySource(image, "YX").normaliser
    assert [found.offsets[0], found.offsets[0] + found.spans[0]] == pytest.approx(expected.tolist())


@pytest.fixture
def small_limit(monkeypatch):
    """Images of more than 900 pixels count as huge, and 100 of their pixels are the sample."""
    monkeypatch.setattr(source, "ALL_PIXELS", 900)
    monkeypatch.setattr(source, "SAMPLE_PIXELS", 100)
    monkeypatch.setattr(source, "BLOCK_SIDE", 16)


@pytest.mark.parametrize(
    ("shape", "axes", "spot"),
    [
        ((64, 64), "YX", (1, 63)),
        ((40, 8, 8), "TYX", (39, 7, 7)),
        ((2, 20, 20, 20), "TZYX", (0, 1, 2, 3)),
        ((64, 64, 2), "YXC", (33, 35, 1)),
    ],
)
@pytest.mark.parametrize("kind", ["percentile", "published"])
def test_a_huge_image_is_read_to_the_end_before_it_is_called_constant(small_limit, shape, axes, spot, kind):
    image = np.full(shape, 7, np.uint16)
    with pytest.raises(ImageError, match="at least two different values, got 7 everywhere"):
        ArraySource(image, axes, kind)
    image[spot] = 1007
    found = ArraySource(image, axes, kind)
    assert (found.normaliser.offsets[-1], found.normaliser.spans[-1]) == (7.0, 1000.0)


def test_a_huge_published_image_is_stretched_from_its_lowest_to_its_highest_value(small_limit):
    image = np.random.default_rng(0).integers(100, 200, (64, 64)).astype(np.uint16)
    image[1, 1], image[3, 3] = 3, 4000
    found = ArraySource(image, "YX", "published").normaliser
    assert (found.offsets, found.spans) == ((3.0,), (3997.0,))


def test_a_huge_image_that_a_sample_can_tell_is_not_read_whole(small_limit):
    class Counted:
        shape, dtype, n = (64, 64), np.dtype(np.uint8), 0

        def __getitem__(self, index):
            found = picture()[index]
            self.n += found.size
            return found

    counted = Counted()
    ArraySource(counted, "YX")
    assert counted.n <= 100


def test_colours_are_three_samples_and_no_choice_of_them():
    image = np.random.default_rng(0).integers(0, 200, (20, 24, 4)).astype(np.uint8)
    assert ArraySource(image, "YXS").is_rgb
    assert ArraySource(image, "YXS", channels=(0, 1, 2)).is_rgb
    assert not ArraySource(image[..., :3], "YXS", channels=(2, 1, 0)).is_rgb  # another order is another colour
    assert not ArraySource(image, "YXS", channels=(0, 1)).is_rgb
    assert not ArraySource(image, "YXS", channels=(0, 1, 3)).is_rgb
    assert not ArraySource(image[..., :3], "YXC").is_rgb
    assert not ArraySource(image[..., :2], "YXS").is_rgb
    image[..., 0] //= 4
    chosen = ArraySource(image, "YXS", channels=(0, 1))
    assert chosen.shape == (2, 20, 24)
    assert chosen.normaliser.spans[0] < 0.5 * chosen.normaliser.spans[1]  # each for itself, as channels


@pytest.mark.parametrize(
    ("image", "options", "words"),
    [
        ([[1, 2], [3]], {}, "image must be an array of numbers"),
        (np.eye(4), {"axes": 5}, "axes must be 2 different letters"),
        (np.eye(4), {"axes": "YX", "spacing": "ab"}, "spacing must be 2 positive numbers"),
        (np.eye(4), {"axes": "YX", "spacing": 3}, "spacing must be 2 positive numbers"),
        (np.eye(4), {"axes": "YX", "spacing": (None, 1)}, "spacing must be 2 positive numbers"),
        (np.eye(4), {"axes": "YX", "channels": "0"}, "channels must be different numbers from 0 to 0"),
        (np.eye(4), {"axes": "YX", "channels": 0.5}, "channels must be different numbers from 0 to 0"),
        (np.array([["a", "b"]]), {"axes": "YX"}, "image must be of a number type"),
    ],
)
def test_arguments_of_a_wrong_kind_are_refused_in_words(image, options, words):
    with pytest.raises(ImageError, match=words):
        ArraySource(image, **options)


def test_an_image_of_unknown_shape_is_refused_in_words():
    dask = pytest.importorskip("dask.array")
    pixels = dask.from_array(picture())
    with pytest.raises(ImageError, match=r"image must have a known shape, got .*compute_chunk_sizes"):
        ArraySource(pixels[pixels > 5], "YX")

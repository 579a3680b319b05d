"""An image as it is read: which channels, whether they are colours, how it was prepared."""

import numpy as np
import pytest

from napari_backprop_segmentation.image.binning import Binned
from napari_backprop_segmentation.image.preparation import Preparation
from napari_backprop_segmentation.image.source import ArraySource

PIXELS = np.random.default_rng(0).integers(0, 255, (12, 16, 4)).astype(np.uint8)
RGB = PIXELS[..., :3]


@pytest.mark.parametrize(
    ("array", "axes", "channels", "colours"),
    [
        (RGB, "YXS", None, True),
        (PIXELS, "YXS", None, True),  # alpha is left out
        (RGB, None, None, True),
        (RGB, "YXS", (0, 1, 2), True),
        (RGB[None], "ZYXS", None, True),
        (RGB, "YXC", None, False),
        (PIXELS[..., 0], "YX", None, False),
        (RGB, "YXS", (0,), False),
        (RGB, "YXS", (0, 2), False),
        (RGB, "YXS", (2, 1, 0), False),  # blue is no red
        (PIXELS, "YXS", (1, 2, 3), False),  # alpha is no colour
    ],
)
def test_channels_are_colours_where_they_are_all_samples_of_one(array, axes, channels, colours):
    source = ArraySource(array, axes, channels=channels)
    assert source.is_rgb is colours
    assert source.binned(2).is_rgb is colours


def test_preparation_says_what_further_images_need():
    source = ArraySource(PIXELS, "YXC", "published", channels=(3, 1))
    assert source.preparation == Preparation(source.normaliser, (3, 1), 1)
    assert source.normaliser.offsets == (0.0, 0.0)
    assert source.normaliser.spans == (255.0, 255.0)
    assert source.at(()).preparation == source.preparation


def test_a_binned_source_reads_means_and_says_so():
    source = ArraySource(PIXELS, "YXC", "published", channels=(3, 1), spacing=(2.0, 1.0))
    binned = source.binned(2, "published")
    assert binned.preparation == Preparation(source.normaliser, (3, 1), 2)
    assert (binned.shape, binned.spacing) == ((2, 6, 8), (2.0, 1.0))
    whole = (slice(None),) * 2
    means = Binned(PIXELS, "YXC", 2)[(*whole, slice(None))]
    np.testing.assert_allclose(binned.read(whole), np.moveaxis(means, -1, 0)[[3, 1]] / np.float32(255), rtol=1e-6)


def test_a_binned_source_may_be_scaled_as_another_image_was():
    other = ArraySource(PIXELS[..., 0], "YX", "published").normaliser
    assert ArraySource(PIXELS[..., 1], "YX").binned(2, "percentile", other).normaliser == other

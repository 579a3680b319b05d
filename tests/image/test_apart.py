"""Three channels that are no colours."""

import numpy as np
import pytest
from skimage import data

from napari_backprop_segmentation.image.apart import seen_apart
from napari_backprop_segmentation.image.source import ArraySource


def stains(n=3):
    """Bright squares on a dark ground, elsewhere in each of three channels."""
    image = np.random.default_rng(0).normal(1000, 50, (3, 60, 90))
    for channel in range(n):
        image[channel, 10:40, 30 * channel + 5 : 30 * channel + 25] += 3000
    return image.clip(0).astype(np.uint16)


@pytest.mark.parametrize("axes", ["CYX", "YXS"])
@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (stains(), True),
        (stains(1), True),
        (np.repeat(stains()[:1], 3, axis=0), False),  # grey
        (np.moveaxis(data.astronaut()[:200:2, :200:2], -1, 0), False),
        (np.moveaxis(data.immunohistochemistry()[:200:2, :200:2], -1, 0), False),
        (255 - (stains() // 20).astype(np.uint8), None),  # a bright ground is that of colours, where these are given
    ],
)
def test_channels_that_show_different_things_are_told_from_colour(image, expected, axes):
    turned = np.moveaxis(image, 0, -1) if axes == "YXS" else image
    source = ArraySource(turned, axes)
    expected = axes == "CYX" if expected is None else expected
    assert source.channels_apart is expected
    assert (seen_apart(source, source) is source) is not expected


@pytest.mark.parametrize("n", [1, 2, 4])
def test_other_numbers_of_channels_never_were_colour(n):
    assert not ArraySource(np.random.default_rng(0).random((n, 20, 20), np.float32), "CYX").channels_apart


def test_all_channels_together_are_seen_too():
    source = ArraySource(stains(), "CYX")
    seen, window = seen_apart(source, source), (slice(3, 20), slice(10, 50))
    assert seen.shape == (4, 60, 90)
    assert (seen.spacing, seen.whole, seen.preparation) == (source.spacing, source.whole, source.preparation)
    np.testing.assert_array_equal(seen.read(window)[:3], source.read(window))
    np.testing.assert_allclose(seen.read(window)[3], source.read(window).mean(axis=0), rtol=1e-6)
    np.testing.assert_array_equal(seen.overview(3), seen.read(seen.whole)[:, ::3, ::3])

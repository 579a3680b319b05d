import numpy as np
import pytest

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.io.samples import fluorescence, sample_image


def test_synthetic_image_is_the_same_every_time_and_like_a_microscopes():
    image = fluorescence((96, 128), n_cells=10)
    np.testing.assert_array_equal(image, fluorescence((96, 128), n_cells=10))
    assert not np.array_equal(image, fluorescence((96, 128), n_cells=10, seed=1))
    assert (image.shape, image.dtype) == ((2, 96, 128), np.uint16)
    cytoplasm, nuclei = image.astype(float)
    bright = nuclei > np.percentile(nuclei, 95)
    # Nuclei lie inside cells: where they are bright, there is more cytoplasm than elsewhere.
    assert cytoplasm[bright].mean() > 1.5 * np.median(cytoplasm)


def test_unknown_sample_names_the_known():
    with pytest.raises(SegmentationError, match=r"sample must be one of fluorescence, .* got 'coin'; choose one"):
        sample_image("coin")

import numpy as np
import pytest

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.io import synthetic
from napari_backprop_segmentation.io.samples import SAMPLES, sample_image
from napari_backprop_segmentation.io.synthetic import fluorescence
from napari_backprop_segmentation.pipeline.modality import recognise


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
    with pytest.raises(SegmentationError, match=r"sample must be one of nuclei, .* got 'coin'; choose one"):
        sample_image("coin")


@pytest.mark.parametrize(
    ("make", "kind"), [(synthetic.nuclei, "nuclei"), (synthetic.phase_contrast, "phase"), (synthetic.membranes, "em")]
)
def test_a_synthetic_image_is_taken_for_what_it_is_meant_to_be(make, kind):
    image = make()
    np.testing.assert_array_equal(image, make())
    low, high = np.percentile(image, (0.5, 99.5))
    assert recognise(np.clip((image[None] - low) / (high - low), 0, 1).astype(np.float32), rgb=False) == kind


def test_every_sample_says_in_plain_sentences_what_to_do_with_it():
    kinds = {"nuclei", "fluorescence", "histology", "phase", "membranes", "coffee", "volume"}
    assert set(SAMPLES) == kinds
    for sample in SAMPLES.values():
        assert sample.advice.startswith("Press Run")
        assert sample.advice.endswith(".")
        assert len(sample.channels) == (2 if "C" in sample.axes else 0)

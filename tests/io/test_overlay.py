"""The picture of labels on their image."""

import numpy as np
import pytest

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.io.overlay import overlay

YELLOW = [255, 255, 51]


@pytest.mark.parametrize(
    ("axes", "shape"), [("YX", (8, 8)), ("CYX", (2, 8, 8)), ("YXS", (8, 8, 3)), ("YXS", (8, 8, 4))]
)
def test_boundaries_are_yellow_and_regions_tinted(axes, shape):
    image = np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8)
    labels = np.ones((8, 8), np.uint8)
    labels[:, 4:] = 2
    picture = overlay(image, labels, axes)
    assert (picture.shape, picture.dtype) == ((8, 8, 3), np.uint8)
    assert picture[:, 3:5].reshape(-1, 3).tolist() == [YELLOW] * 16
    left, right = (part.reshape(-1, 3).mean(axis=0) for part in (picture[:, :3], picture[:, 5:]))
    assert left.argmax() != right.argmax()


def test_labels_of_another_shape():
    image = np.arange(64, dtype=np.uint8).reshape(8, 8)
    with pytest.raises(ImageError, match=r"labels must have the shape of the image \(8, 8\), got \(8, 7\)"):
        overlay(image, np.ones((8, 7), np.uint8))

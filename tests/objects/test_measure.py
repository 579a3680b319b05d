import numpy as np
import pytest

from napari_backprop_segmentation import measure
from napari_backprop_segmentation.errors import ImageError


def square_and_dot():
    labels = np.zeros((8, 10), np.uint16)
    labels[1:5, 2:8] = 3
    labels[6, 9] = 7
    return labels


def test_each_label_has_its_size_place_and_brightness():
    labels = square_and_dot()
    image = np.stack([np.arange(80).reshape(8, 10), labels * 10]).astype(np.uint16)
    table = measure(labels, image, axes="CYX", spacing=(0.5, 0.5), unit="µm")
    assert table["label"].tolist() == [3, 7]
    np.testing.assert_allclose(table["area (µm²)"], [24 / 4, 1 / 4])
    # The outline runs through the middles of the pixels of the rim: 2 (3 + 5) pixels.
    np.testing.assert_allclose(table["perimeter (µm)"], [16 / 2, 0])
    np.testing.assert_allclose(table["centroid y (µm)"], [2.5 / 2, 6 / 2])
    np.testing.assert_allclose(table["centroid x (µm)"], [4.5 / 2, 9 / 2])
    np.testing.assert_allclose(table["mean channel 0"], [image[0][labels == 3].mean(), 69])
    np.testing.assert_allclose(table["std channel 0"], [image[0][labels == 3].std(), 0])
    np.testing.assert_allclose(table["mean channel 1"], [30, 70])


def test_a_volume_has_volumes_and_a_plane_of_oblong_pixels_no_perimeter():
    labels = np.repeat(square_and_dot()[None], 3, axis=0)
    table = measure(labels, np.ones(labels.shape), axes="ZYX", spacing=(2.0, 0.5, 0.5), unit="µm")
    np.testing.assert_allclose(table["volume (µm³)"], [24 * 3 / 2, 3 / 2])
    np.testing.assert_allclose(table["centroid z (µm)"], [2, 2])
    assert not [name for name in table if name.startswith("perimeter")]
    flat = measure(labels[0], np.ones(labels[0].shape), spacing=(2.0, 1.0))
    assert list(flat) == ["label", "area (units²)", "centroid y (units)", "centroid x (units)", "mean", "std"]


def test_a_series_has_one_row_for_each_label_and_frame():
    labels = np.stack([square_and_dot(), np.where(square_and_dot() == 3, 3, 0)])
    image = np.stack([np.full((8, 10), 5), np.full((8, 10), 9)])
    table = measure(labels, image, axes="TYX")
    assert table["label"].tolist() == [3, 7, 3]
    assert table["frame"].tolist() == [0, 0, 1]
    assert table["mean"].tolist() == [5, 5, 9]


def test_an_image_without_unlabelled_pixels_is_measured_without_a_warning():
    table = measure(square_and_dot() + 1, np.ones((8, 10)))
    assert table["label"].tolist() == [1, 4, 8]
    assert table["area (px²)"].tolist() == [80 - 25, 24, 1]


@pytest.mark.parametrize("labels", [np.full((4, 5), 1.5), np.full((4, 5), -1)])
def test_what_is_no_label_image_is_refused(labels):
    with pytest.raises(ImageError, match="labels must be whole numbers from 0"):
        measure(labels, np.ones((4, 5)))


def test_nothing_labelled_gives_an_empty_table():
    table = measure(np.zeros((4, 5), int), np.ones((4, 5, 3)), axes="YXS")
    assert {len(column) for column in table.values()} == {0}
    assert "mean channel 2" in table


def test_labels_of_another_image_are_refused():
    with pytest.raises(ImageError, match=r"labels must have the spatial shape of the image \(4, 5\), got \(5, 5\)"):
        measure(np.zeros((5, 5), int), np.ones((4, 5)))

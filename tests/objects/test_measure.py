import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label

from napari_backprop_segmentation import measure
from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.objects import measure as measuring
from napari_backprop_segmentation.objects import measure_in_blocks


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
    np.testing.assert_allclose(table["share (%)"], [100 * 24 / 80, 100 / 80])
    np.testing.assert_allclose(table["equivalent diameter (µm)"], [2 * np.sqrt(6 / np.pi), 2 * np.sqrt(0.25 / np.pi)])
    np.testing.assert_allclose(table["feret diameter max (µm)"], [np.hypot(4, 6) / 2, np.sqrt(2) / 2])
    np.testing.assert_allclose(table["solidity"], [1, 1])
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
    shape = ["equivalent diameter (units)", "feret diameter max (units)", "eccentricity", "solidity"]
    place = ["centroid y (units)", "centroid x (units)"]
    assert list(flat) == ["label", "area (units²)", "share (%)", *shape, *place, "mean", "std"]
    assert not [name for name in table if name.startswith("eccentricity")]


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


def test_a_label_of_two_thousand_millions_needs_no_more_room_than_another():
    labels = square_and_dot().astype(np.int64)
    large = np.where(labels == 7, 2_000_000_000, labels)
    image = np.arange(80).reshape(8, 10)
    tracemalloc.start()
    table, expected = measure(large, image), measure(labels, image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 5e6
    assert table.pop("label").tolist() == [3, 2_000_000_000]
    expected.pop("label")
    for name, column in expected.items():
        np.testing.assert_array_equal(table[name], column)
    full = measure(np.where(large == 0, 2**63, large.astype(np.uint64)), image)
    assert full["label"].tolist() == [3, 2_000_000_000, 2**63]
    assert full["area (px²)"].tolist() == [24, 1, 55]


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float16, np.float64, np.uint64])
def test_images_and_labels_of_any_number_type(dtype):
    labels = square_and_dot()
    table = measure(labels > 0, (labels > 3).astype(dtype))
    assert table["label"].tolist() == [1]
    np.testing.assert_allclose(table["mean"], [1 / 25], rtol=1e-3)


@pytest.mark.parametrize(
    ("shape", "axes", "spacing"),
    [((60, 70), "YX", (0.5, 0.5)), ((50, 40, 2), "YXC", (1.0, 2.0)), ((9, 20, 30), "ZYX", None)],
)
def test_labels_that_do_not_fit_the_memory_are_measured_in_blocks(shape, axes, spacing, monkeypatch):
    rng = np.random.default_rng(0)
    spatial = shape[:2] if axes.endswith("C") else shape
    noise = gaussian_filter(rng.normal(size=spatial), 3)
    labels = label(noise > 0)[0] * 3
    labels[0, 0] = 2  # one pixel at the edge
    image = rng.integers(0, 60_000, shape).astype(np.uint16)
    if axes == "YX":
        image = np.ma.masked_greater(image, 50_000)
    whole = measure(labels, image, axes=axes, spacing=spacing, unit="µm")
    monkeypatch.setattr(measuring, "MOST_AT_ONCE", 100)
    for side in (7, 16, 64):
        monkeypatch.setattr(measure_in_blocks, "PASS_SIDE", {2: side, 3: side})
        found = measure(labels, image, axes=axes, spacing=spacing, unit="µm")
        assert list(found) == list(whole)
        for name, column in whole.items():
            np.testing.assert_allclose(found[name], column, rtol=1e-9, atol=1e-9, err_msg=name)
    assert not len(measure(np.zeros_like(labels), image, axes=axes)["label"])


def test_lists_are_arrays():
    table = measure([[0, 1], [1, 1]], [[5, 6], [6, 6]], unit=None)
    assert table["mean"].tolist() == [6]
    assert "area (px²)" in table


def test_labels_and_images_of_zarr_and_dask_are_measured():
    zarr, dask = pytest.importorskip("zarr"), pytest.importorskip("dask.array")
    labels, image = square_and_dot(), np.arange(80).reshape(8, 10)
    expected = measure(labels, image)
    for make in (zarr.array, dask.from_array):
        for name, column in measure(make(labels), make(image)).items():
            np.testing.assert_array_equal(column, expected[name])


def test_masked_pixels_have_no_brightness():
    image = np.ma.masked_array([[5, 99], [7, 99]], [[0, 1], [0, 1]])
    table = measure(np.array([[1, 1], [1, 2]]), image)
    assert table["area (px²)"].tolist() == [3, 1]
    np.testing.assert_array_equal(table["mean"], [6, np.nan])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"labels": None}, "labels must hold pixels, got shape"),
        ({"labels": [[1, 2], [3]]}, "labels must be an array of numbers, got list"),
        ({"labels": np.array([["a", "b"]] * 2)}, "labels must be whole numbers from 0, got <U1"),
        ({"labels": np.zeros((0, 2), int)}, "labels must hold pixels, got shape"),
        ({"image": "image.tif"}, "image must hold pixels, got shape"),
        ({"image": np.ones((2, 2), complex)}, "image must be of a number type, got complex128"),
        ({"image": np.array([[None, 1]] * 2)}, "image must be of a number type, got object"),
        ({"axes": 7}, "axes must be 2 different letters"),
        ({"spacing": 2.0}, "spacing must be 2 positive numbers"),
        ({"spacing": (1, 1, 1)}, "spacing must be 2 positive numbers"),
        ({"spacing": ()}, "spacing must be 2 positive numbers"),
        ({"spacing": (0, 1)}, "spacing must be 2 positive numbers"),
        ({"spacing": ("a", 1)}, "spacing must be 2 positive numbers"),
        ({"spacing": (float("nan"), 1)}, "spacing must be 2 positive numbers"),
    ],
)
def test_arguments_of_a_wrong_kind_are_refused_in_words(change, words):
    given = {"labels": np.ones((2, 2), int), "image": np.ones((2, 2)), **change}
    with pytest.raises(ImageError, match=words):
        measure(given.pop("labels"), given.pop("image"), **given)

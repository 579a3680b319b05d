"""What is read from files, and that damaged ones are refused in words."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.io.read import read_image, read_scribbles

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4)
RGB = np.stack([GREY, GREY + 20, GREY + 40], axis=-1)
LABELS = np.array([[1, 1, 2], [1, 3, 2]], np.uint8)


def save_png(path, pixels):
    Image.fromarray(pixels).save(path)


@pytest.mark.parametrize(
    ("name", "stored", "axes", "expected"),
    [
        ("grey.png", GREY, "YX", GREY),
        ("rgb.png", RGB, "YXS", RGB),
        ("deep.png", GREY.astype(np.uint16) * 1000, "YX", GREY.astype(np.uint16) * 1000),
        ("grey_alpha.png", np.stack([GREY, GREY * 0 + 255], axis=-1), "YX", GREY),
        ("grey.tif", GREY, "YX", GREY),
        ("black_and_white.png", GREY > 5, "YX", GREY > 5),
        ("float.TIFF", GREY / np.float32(7), "YX", GREY / np.float32(7)),
    ],
)
def test_pixels_and_axes_come_back(tmp_path, name, stored, axes, expected):
    write = tifffile.imwrite if "tif" in name.lower() else save_png
    write(tmp_path / name, stored)
    image = read_image(tmp_path / name)
    np.testing.assert_array_equal(image.pixels, expected)
    assert image.pixels.dtype == expected.dtype
    assert image.axes == axes


def test_palette_image_is_read_in_its_colours(tmp_path):
    image = Image.fromarray(LABELS)
    image.putpalette([0, 0, 0, 200, 10, 20, 30, 200, 10, 10, 10, 200])
    image.save(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png").pixels[0].tolist() == [[200, 10, 20], [200, 10, 20], [30, 200, 10]]


def test_jpeg_is_read(tmp_path):
    save_png(tmp_path / "a.jpg", np.full((16, 24, 3), 90, np.uint8))
    image = read_image(tmp_path / "a.jpg")
    assert (image.pixels.shape, image.axes) == ((16, 24, 3), "YXS")
    assert abs(int(image.pixels.mean()) - 90) <= 2


def test_rgb_tiff_has_samples_not_channels(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", RGB, photometric="rgb")
    assert read_image(tmp_path / "a.tif").axes == "YXS"


def test_axes_and_sizes_of_ome(tmp_path):
    stack = np.zeros((2, 5, 6), np.uint16)
    metadata = {
        "axes": "CYX",
        "PhysicalSizeX": 0.325,
        "PhysicalSizeXUnit": "µm",
        "PhysicalSizeY": 650.0,
        "PhysicalSizeYUnit": "nm",
    }
    tifffile.imwrite(tmp_path / "a.ome.tif", stack, metadata=metadata, photometric="minisblack")
    image = read_image(tmp_path / "a.ome.tif")
    assert image.axes == "CYX"
    assert image.calibration.sizes == {"X": (0.325, "µm"), "Y": (650.0, "nm")}


def test_axes_and_sizes_of_imagej(tmp_path):
    stack = np.zeros((3, 5, 6), np.uint16)
    metadata = {"axes": "ZYX", "unit": "micron", "spacing": 2.0}
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, resolution=(4.0, 2.0), metadata=metadata)
    image = read_image(tmp_path / "a.tif")
    assert image.axes == "ZYX"
    assert image.calibration.sizes == {"X": (0.25, "µm"), "Y": (0.5, "µm"), "Z": (2.0, "µm")}


def test_resolution_in_centimetres_gives_micrometres(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(20_000, 10_000), resolutionunit="CENTIMETER")
    sizes = read_image(tmp_path / "a.tif").calibration.sizes
    assert sizes == {"X": (0.5, "µm"), "Y": (1.0, "µm")}


def test_dots_an_inch_are_no_size_but_kept(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", GREY, resolution=(72, 72), resolutionunit="INCH")
    calibration = read_image(tmp_path / "a.tif").calibration
    assert (calibration.sizes, calibration.resolution, calibration.resolution_unit) == ({}, (72, 72), 2)


def test_axes_are_unknown_where_the_file_does_not_say(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 5, 6), np.uint8), photometric="minisblack", metadata=None)
    assert read_image(tmp_path / "a.tif").axes is None


def test_lzw_tiff_is_read_by_pillow(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "a.tif", compression="tiff_lzw")
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, GREY)


def test_several_pages_of_lzw_tiff(tmp_path):
    pages = [Image.fromarray(GREY + 10 * n) for n in range(3)]
    pages[0].save(tmp_path / "a.tif", compression="tiff_lzw", save_all=True, append_images=pages[1:])
    np.testing.assert_array_equal(read_image(tmp_path / "a.tif").pixels, np.stack([GREY, GREY + 10, GREY + 20]))


def test_missing_file(tmp_path):
    with pytest.raises(ImageError, match=r"image must be an existing file, got .*none\.png.*; check the path"):
        read_image(tmp_path / "none.png")


@pytest.mark.parametrize("name", ["a.tif", "a.png", "a.jpg", "a.xyz"])
def test_garbage_is_an_error_in_words(tmp_path, name):
    (tmp_path / name).write_bytes(b"no image at all\n" * 9)
    with pytest.raises(ImageError, match="image must be a readable TIFF, PNG or JPEG file, got") as caught:
        read_image(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("compression", [None, "zlib"])
def test_truncated_tiff_is_an_error_in_words(tmp_path, compression):
    tifffile.imwrite(tmp_path / "a.tif", np.random.default_rng(0).integers(0, 255, (64, 64)), compression=compression)
    whole = (tmp_path / "a.tif").read_bytes()
    (tmp_path / "a.tif").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ImageError, match="readable TIFF"):
        read_image(tmp_path / "a.tif")


def test_scribbles_with_zero_as_background(tmp_path):
    drawn = np.array([[0, 0, 1], [3, 0, 254]], np.uint8)
    save_png(tmp_path / "a.png", drawn)
    read = read_scribbles(tmp_path / "a.png")
    np.testing.assert_array_equal(read, drawn)
    assert read.dtype == np.int32


def test_scribbles_of_the_published_code(tmp_path):
    save_png(tmp_path / "a.png", np.array([[255, 0, 1], [255, 255, 7]], np.uint8))
    assert read_scribbles(tmp_path / "a.png").tolist() == [[0, 1, 2], [0, 0, 8]]


def test_wide_scribbles_may_hold_255(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[255, 0, 1]], np.uint16))
    assert read_scribbles(tmp_path / "a.tif").tolist() == [[255, 0, 1]]


def test_scribbles_with_a_palette_are_its_entries(tmp_path):
    image = Image.fromarray(LABELS)
    image.putpalette([0, 0, 0, 200, 10, 10, 10, 200, 10, 10, 10, 200])
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_scribbles(tmp_path / "a.png"), LABELS)


@pytest.mark.parametrize("pixels", [RGB, GREY / np.float32(2)])
def test_scribbles_must_be_whole_numbers(tmp_path, pixels):
    path = tmp_path / ("a.png" if pixels.dtype == np.uint8 else "a.tif")
    (save_png if path.suffix == ".png" else tifffile.imwrite)(path, pixels)
    with pytest.raises(ImageError, match="scribbles must hold one whole number a pixel, got"):
        read_scribbles(path)

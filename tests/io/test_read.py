"""What is read from files, and that damaged ones are refused in words."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_backprop_segmentation.errors import ImageError, MemoryLimitError
from napari_backprop_segmentation.io import read
from napari_backprop_segmentation.io.read import read_image, read_strokes

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
    read = read_strokes(tmp_path / "a.png")
    np.testing.assert_array_equal(read, drawn)
    assert read.dtype == np.int32


def test_scribbles_of_the_published_code(tmp_path):
    save_png(tmp_path / "a.png", np.array([[255, 0, 1], [255, 255, 7]], np.uint8))
    assert read_strokes(tmp_path / "a.png").tolist() == [[0, 1, 2], [0, 0, 8]]


def test_wide_scribbles_may_hold_255(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[255, 0, 1]], np.uint16))
    assert read_strokes(tmp_path / "a.tif").tolist() == [[255, 0, 1]]


def test_scribbles_with_a_palette_are_its_entries(tmp_path):
    image = Image.fromarray(LABELS)
    image.putpalette([0, 0, 0, 200, 10, 10, 10, 200, 10, 10, 10, 200])
    image.save(tmp_path / "a.png")
    np.testing.assert_array_equal(read_strokes(tmp_path / "a.png"), LABELS)


@pytest.mark.parametrize("pixels", [RGB, GREY / np.float32(2)])
def test_scribbles_must_be_whole_numbers(tmp_path, pixels):
    path = tmp_path / ("a.png" if pixels.dtype == np.uint8 else "a.tif")
    (save_png if path.suffix == ".png" else tifffile.imwrite)(path, pixels)
    with pytest.raises(ImageError, match="strokes must hold one whole number a pixel, got"):
        read_strokes(path)


STACK = np.random.default_rng(0).integers(0, 60_000, (5, 32, 32)).astype(np.uint16)
KINDS = {
    "plain": {"metadata": None},
    "shaped, zlib": {"compression": "zlib"},
    "plain, zlib": {"metadata": None, "compression": "zlib"},
    "OME": {"ome": True, "metadata": {"axes": "ZYX"}},
    "OME, zlib": {"ome": True, "metadata": {"axes": "ZYX"}, "compression": "zlib"},
    "ImageJ": {"imagej": True, "metadata": {"axes": "ZYX"}},
    "big": {"bigtiff": True},
    "big, plain": {"bigtiff": True, "metadata": None},
    "strips": {"metadata": None, "photometric": "minisblack", "rowsperstrip": 8},
    "big-endian": {"byteorder": ">"},
}


@pytest.mark.parametrize("options", KINDS.values(), ids=KINDS)
def test_a_series_that_was_cut_is_refused_and_never_read_as_fewer_planes(tmp_path, options, capfd, caplog):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, **options)
    whole = path.read_bytes()
    np.testing.assert_array_equal(read_image(path).pixels, STACK)
    refused = 0
    for end in np.linspace(8, len(whole) - 1, 60).astype(int):
        path.write_bytes(whole[:end])
        try:
            image = read_image(path)
        except ImageError as error:
            refused += 1
            assert "\n" not in str(error)
        else:
            np.testing.assert_array_equal(image.pixels, STACK)
    assert refused > 55
    assert capfd.readouterr() == ("", "")


def test_a_cut_series_says_what_is_missing(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, compression="zlib")
    path.write_bytes(path.read_bytes()[: int(0.7 * path.stat().st_size)])
    with pytest.raises(ImageError, match=r"must hold all planes that its file announces, got 1 of 5 in .*; copy or"):
        read_image(path)
    tifffile.imwrite(path, STACK, metadata=None)
    path.write_bytes(path.read_bytes()[: int(0.7 * path.stat().st_size)])
    with pytest.raises(ImageError, match="got a list of planes that breaks off in"):
        read_image(path)


def test_a_series_of_which_ome_announces_more_is_refused(tmp_path):
    path = tmp_path / "a.ome.tif"
    tifffile.imwrite(path, STACK, metadata={"axes": "ZYX"})
    path.write_bytes(
        path.read_bytes().replace(b'SizeZ="5"', b'SizeZ="9"').replace(b'PlaneCount="5"', b'PlaneCount="9"')
    )
    with pytest.raises(ImageError, match="must hold all planes that its file announces, got 5 of 9"):
        read_image(path)


def with_tag(path, code, value, pixels=GREY, **options):
    """Write a TIFF and change a tag of it."""
    tifffile.imwrite(path, pixels, **options)
    with tifffile.TiffFile(path, mode="r+") as tif:
        tif.pages.first.tags[code].overwrite(value)


@pytest.mark.parametrize(
    ("code", "value"), [(296, 0), (296, 77), (282, (0, 0)), (282, (1, 0)), (283, (0, 7)), (282, (2**32 - 1, 1))]
)
def test_odd_resolutions_are_left_out(tmp_path, code, value):
    with_tag(tmp_path / "a.tif", code, value, resolution=(20_000, 10_000), resolutionunit="CENTIMETER")
    image = read_image(tmp_path / "a.tif")
    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.calibration.resolution_unit in (1, 3)
    assert all(np.isfinite(size) and size > 0 for size, _ in image.calibration.sizes.values())


@pytest.mark.parametrize("size", [float("nan"), float("inf"), 0.0, -0.5, "wide"])
def test_odd_sizes_of_ome_are_left_out(tmp_path, size):
    metadata = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": 0.5}
    tifffile.imwrite(tmp_path / "a.tif", GREY, ome=True, metadata=metadata)
    assert read_image(tmp_path / "a.tif").calibration.sizes == {"Y": (0.5, "µm")}


@pytest.mark.parametrize("spacing", [float("nan"), 0.0, -2.0, "deep"])
def test_odd_sizes_of_imagej_are_left_out(tmp_path, spacing):
    metadata = {"axes": "ZYX", "unit": "micron", "spacing": spacing}
    tifffile.imwrite(tmp_path / "a.tif", STACK, imagej=True, resolution=(4.0, 2.0), metadata=metadata)
    assert set(read_image(tmp_path / "a.tif").calibration.sizes) == {"X", "Y"}


@pytest.mark.parametrize("damage", [(b"<Pixels", b"<Pixel>"), (b"</OME>", b"      "), (b"SizeX=", b"SizeQ=")])
def test_broken_ome_does_not_keep_the_pixels_from_being_read(tmp_path, damage):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, ome=True, metadata={"axes": "YX", "PhysicalSizeX": 0.5})
    path.write_bytes(path.read_bytes().replace(*damage))
    image = read_image(path)
    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.calibration.sizes == {}


def test_what_a_decoder_complains_of_is_a_remark_and_not_printed(tmp_path, capfd, caplog):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK, ome=True, metadata={"axes": "ZYX"})
    path.write_bytes(path.read_bytes()[:-20])  # where the description stands
    assert read_image(path).remarks
    assert not read_image(path).remarks[0].startswith("<")
    assert capfd.readouterr() == ("", "")
    assert caplog.records == []


@pytest.mark.parametrize(
    "error", [IndexError("x"), TypeError(), ZeroDivisionError("a\nb"), RuntimeError("x"), RecursionError(), KeyError(3)]
)
@pytest.mark.parametrize("name", ["a.tif", "a.png"])
def test_whatever_a_decoder_raises_is_an_error_in_words(tmp_path, monkeypatch, name, error):
    def fails(*_, **__):
        raise error

    (tmp_path / name).write_bytes(b"something")
    monkeypatch.setattr(read.tifffile, "TiffFile", fails)
    monkeypatch.setattr(read.Image, "open", fails)
    with pytest.raises(ImageError, match="must be a readable TIFF, PNG or JPEG file") as refused:
        read_image(tmp_path / name)
    assert "\n" not in str(refused.value)


def test_a_decoder_that_finds_no_memory_says_so(tmp_path, monkeypatch):
    def fails(*_, **__):
        raise MemoryError

    (tmp_path / "a.tif").write_bytes(b"something")
    monkeypatch.setattr(read.tifffile, "TiffFile", fails)
    with pytest.raises(MemoryLimitError, match="image must fit the memory, got"):
        read_image(tmp_path / "a.tif")


@pytest.mark.parametrize("compression", [1, 8, 5])
def test_a_tiny_file_that_claims_to_be_huge_is_refused_before_room_is_asked_for(tmp_path, compression):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, np.zeros((16, 16), np.uint8), compression="zlib")
    with tifffile.TiffFile(path, mode="r+") as tif:
        for code, value in ((256, 100_000), (257, 100_000), (278, 100_000), (259, compression)):
            tif.pages.first.tags[code].overwrite(value)
    with pytest.raises(ImageError, match=r"hold the pixels it says it holds, got .*: 9\.31 GiB in a file of \d+ bytes"):
        read_image(path)


def test_pixels_that_do_not_fit_the_memory_are_refused_before_they_are_read(tmp_path, monkeypatch):
    tifffile.imwrite(tmp_path / "a.tif", STACK)
    monkeypatch.setattr(read.psutil, "virtual_memory", lambda: SimpleNamespace(available=1000))
    with pytest.raises(MemoryLimitError, match="image must fit the memory, got"):
        read_image(tmp_path / "a.tif")


def test_what_is_not_there_in_odd_ways_is_an_error_in_words(tmp_path):
    (tmp_path / "loop.tif").symlink_to(tmp_path / "loop.tif")
    for path in (tmp_path / "loop.tif", tmp_path / ("n" * 300), tmp_path, "nul\0.tif"):
        with pytest.raises(ImageError, match="image must be an existing file"):
            read_image(path)


def test_a_small_image_is_in_memory_and_a_large_one_is_watched(tmp_path, monkeypatch):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, STACK)
    image = read_image(path)
    path.write_bytes(b"gone")
    np.testing.assert_array_equal(image.pixels, STACK)
    image.check_unchanged()
    monkeypatch.setattr(read, "COPIED_BYTES", 1000)
    tifffile.imwrite(path, STACK)
    image = read_image(path)
    assert isinstance(image.pixels, np.memmap)
    image.check_unchanged()
    os.utime(path, ns=(1, 1))
    with pytest.raises(ImageError, match=r"image must not change while it is segmented, got .* written to or removed"):
        image.check_unchanged()
    path.unlink()
    with pytest.raises(ImageError, match="image must not change while it is segmented"):
        image.check_unchanged()

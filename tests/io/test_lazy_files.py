"""Pyramids in TIFF, slides, arrays of NumPy and named dimensions: read where they are looked at."""

import gc
import warnings

import numpy as np
import pytest
import tifffile

from napari_backprop_segmentation import Params, measure, segment
from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.io import read, tiff_levels
from napari_backprop_segmentation.io.files import open_image

SMOOTH = np.add.outer(np.arange(300), np.arange(400)).astype(np.uint16)
RGB = np.stack([SMOOTH // 3, 255 - SMOOTH // 3, SMOOTH // 5], -1).astype(np.uint8)
SMALL = Params(n_channels=8, iterations=3, seed=2)
MPP = "Aperio Image Library v12.0\n400x300 [0,0 400x300] (64x64) JPEG/RGB|AppMag = 20|MPP = 0.5"


def pyramid(path, pixels=SMOOTH, **options):
    options = {"tile": (64, 64), "compression": "zlib", **options}
    sizes = {"PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm", "PhysicalSizeY": 0.25, "PhysicalSizeYUnit": "µm"}
    with tifffile.TiffWriter(path, ome=True) as tif:
        tif.write(pixels, subifds=2, metadata={"axes": "YX", **sizes}, **options)
        for step in (2, 4):
            tif.write(pixels[::step, ::step], subfiletype=1, **options)
    return path


def slide(path, compression="zlib"):
    options = {"photometric": "rgb", "metadata": None, "description": MPP, "compression": compression}
    with tifffile.TiffWriter(path) as tif:
        tif.write(RGB, tile=(64, 64), **options)
        tif.write(RGB[::8, ::8], rowsperstrip=16, **options)
        tif.write(RGB[::4, ::4], tile=(64, 64), **options)
    return path


@pytest.fixture(params=[False, True])
def lazy(request, monkeypatch):
    """Whether the files count as large."""
    if request.param:
        pytest.importorskip("zarr")
        monkeypatch.setattr(read, "COPIED_BYTES", 1000)
    return request.param


@pytest.mark.parametrize("level", [0, 1, 2])
def test_each_level_of_a_pyramid_in_a_tiff_file(tmp_path, lazy, level):
    image = open_image(pyramid(tmp_path / "a.ome.tif"), level=level)
    assert isinstance(image.pixels, tiff_levels.LazyTiff) == lazy
    np.testing.assert_array_equal(image.pixels[...], SMOOTH[:: 2**level, :: 2**level])
    np.testing.assert_array_equal(image.pixels[5:70:3, 60:66], SMOOTH[:: 2**level, :: 2**level][5:70:3, 60:66])
    assert (image.axes, image.level, image.n_levels) == ("YX", level, 3)
    assert image.spacing == (0.25 * 2**level, 0.5 * 2**level)


def test_a_pyramid_gives_the_level_that_is_small_enough(tmp_path):
    path = pyramid(tmp_path / "a.ome.tif")
    assert open_image(path, most_pixels=300 * 400 - 1).level == 1
    assert open_image(path).level == 0
    with pytest.raises(ParameterError, match="level must be from 0 to 2, got 3"):
        open_image(path, level=3)
    tifffile.imwrite(tmp_path / "b.tif", SMOOTH)
    with pytest.raises(ParameterError, match="level must be from 0 to 0, got 1"):
        open_image(tmp_path / "b.tif", level=1)


def test_a_lazy_tiff_gives_the_labels_of_its_pixels_and_is_closed_in_the_end(tmp_path, monkeypatch):
    pytest.importorskip("zarr")
    monkeypatch.setattr(read, "COPIED_BYTES", 1000)
    image = open_image(pyramid(tmp_path / "a.ome.tif"), level=2)
    labels = segment(image.pixels, SMALL, axes=image.axes)
    np.testing.assert_array_equal(labels, segment(SMOOTH[::4, ::4], SMALL))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del image
        gc.collect()


def test_a_file_that_changes_while_it_is_looked_at_is_found_out(tmp_path, monkeypatch):
    pytest.importorskip("zarr")
    monkeypatch.setattr(read, "COPIED_BYTES", 1000)
    image = open_image(pyramid(tmp_path / "a.ome.tif"))
    image.check_unchanged()
    (tmp_path / "a.ome.tif").write_bytes(b"other")
    with pytest.raises(ImageError, match="image must not change while it is segmented"):
        image.check_unchanged()


def test_a_slide_is_read_with_its_pixel_size(tmp_path, lazy):
    image = open_image(slide(tmp_path / "a.svs"))
    np.testing.assert_array_equal(image.pixels[...], RGB)
    assert (image.axes, image.spacing, image.n_levels) == ("YXS", (0.5, 0.5), 2)
    assert open_image(tmp_path / "a.svs", level=1).spacing == (2.0, 2.0)


def test_a_codec_that_is_missing_is_named(tmp_path, lazy, monkeypatch):
    def fails(*_, **__):
        raise ValueError("<COMPRESSION.JPEG: 7> requires the 'imagecodecs' package")

    path = slide(tmp_path / "a.svs")
    monkeypatch.setattr(tiff_levels.LazyTiff, "__getitem__", fails)
    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", fails)
    with pytest.raises(ImageError, match="pip install imagecodecs, or save it again as TIFF without compression"):
        open_image(path)


def test_without_zarr_a_large_pyramid_is_read_as_a_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(read, "COPIED_BYTES", 1000)
    monkeypatch.setattr(tiff_levels, "find_spec", lambda _: None)
    image = open_image(pyramid(tmp_path / "a.ome.tif"))
    assert isinstance(image.pixels, np.ndarray)
    np.testing.assert_array_equal(image.pixels, SMOOTH)


def test_an_array_of_numpy_stays_on_the_disk_unless_it_is_small(tmp_path, monkeypatch):
    np.save(tmp_path / "a.npy", RGB)
    image = open_image(tmp_path / "a.npy")
    (tmp_path / "a.npy").write_bytes(b"cut in mid-run")  # which would end the process if it were mapped
    np.testing.assert_array_equal(image.pixels, RGB)
    np.save(tmp_path / "a.npy", RGB)
    monkeypatch.setattr(read, "COPIED_BYTES", 100)
    image = open_image(tmp_path / "a.npy")
    assert isinstance(image.pixels, np.memmap)
    np.testing.assert_array_equal(image.pixels, RGB)
    np.save(tmp_path / "b.npy", np.array([{}], object), allow_pickle=True)
    (tmp_path / "c.npy").write_bytes(b"no array")
    for name in ("b.npy", "c.npy"):
        with pytest.raises(ImageError, match=f"image must be a readable .*{name}"):
            open_image(tmp_path / name)


@pytest.mark.parametrize("name", ["a.czi", "a.lif", "a.nd2", "a.h5"])
def test_what_is_not_understood_says_what_to_convert_with(tmp_path, name):
    (tmp_path / name).write_bytes(b"a format of its own")
    with pytest.raises(ImageError, match=r"convert it with bfconvert \(Bio-Formats\) to OME-TIFF, or with bio"):
        open_image(tmp_path / name)


def test_dimensions_of_xarray_are_axes():
    xarray = pytest.importorskip("xarray")
    pixels = np.stack([SMOOTH[:24, :32], SMOOTH[:24, :32].T[::-1].reshape(24, 32)])
    named = xarray.DataArray(pixels, dims=("channel", "y", "x"))
    labels = segment(named, SMALL)
    np.testing.assert_array_equal(labels, segment(pixels, SMALL, axes="CYX"))
    assert labels.max() > 1
    assert "mean channel 1" in measure(labels, named)
    with pytest.raises(ImageError, match="axes must be given for an array of shape"):
        segment(xarray.DataArray(pixels, dims=("a", "y", "x")), SMALL)


def test_dask_arrays_are_read_in_parts():
    dask = pytest.importorskip("dask.array")
    pixels = SMOOTH[:24, :32]
    labels = segment(dask.from_array(pixels, chunks=8), SMALL)
    assert labels.max() > 1
    np.testing.assert_array_equal(labels, segment(pixels, SMALL))

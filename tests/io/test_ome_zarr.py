"""OME-Zarr stores of others: understood, or refused in words."""

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
from stores import add_array, group, image_store, plate_store

from napari_backprop_segmentation import Params, segment
from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.io import nodes
from napari_backprop_segmentation.io.files import open_image
from napari_backprop_segmentation.io.nodes import name_of, store_root
from napari_backprop_segmentation.io.plates import images_in

pytest.importorskip("zarr")
pytest.importorskip("ome_zarr_models")
PIXELS = np.random.default_rng(0).integers(0, 255, (1, 2, 1, 40, 60)).astype(np.uint16)


@pytest.fixture(params=["0.4", "0.5"])
def version(request):
    return request.param


@pytest.fixture
def store(tmp_path, version):
    scale = (1.0, 1.0, 0.9, 0.25, 0.3)
    return image_store(tmp_path / "a.zarr", version, PIXELS, "tczyx", scale, channels=("DAPI", "GFP"))


def test_axes_scale_units_channels_and_levels_are_understood(store):
    image = open_image(store)
    assert (image.axes, image.pixels.shape, image.channels) == ("CYX", (2, 40, 60), ("DAPI", "GFP"))
    assert (image.level, image.n_levels, image.remarks) == (0, 2, ())
    assert (image.spacing, image.calibration.unit("CYX")) == ((0.25, 0.3), "µm")
    np.testing.assert_array_equal(image.pixels[...], PIXELS[0, :, 0])


def test_a_coarser_level_has_larger_pixels(store):
    image = open_image(store, level=1)
    assert (image.level, image.pixels.shape, image.spacing) == (1, (2, 20, 30), (0.5, 0.6))
    with pytest.raises(ParameterError, match=r"level must be from 0 to 1, got 2, as '.*' has 2 levels"):
        open_image(store, level=2)


def test_the_finest_level_that_is_small_enough_is_taken(store):
    assert open_image(store, most_pixels=40 * 60).level == 0
    assert open_image(store, most_pixels=40 * 60 - 1).level == 1
    assert open_image(store, most_pixels=1).level == 1


def test_only_what_is_looked_at_is_read(tmp_path, version):
    pixels = PIXELS[0, 0, 0]
    path = image_store(tmp_path / "a.zarr", version, pixels, "yx", n_levels=1)
    (path / "0" / ("c" if version == "0.5" else "") / "2" / "0").write_bytes(b"damaged")
    lazy = open_image(path).pixels
    np.testing.assert_array_equal(lazy[3:32, 4:50], pixels[3:32, 4:50])
    with pytest.raises(Exception, match=r"."):
        lazy[3:33, 4:50]


def test_a_lazy_store_gives_the_labels_of_its_pixels(store):
    image, params = open_image(store), Params(n_channels=8, iterations=3, seed=2)
    from_store = segment(image.pixels, params, axes=image.axes, spacing=image.spacing)
    in_memory = segment(PIXELS[0, :, 0], params, axes="CYX", spacing=(0.25, 0.3))
    np.testing.assert_array_equal(from_store, in_memory)


@pytest.mark.parametrize(
    ("axes", "shape", "letters"),
    [("yx", (8, 9), "YX"), ("zyx", (3, 8, 9), "ZYX"), ("tzyx", (4, 1, 8, 9), "TYX"), ("cyx", (1, 8, 9), "CYX")],
)
def test_axes_of_length_one_are_left_out_but_channels(tmp_path, version, axes, shape, letters):
    image = open_image(image_store(tmp_path / "a.zarr", version, np.ones(shape, np.uint8), axes, n_levels=1))
    assert image.axes == letters


def test_scales_of_all_levels_multiply_and_without_unit_or_scale_nothing_is_known(tmp_path, version):
    pixels = np.ones((3, 8, 9), np.uint8)
    both = image_store(tmp_path / "a.zarr", version, pixels, "zyx", (2.0, 0.5, 0.5), scale_of_all=(1.5, 2.0, 2.0))
    assert open_image(both).spacing == (3.0, 1.0, 1.0)
    none = image_store(tmp_path / "b.zarr", version, pixels, "zyx", units=False)
    assert open_image(none).spacing is None
    ratio = open_image(image_store(tmp_path / "c.zarr", version, pixels, "zyx", (2.0, 1.0, 1.0), units=False))
    assert (ratio.spacing, ratio.calibration.unit("ZYX")) == ((2.0, 1.0, 1.0), "")


def test_a_store_with_a_stale_copy_of_its_metadata_is_read_as_it_is(tmp_path, version):
    import zarr

    path = image_store(tmp_path / "a.zarr", version, PIXELS, "tczyx", n_levels=1)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the standard of Zarr 3 does not know it yet
        zarr.consolidate_metadata(path)
    add_array(zarr.open_group(path, mode="r+", use_consolidated=False), "new", PIXELS, "tczyx", version)
    assert open_image(path / "new").pixels.shape == PIXELS.shape
    assert open_image(path).axes == "CYX"


def damaged(path, change):
    """Change what the metadata of a store say."""
    file = next(file for file in (path / "zarr.json", path / ".zattrs") if file.exists())
    whole = json.loads(file.read_text())
    told = whole["attributes"]["ome"] if file.name == "zarr.json" else whole
    change(told)
    file.write_text(json.dumps(whole))
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda told: told["multiscales"][0].pop("axes"), r"as the standard has it, got '.*' \(axes: Field required\)"),
        (lambda told: told["multiscales"].clear(), r"as the standard has it, got "),
        (lambda told: told["multiscales"][0]["datasets"].clear(), r"as the standard has it, got '.*' \(datasets: "),
        (lambda told: told["multiscales"][0]["datasets"][0].update(path="9"), r"got no array '9' of 5 axes in"),
        (
            lambda told: told.pop("multiscales"),
            r"without the metadata of one \(0, 1 in it\); convert it with",
        ),
    ],
)
def test_metadata_that_are_not_as_the_standard_has_them_are_refused_in_words(store, change, words):
    with pytest.raises(ImageError, match=words) as told:
        open_image(damaged(store, change))
    assert "\n" not in str(told.value)
    assert "; " in str(told.value)


@pytest.mark.parametrize(
    ("name", "content"), [(".zattrs", "4.8e-102"), (".zattrs", "[[1, 2]]"), ("zarr.json", '{"attributes": 3}')]
)
def test_metadata_without_names_are_taken_for_damaged(name, content, tmp_path):
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match="metadata must be names and values, got "):
        nodes.plain_attributes(tmp_path)


def test_damaged_arrays_and_chunks_are_told_in_words(store, version):
    image = open_image(store)
    for chunk in [path for path in (store / "0").rglob("*") if path.is_file() and "z" not in path.name]:
        chunk.write_bytes(b"no chunk")
    with pytest.raises(ImageError, match=r"^image must be readable, got .* where a part of it was read; check"):
        segment(image.pixels, Params(method="graph"), axes=image.axes)
    path = store / "0" / ("zarr.json" if version == "0.5" else ".zarray")
    path.write_text(json.dumps({**json.loads(path.read_text()), "shape": [None, 2]}))
    with pytest.raises(ImageError, match=r"^image must be a readable Zarr store, got the array '0' in .*; copy"):
        open_image(store)


def test_a_later_version_says_what_to_convert_with(tmp_path):
    path = image_store(tmp_path / "a.zarr", "0.5", PIXELS, "tczyx")
    damaged(path, lambda told: told.update(version="0.9"))
    with pytest.raises(ImageError, match=r"must be OME-Zarr 0\.4 or 0\.5, got 0\.9 in .*; convert it"):
        open_image(path)


def test_what_is_no_store_is_refused_in_words(tmp_path, store):
    (tmp_path / "folder").mkdir()
    with pytest.raises(ImageError, match=r"must be a file or an OME-Zarr store, got the folder"):
        open_image(tmp_path / "folder")
    (store / "zarr.json").write_text("{ no json")
    with pytest.raises(ImageError, match=r"must be a readable Zarr store, got"):
        open_image(store)


def test_a_bare_array_is_read_without_axes(store):
    image = open_image(store / "1")
    assert (image.pixels.shape, image.axes, image.spacing) == ((1, 2, 1, 20, 30), None, None)
    assert "without axes" in image.remarks[0]


def test_zarr_that_is_not_installed_is_asked_for(store, monkeypatch):
    monkeypatch.setattr(nodes, "find_spec", lambda _: None)
    with pytest.raises(ImageError, match=r"zarr, which is not installed; pip install 'napari"):
        open_image(store)


@pytest.fixture
def plate(tmp_path, version):
    def make(path):
        image_store(path, version, np.ones((2, 20, 20), np.uint8), "cyx")

    return plate_store(tmp_path / "plate.zarr", version, ["A/1", "B/03"], 2, make)


def test_a_plate_is_all_its_fields(plate):
    every = [plate / well / field for well in ("A/1", "B/03") for field in "01"]
    assert images_in(plate) == every
    assert images_in(plate, ["B03"], ["1"]) == [plate / "B/03/1"]
    assert images_in(plate, ["B/03"]) == every[2:]
    assert images_in(plate / "A/1") == every[:2]
    assert images_in(plate / "A/1/0") == [plate / "A/1/0"]
    assert [name_of(path) for path in every[:2]] == ["plate_A_1_0", "plate_A_1_1"]
    assert store_root(every[0]) == plate


def test_wells_and_fields_that_are_not_there_are_told(plate, tmp_path):
    with pytest.raises(ParameterError, match=r"well must be one of A/1, B/03 in .*, got 'C/1'"):
        images_in(plate, ["C/1"])
    with pytest.raises(ParameterError, match=r"field must be one of 0, 1 in .*, got '7'"):
        images_in(plate, (), ["7"])
    with pytest.raises(ParameterError, match=r"well must be left out where there is no plate, got 'A/1'"):
        images_in(plate / "A/1/0", ["A/1"])
    with pytest.raises(ParameterError, match=r"field must be left out where there is one image"):
        images_in(tmp_path / "a.tif", (), ["0"])
    with pytest.raises(ImageError, match=r"of several; give one of its fields, such as plate.zarr/A/1/0"):
        open_image(plate)
    shutil.rmtree(plate / "B/03")
    assert images_in(plate)[2:] == [plate / "B/03"]  # which fails when its turn comes
    with pytest.raises(ImageError, match=r"image must be an existing file, got '.*03'"):
        open_image(plate / "B/03")


def test_the_series_of_a_converted_file_are_images(tmp_path, version):
    path = tmp_path / "a.zarr"
    group(path, version, {"bioformats2raw.layout": 3})
    for series in "01":
        image_store(path / series, version, np.ones((20, 20), np.uint8), "yx")
    assert images_in(path) == [path / "0", path / "1"]
    group(path / "OME", version, {"series": ["1"]})
    assert images_in(path) == [path / "1"]


def test_a_folder_above_that_claims_to_be_a_group_is_not_the_store(store, tmp_path):
    group(tmp_path, "0.5", {})
    assert store_root(store / "0") == store
    assert name_of(Path(store)) == "a"

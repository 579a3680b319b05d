"""The command line on OME-Zarr stores and plates."""

import csv
import os

import numpy as np
import pytest
import tifffile
from stores import contents, group, image_store, plate_store

from napari_backprop_segmentation.batch import wanted
from napari_backprop_segmentation.cli.main import main
from napari_backprop_segmentation.io.files import open_image
from napari_backprop_segmentation.io.record import read_record

zarr = pytest.importorskip("zarr")
pytest.importorskip("ome_zarr_models")
FAST = ("--method", "graph")
PIXELS = np.full((2, 40, 60), 20, np.uint8)
PIXELS[:, 10:20, 10:40] = 220


@pytest.fixture(params=["0.4", "0.5"])
def version(request):
    return request.param


@pytest.fixture
def store(tmp_path, version):
    path = tmp_path / "a.zarr"
    return image_store(path, version, PIXELS, "cyx", (1.0, 0.5, 0.5), channels=("DAPI", "GFP"))


@pytest.mark.parametrize("output", [None, "itself"])
def test_labels_go_into_the_labels_group_of_the_image(store, output, capsys):
    before = contents(store)
    flags = [] if output is None else ["-o", str(store)]
    assert main(["run", str(store), *flags, *FAST]) == 0
    labels = open_image(store / "labels" / "backprop")
    assert (labels.axes, labels.spacing, labels.n_levels) == ("YX", (0.5, 0.5), 2)
    assert labels.pixels[15, 20] != labels.pixels[2, 2]
    assert read_record(store / "labels" / "backprop")["input"] == str(store)
    after = contents(store)
    assert {name: after[name] for name in before} == before
    understood, done = capsys.readouterr().out.splitlines()
    assert understood == f"{store}: 40 x 60, 2 channels: DAPI, GFP (axes CYX), level 0 of a pyramid of 2"
    assert done.startswith(f"{store} -> {store / 'labels' / 'backprop'}: ")


def test_a_store_in_the_working_folder_is_named_without_one(store, monkeypatch, capsys):
    monkeypatch.chdir(store.parent)
    assert main(["run", "a.zarr", "--table", *FAST]) == 0, capsys.readouterr().err
    assert sorted(os.listdir()) == ["a.zarr", "a_backprop.csv"]
    assert main(["run", "a.zarr", "--table", *FAST]) == 0
    assert "done before" in capsys.readouterr().out


def test_a_new_store_and_a_table_beside_it(store, tmp_path):
    folder = tmp_path / "out"
    assert main(["run", str(store), "-o", str(folder / "b.zarr"), "--table", "--channels", "GFP", *FAST]) == 0
    assert sorted(os.listdir(folder)) == ["b.csv", "b.zarr"]
    assert read_record(folder / "b.zarr")["image_shape"] == [1, 40, 60]
    with (folder / "b.csv").open(newline="", encoding="utf-8-sig") as file:
        assert "area (µm²)" in next(csv.reader(file))


def test_level_name_and_channels_are_chosen(store, capsys):
    assert main(["run", str(store), "--level", "1", "--labels-name", "coarse", "--table", *FAST]) == 0
    assert open_image(store / "labels" / "coarse").spacing == (1.0, 1.0)
    assert store.with_name("a_coarse.csv").exists()
    assert main(["run", str(store), "--level", "2", *FAST]) == 2
    assert main(["run", str(store), "--channels", "RFP", *FAST]) == 2
    assert main(["run", str(store), "--labels-name", "../x", *FAST]) == 2
    said = capsys.readouterr().err
    assert "level must be from 0 to 1, got 2" in said
    assert "channels must be numbers or names of the image, got 'RFP'; choose of: DAPI, GFP" in said
    assert "labels name must consist of letters, digits, - and _, got '../x'" in said
    assert not (store / "x").exists()


def test_the_finest_level_that_can_be_merged_is_taken(store, monkeypatch, capsys):
    monkeypatch.setattr(wanted, "MOST_TREE_PIXELS", 1000)
    flags = ["--iterations", "2", "--n-channels", "8", "--objects", "off"]
    assert main(["run", str(store), "--regions", "merged", *flags]) == 0
    assert "level 1 of a pyramid of 2" in capsys.readouterr().out


def test_ours_is_rewritten_until_it_is_edited(store, capsys):
    assert [main(["run", str(store), *FAST]) for _ in range(2)] == [0, 0]
    zarr.open_group(store / "labels" / "backprop", mode="r+")["0"][3, 3] = 99
    assert main(["run", str(store), *FAST]) == 2
    assert "which was edited since" in capsys.readouterr().err
    assert open_image(store / "labels" / "backprop").pixels[3, 3] == 99
    assert main(["run", str(store), "--overwrite", *FAST]) == 0
    assert open_image(store / "labels" / "backprop").pixels[3, 3] != 99


def test_labels_of_somebody_else_are_overwritten_only_if_told(store, version, capsys):
    group(store / "labels", version, {"labels": ["backprop"]})
    theirs = image_store(store / "labels" / "backprop", version, PIXELS[0], "yx")
    before = contents(store)
    assert main(["run", str(store), *FAST]) == 2
    assert "must be new or written by this program" in capsys.readouterr().err
    assert contents(store) == before
    assert main(["run", str(store), "--overwrite", *FAST]) == 0
    assert read_record(theirs)["params"]["method"] == "graph"


def test_an_image_is_not_overwritten_even_if_told(store, version, tmp_path, capsys):
    other = image_store(tmp_path / "other.zarr", version, PIXELS, "cyx")
    before = contents(other)
    for output in (other, other / "new.zarr", other / "0"):
        assert main(["run", str(store), "-o", str(output), "--overwrite", *FAST]) == 2
    assert capsys.readouterr().err.count("\n") == 3
    assert contents(other) == before


def test_tiff_in_and_store_out_and_the_other_way(store, tmp_path):
    tifffile.imwrite(tmp_path / "b.tif", PIXELS[0])
    assert main(["run", str(tmp_path / "b.tif"), "-o", str(tmp_path / "b.zarr"), *FAST]) == 0
    assert main(["run", str(store), "-o", str(tmp_path / "c.tif"), *FAST]) == 0
    assert open_image(tmp_path / "b.zarr").pixels.shape == open_image(tmp_path / "c.tif").pixels.shape == (40, 60)
    assert open_image(tmp_path / "c.tif").spacing == (0.5, 0.5)
    assert main(["run", str(store), str(tmp_path / "b.tif"), "-o", str(tmp_path / "out"), *FAST]) == 0
    assert sorted(os.listdir(tmp_path / "out")) == ["a_labels.zarr", "b_labels.tif"]


@pytest.fixture
def plate(tmp_path, version):
    def make(path):
        image_store(path, version, PIXELS, "cyx", n_levels=1)

    return plate_store(tmp_path / "plate.zarr", version, ["A/1", "B/03"], 2, make)


def test_each_field_of_a_plate_gets_labels_into_its_group(plate):
    before = contents(plate)
    assert main(["run", str(plate), "--table", *FAST]) == 0
    for field in ("A/1/0", "A/1/1", "B/03/0", "B/03/1"):
        assert open_image(plate / field / "labels" / "backprop").pixels.shape == (40, 60)
        assert plate.with_name(f"plate_{field.replace('/', '_')}_backprop.csv").exists()
    after = contents(plate)
    assert {name: after[name] for name in before} == before


def test_chosen_fields_of_a_plate_go_into_a_folder(plate, tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["run", str(plate), "--well", "B03", "--field", "1", "-o", str(out), *FAST]) == 0
    assert os.listdir(out) == ["plate_B_03_1_labels.zarr"]
    assert main(["run", str(plate), "--well", "C/1", *FAST]) == 2
    assert "well must be one of A/1, B/03 in" in capsys.readouterr().err
    assert main(["run", str(plate), "-o", str(tmp_path / "one.zarr"), *FAST]) == 2
    assert "output must be a folder for 4 images" in capsys.readouterr().err


def test_a_field_that_is_damaged_does_not_keep_the_others(plate, capsys):
    for name in ("zarr.json", ".zattrs"):
        if (plate / "A/1/0" / name).exists():
            (plate / "A/1/0" / name).write_text("{}")
    assert main(["run", str(plate), *FAST]) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert (plate / "B/03/1/labels/backprop").is_dir()


def test_a_model_is_applied_to_a_store(store, tmp_path):
    model = tmp_path / "m.safetensors"
    flags = ["--iterations", "2", "--n-channels", "8", "--objects", "off"]
    assert main(["run", str(store), "--save-model", str(model), *flags]) == 0
    assert main(["apply", str(model), str(store), "--labels-name", "again"]) == 0
    assert (store / "labels" / "again").is_dir()

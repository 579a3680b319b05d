"""Labels in OME-Zarr: valid, in their place, whole or not there, and never over what is somebody else's."""

import json
import os
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest
from stores import add_array, contents, group, image_store

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ImageError, OutputError
from napari_backprop_segmentation.io import chunks, label_metadata, label_store
from napari_backprop_segmentation.io.calibration import Calibration
from napari_backprop_segmentation.io.files import label_grid, open_image, write_labels
from napari_backprop_segmentation.io.grid import Grid
from napari_backprop_segmentation.io.label_place import check_replaceable
from napari_backprop_segmentation.io.label_store import new_labels, write_label_store
from napari_backprop_segmentation.io.overwrite import check_labels
from napari_backprop_segmentation.io.places import remove_abandoned
from napari_backprop_segmentation.io.record import read_record

zarr = pytest.importorskip("zarr")
models = pytest.importorskip("ome_zarr_models")
RNG = np.random.default_rng(1)
PIXELS = RNG.integers(0, 255, (1, 2, 1, 41, 60)).astype(np.uint16)
LABELS = RNG.integers(0, 300, (41, 60))
RECORD = {"params": {"seed": 7}, "when": np.float32(2)}


@pytest.fixture(params=["0.4", "0.5"])
def version(request):
    return request.param


@pytest.fixture
def store(tmp_path, version):
    scale, moved = (1.0, 1.0, 0.9, 0.25, 0.3), (0.0, 0.0, 0.0, 7.0, 8.0)
    return image_store(tmp_path / "a.zarr", version, PIXELS, "tczyx", scale, n_levels=3, translation=moved)


def model_of(path, version):
    """Return what the library makes of a group once it has checked it."""
    return models.open_ome_zarr(zarr.open_group(path, mode="r", use_consolidated=False), version=version)


def multiscale(path):
    told = zarr.open_group(path, mode="r", use_consolidated=False).attrs.asdict()
    return told.get("ome", told)["multiscales"][0]


def test_labels_in_the_store_of_an_image_are_valid_and_lie_over_it(store, version):
    before = contents(store)
    write_label_store(store / "labels" / "backprop", LABELS, RECORD, open_image(store).grid)
    for path, kind in ((store, "Image"), (store / "labels", "Labels"), (store / "labels/backprop", "ImageLabel")):
        assert type(model_of(path, version)).__name__ == kind
    after = contents(store)
    assert {name: after[name] for name in before} == before
    assert all(name.startswith("labels/") for name in set(after) - set(before))
    told = multiscale(store / "labels" / "backprop")
    of_image = multiscale(store)
    assert [a["name"] for a in told["axes"]] == list("tzyx")
    assert told["axes"] == [a for a in of_image["axes"] if a["name"] != "c"]
    for ours, theirs in zip(told["datasets"], of_image["datasets"], strict=True):
        for key, one, other in zip(
            ("scale", "translation"),
            ours["coordinateTransformations"],
            theirs["coordinateTransformations"],
            strict=True,
        ):
            assert one[key] == other[key][:1] + other[key][2:]


def test_levels_have_the_shape_of_the_images_and_hold_pixels_of_the_finest(store):
    write_label_store(store / "labels" / "x", LABELS, RECORD, open_image(store).grid)
    found = [open_image(store / "labels" / "x", level=n).pixels[...] for n in range(3)]
    assert [each.shape for each in found] == [(41, 60), (21, 30), (11, 15)]
    for number, level in enumerate(found):
        np.testing.assert_array_equal(level, LABELS[:: 2**number, :: 2**number])
        assert level.dtype == np.uint16


def test_labels_of_a_coarser_level_lie_there_and_have_as_many_levels(store, version):
    image = open_image(store, level=1)
    write_label_store(store / "labels" / "x", LABELS[::2, ::2], RECORD, image.grid)
    labels = open_image(store / "labels" / "x")
    assert (labels.spacing, labels.n_levels) == (image.spacing, 3)
    model_of(store / "labels", version)


def test_slices_that_are_far_apart_are_kept_in_coarser_levels(tmp_path):
    for depth, expected in ((2.0, [(9, 700, 600), (9, 350, 300)]), (1.0, [(9, 700, 600), (5, 350, 300)])):
        grid = Grid.of("ZYX", (9, 700, 600), Calibration({"Z": (depth, "µm"), "Y": (1.0, "µm"), "X": (1.0, "µm")}))
        assert [level.shape for level in grid.of_labels().levels] == expected


def test_a_new_store_is_valid_and_is_labels_and_image_at_once(store, tmp_path, version):
    path = tmp_path / "out" / "b.zarr"
    write_label_store(path, LABELS, RECORD, open_image(store).grid)
    assert type(model_of(path, version)).__name__ == "Image"
    assert type(model_of(path / "labels/backprop", version)).__name__ == "ImageLabel"
    np.testing.assert_array_equal(open_image(path).pixels[...], LABELS)
    assert open_image(path).spacing == (0.25, 0.3)
    assert os.listdir(path.parent) == ["b.zarr"]


def test_a_new_store_of_an_image_that_is_no_store(tmp_path):
    grid = Grid.of("TYX", (3, 41, 60), Calibration({"Y": (0.5, "µm"), "X": (0.5, "µm")}))
    labels = RNG.integers(0, 9, (3, 41, 60))
    write_label_store(tmp_path / "b.zarr", labels, RECORD, grid)
    model_of(tmp_path / "b.zarr", "0.5")
    found = open_image(tmp_path / "b.zarr")
    assert (found.axes, found.spacing, found.calibration.unit("TYX")) == ("TYX", (0.5, 0.5), "µm")
    np.testing.assert_array_equal(found.pixels[...], labels)


def test_each_chunk_is_written_once_and_whole(store, monkeypatch):
    monkeypatch.setattr(chunks, "PLANE_CHUNK", {"Y": 16, "X": 32})
    written = []
    monkeypatch.setattr(zarr.Array, "__setitem__", remembering(written, zarr.Array.__setitem__))
    write_label_store(store / "labels" / "x", LABELS, RECORD, open_image(store).grid)
    assert len(written) == len(set(written)) == sum(3 * 2 if n == 0 else 2 if n == 1 else 1 for n in range(3))
    for shape, sides, window in written:
        for part, n, side in zip(window, shape, sides, strict=True):
            if isinstance(part, tuple):
                assert part[0] % side == 0
                assert part[1] == min(part[0] + side, n)
    np.testing.assert_array_equal(open_image(store / "labels" / "x", level=1).pixels[...], LABELS[::2, ::2])


def remembering(written, write):
    def remembers(array, window, values):
        plain = tuple((p.start, p.stop) if isinstance(p, slice) else p for p in window)
        written.append((array.shape, array.chunks, plain))
        write(array, window, values)

    return remembers


def test_labels_can_be_written_piece_by_piece(store):
    image = open_image(store)
    params = Params(n_channels=8, iterations=3, regions="trained")
    with new_labels(store / "labels" / "x", image.grid) as draft:
        result = finish(run(image.pixels, params, axes=image.axes, out=draft.pixels))
        draft.record.update(result.record)
        assert not (store / "labels").exists()
    found = open_image(store / "labels" / "x").pixels[...]
    np.testing.assert_array_equal(found, finish(run(PIXELS[0, :, 0], params, axes="CYX")).labels)
    assert Params.from_dict(read_record(store / "labels" / "x")["params"]) == params


def test_the_record_is_kept(store, tmp_path):
    grid = open_image(store).grid
    for path in (store / "labels" / "backprop", tmp_path / "b.zarr"):
        write_label_store(path, LABELS, RECORD, grid)
        record = read_record(path)
        assert (record["params"], record["when"]) == ({"seed": 7}, 2)


def test_our_labels_may_be_overwritten_until_somebody_edits_them(store, tmp_path):
    grid = open_image(store).grid
    for path, inside in ((store / "labels" / "x", "."), (tmp_path / "b.zarr", "labels/backprop")):
        check_labels(path)
        write_label_store(path, LABELS, RECORD, grid)
        check_labels(path)
        write_label_store(path, LABELS + 1, RECORD, grid)
        check_labels(path)
        zarr.open_group(path / inside, mode="r+")["0"][0, 0, 5, 5] = 77
        with pytest.raises(OutputError, match=r"which was edited since or is of an earlier version; .* --overwrite"):
            check_labels(path)


def other_labels(store, version):
    folder = store / "labels"
    group(folder, version, {"labels": ["backprop"]})
    image_store(folder / "backprop", version, LABELS.astype(np.uint8), "yx")
    return folder / "backprop"


def test_labels_of_somebody_else_are_refused_and_survive_those_beside_them(store, version):
    theirs = other_labels(store, version)
    before = contents(theirs)
    with pytest.raises(OutputError, match=r"must be new or written by this program, got '.*backprop'"):
        check_labels(theirs)
    write_label_store(store / "labels" / "ours", LABELS, RECORD, open_image(store).grid)
    assert contents(theirs) == before
    told = zarr.open_group(store / "labels", mode="r").attrs.asdict()
    assert told.get("ome", told)["labels"] == ["backprop", "ours"]


def test_an_image_is_never_replaced(store, tmp_path):
    before = contents(store)
    (tmp_path / "folder.zarr").mkdir()
    (tmp_path / "file.zarr").write_text("notes")
    mine = tmp_path / "mine.zarr"
    write_label_store(mine, LABELS, RECORD, open_image(store).grid)
    (mine / "labels" / "corrected").mkdir()
    for path in (store, store / "0", store / "new.zarr", tmp_path / "folder.zarr", tmp_path / "file.zarr", mine):
        with pytest.raises(OutputError):
            check_replaceable(path)
        with pytest.raises(OutputError):
            write_label_store(path, LABELS, RECORD, Grid.of("YX", LABELS.shape, Calibration()))
    assert contents(store) == before


FAILURES = [
    (zarr.Array, "__setitem__"),
    (label_metadata, "check_labels_group"),
    (label_metadata, "list_labels"),
    (label_store, "_move"),
]


@pytest.mark.parametrize(("home", "name"), FAILURES, ids=[name for _, name in FAILURES])
@pytest.mark.parametrize("there", ["nothing", "labels", "the same"])
def test_what_breaks_off_leaves_the_store_as_it_was(store, version, monkeypatch, home, name, there):
    if name == "list_labels" and there != "labels":
        pytest.skip("nothing is listed then" if there == "nothing" else "it is listed already")
    target = store / "labels" / ("ours" if there == "labels" else "backprop")
    if there != "nothing":
        other_labels(store, version)
    grid, before = open_image(store).grid, contents(store)

    whole, calls = getattr(home, name), []

    def fails(*args):
        calls.append(args)
        if (name, there, len(calls)) in (("_move", "the same", 1), ("_move", "the same", 3), ("_move", "labels", 2)):
            return whole(*args)  # what was there is out of the way then, or is put back
        raise KeyboardInterrupt

    monkeypatch.setattr(home, name, fails)
    with pytest.raises(KeyboardInterrupt):
        write_label_store(target, LABELS, RECORD, grid)
    monkeypatch.undo()
    assert contents(store) == before
    assert (store / "labels").exists() == (there != "nothing")


def test_labels_that_cannot_be_put_into_the_store_are_kept_beside_it(store, monkeypatch):
    def fails(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(zarr.Array, "__setitem__", fails)
    before = contents(store)
    with pytest.raises(OutputError, match=r"No space left on device; the result is kept as '.*backprop\.kept\.tif'"):
        write_labels(store / "labels" / "backprop", LABELS, RECORD, open_image(store), "YX")
    assert contents(store) == before
    np.testing.assert_array_equal(open_image(store.with_name("backprop.kept.tif")).pixels, LABELS)


KILLED = """
import os, sys
import numpy as np
from pathlib import Path
from napari_backprop_segmentation.io import label_store
from napari_backprop_segmentation.io.files import open_image
path = Path(sys.argv[1])
put = label_store._move
def dies(a, b):
    put(a, b)
    os._exit(9)
if sys.argv[2] == "between":
    label_store._move = dies
else:
    label_store.metadata.check_labels_group = lambda _: os._exit(9)
label_store.write_label_store(path / "labels" / "x", np.ones((41, 60), int), {}, open_image(path).grid)
"""


@pytest.mark.parametrize("when", ["before", "between"])
def test_what_a_killed_run_has_left_is_removed_and_what_it_replaced_is_put_back(store, when):
    write_label_store(store / "labels" / "x", LABELS, RECORD, open_image(store).grid)
    before = contents(store)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(store), when], check=False)
    assert ended.returncode == 9
    assert contents(store) != before
    assert (store / "labels" / "x").exists() == (when == "before")
    assert remove_abandoned([store / "labels", store]) == []  # it may be of a run on another machine
    long_ago = time.time() - 3600
    for path in (store / "labels").rglob("*"):
        os.utime(path, (long_ago, long_ago))
    for path in (store / "labels").iterdir():
        os.utime(path, (long_ago, long_ago))
    assert remove_abandoned([store / "labels", store]) != []
    assert contents(store) == before


def test_a_copy_of_all_metadata_learns_of_the_labels(tmp_path, version):
    path = image_store(tmp_path / "a.zarr", version, PIXELS, "tczyx")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the standard of Zarr 3 does not know it yet
        zarr.consolidate_metadata(path)
    copy = next(f for f in (path / "zarr.json", path / ".zmetadata") if f.exists())
    before = json.loads(copy.read_text())
    for _ in range(2):
        write_label_store(path / "labels" / "x", LABELS, RECORD, open_image(path).grid)
    with_copy = zarr.open_group(path, mode="r", use_consolidated=True)
    np.testing.assert_array_equal(with_copy["labels/x/0"][0, 0], LABELS)
    assert "image-label" in str(with_copy["labels/x"].attrs.asdict())
    after = json.loads(copy.read_text())
    now, then = (told if version == "0.4" else told["consolidated_metadata"] for told in (after, before))
    kept = {key: value for key, value in now["metadata"].items() if not key.startswith("labels")}
    assert kept == then["metadata"]


def test_labels_with_other_axes_go_into_a_new_store_alone(store, tmp_path):
    image = open_image(store)
    with pytest.raises(ImageError, match=r"axes must be those of the store where labels go into it, got ZYX"):
        label_grid(store / "labels" / "x", image, "ZYX", (2, 41, 60))
    assert label_grid(tmp_path / "b.zarr", image, "ZYX", (2, 41, 60)).letters == "ZYX"


def test_what_ours_says_of_a_group_of_labels_stays_beside_what_is_there(store, version):
    folder = store / "labels"
    made = group(folder, version, {"labels": [], "mine": 1})
    made.attrs["notes"] = "keep"
    add_array(made, "loose", LABELS, "yx", version)
    write_label_store(folder / "x", LABELS, RECORD, open_image(store).grid)
    told = zarr.open_group(folder, mode="r").attrs.asdict()
    assert told["notes"] == "keep"
    assert told.get("ome", told)["mine"] == 1
    assert (folder / "loose").is_dir()

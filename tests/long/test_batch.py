"""Batches of any files under any names: nothing is overwritten, everything ends in a line, and a second start rests."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import tifffile
from generated import LONG, QUICK, in_words, share
from hypothesis import event, given
from hypothesis import strategies as st
from PIL import Image

from napari_backprop_segmentation import Params, SegmentationError
from napari_backprop_segmentation.batch.entry import DONE_BEFORE, State
from napari_backprop_segmentation.batch.jobs import plan_files, prepare
from napari_backprop_segmentation.batch.process import finished, process
from napari_backprop_segmentation.batch.sheets import Sheets
from napari_backprop_segmentation.batch.wanted import Wanted
from napari_backprop_segmentation.cli.one_file import segment_alone
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import read_record

PIXELS = np.where(np.add.outer(np.arange(20) // 10, np.arange(24) // 12) % 2, 200, 20).astype(np.uint8)
NAMES = ["a.tif", "a.png", "A.TIF", "b.tiff", "sub/a.tif", "sub/b.png", "a_labels.tif", "a_tif.tif", "ä µ %s {0}.tif"]
NAMES += ["x.npy", "bad.tif", "bad.png", "empty.tif", "none.tif", "sub", "a.tif", "-o.tif", "a.b.tif", " .tif", "a.csv"]
OUTPUTS = [None, "out", "out", "out", "out/deep/er", "", "out.tif", "a.tif", "sub", "new.zarr", "out.png", "bad.tif/x"]
FILES = [None, None, "log.csv", "a.tif", "out/a_labels.tif", "all.safetensors", "map.tif", "sub", "out", "no/where.csv"]

PLACES = ("output", "log", "agreement", "model", "strokes")

plans = st.fixed_dictionaries(
    {"images": st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), "output": st.sampled_from(OUTPUTS)},
    optional={
        "log": st.sampled_from(FILES),
        "agreement": st.sampled_from(FILES),
        "model": st.sampled_from(FILES),
        "strokes": st.sampled_from(FILES),
        "tables": st.booleans(),
        "beside": st.booleans(),
        "labels_name": st.sampled_from(["backprop", "", "../up", "a b", "ä"]),
    },
)
others = st.tuples(st.sampled_from(FILES), st.sampled_from(FILES))


def written(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == "sub":
            path.mkdir(exist_ok=True)
        elif path.stem == "bad" or path.suffix == ".csv":
            path.write_bytes(b"II*\0 not what it says" * 3)
        elif path.stem == "empty":
            path.touch()
        elif path.suffix == ".npy":
            np.save(path, PIXELS)
        elif path.suffix == ".png":
            Image.fromarray(PIXELS).save(path)
        elif path.stem != "none":
            tifffile.imwrite(path, PIXELS + len(name))


def check_batch(plan, tables, folder):
    folder = folder / "batch"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    written(folder, plan["images"])
    theirs = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    at = {name: value for name, value in plan.items() if name in ("tables", "beside", "labels_name")}
    at |= {
        n: None if v is None else folder / v
        for n, v in plan.items()
        if n in ("output", "log", "agreement", "model", "strokes")
    }
    wanted = Wanted(Params(**QUICK, method="graph"))
    try:
        jobs = plan_files([folder / name for name in plan["images"]], **at)
        sheets = Sheets(*(path and folder / path for path in tables))
        sheets.check(False)
        prepare(jobs, sheets.written)
    except SegmentationError as error:
        event(str(error).split(" must ")[0])
        in_words(str(error))
        assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == theirs
        return
    entries = [finished(process(job, wanted, segment_alone)) for job in jobs]
    sheets.write_summary(entries)
    made = {}
    for job, entry in zip(jobs, entries, strict=True):
        in_words(entry.message)
        event(f"{entry.state.value}")
        assert entry.state in (State.DONE, State.FAILED)
        if entry.state is State.DONE and job.labels.suffix == ".tif":
            assert read_record(job.labels)["input"] == str(job.image)
            assert read_image(job.labels).pixels.shape == PIXELS.shape
            made[job.labels] = job.labels.read_bytes()
    assert {path: path.read_bytes() for path in theirs} == theirs
    for job, entry in zip(jobs, entries, strict=True):
        again = finished(process(job, wanted, segment_alone))
        assert (again.state, again.found) == (entry.state, entry.found)
        assert entry.state is State.FAILED or again.message == DONE_BEFORE
    assert {path: path.read_bytes() for path in {**theirs, **made}} == {**theirs, **made}
    for path, content in made.items():  # as somebody does who puts labels right by hand
        tifffile.imwrite(path, read_image(path).pixels + 1)
        edited = path.read_bytes()
        assert edited != content
        job = next(job for job in jobs if job.labels == path)
        assert finished(process(job, wanted, segment_alone)).state is State.FAILED
        assert path.read_bytes() == edited


@share(25)
@given(plans, others)
def test_share_of_batches(tmp_path_factory, plan, tables):
    check_batch(plan, tables, tmp_path_factory.getbasetemp())


@pytest.mark.long
@LONG
@given(plans, others)
def test_batches(tmp_path_factory, plan, tables):
    check_batch(plan, tables, tmp_path_factory.getbasetemp())


def test_the_names_are_paths():
    assert all(not Path(name).is_absolute() for name in NAMES)

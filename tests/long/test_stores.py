"""OME-Zarr stores with any damage: labels of what is there, or an error in words, and nothing in them is changed."""

import json
import shutil

import numpy as np
import pytest
from generated import LONG, QUICK, changed, in_words, odd_values, share
from hypothesis import event, given
from hypothesis import strategies as st
from stores import contents, image_store

from napari_backprop_segmentation import Params, SegmentationError, finish, run
from napari_backprop_segmentation.batch.jobs import plan_files
from napari_backprop_segmentation.batch.process import finished, process
from napari_backprop_segmentation.batch.targets import expanded
from napari_backprop_segmentation.batch.wanted import Wanted
from napari_backprop_segmentation.cli.one_file import segment_alone
from napari_backprop_segmentation.io.files import open_image

pytest.importorskip("ome_zarr_models")

RNG = np.random.default_rng(0)
WHOLE = [
    ("0.4", RNG.integers(0, 255, (20, 24)).astype(np.uint8), "yx"),
    ("0.5", RNG.integers(0, 60_000, (2, 20, 24)).astype(np.uint16), "cyx"),
    ("0.4", RNG.random((4, 18, 18)).astype(np.float32), "zyx"),
    ("0.5", RNG.integers(0, 255, (2, 1, 20, 20)).astype(np.int16), "tcyx"),
]


@pytest.fixture(scope="module")
def wholes(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stores")
    return [
        image_store(folder / f"{i}.zarr", version, pixels, axes, channels=["a", "b"] if axes[0] == "c" else ())
        for i, (version, pixels, axes) in enumerate(WHOLE)
    ]


damages = st.tuples(
    st.sampled_from(["value", "value", "value", "lose", "byte", "cut", "delete", "delete", "folder", "more"]),
    st.integers(0, 10**6),
    st.floats(0, 1),
    st.one_of(odd_values, st.sampled_from(["f8", "<u2", "uint16", "path", "y", [], {}, [1, 1], "0.9", 3, 10**12])),
)


def damaged(store, damage):
    kind, which, where, value = damage
    files = sorted(path for path in store.rglob("*") if path.is_file())
    described = [path for path in files if path.suffix == ".json" or path.name.startswith(".z")]
    files = described if kind in ("value", "lose") else files
    if not files:
        return
    path = files[which % len(files)]
    if kind in ("value", "lose"):
        try:
            told = json.loads(path.read_text())
        except ValueError:
            return
        path.write_text(json.dumps(changed(told, which // len(files), value, kind == "lose")))
    elif kind == "more":
        (path.parent / f"c{which % 9}").write_bytes(path.read_bytes())
    elif kind in ("delete", "folder"):
        path.unlink()
        if kind == "folder":
            path.mkdir()
    else:
        content = bytearray(path.read_bytes())
        place = int(where * max(0, len(content) - 1))
        if kind == "cut":
            del content[place:]
        elif content:
            content[place] = which % 256
        path.write_bytes(content)


def check_damaged(store, done, folder):
    path = folder / "damaged.zarr"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(store, path)
    for each in done:
        damaged(path, each)
    before = contents(path)
    try:
        image = open_image(path)
        axes = None if image.axes is None else image.axes
        result = finish(run(image.pixels, Params(**QUICK, method="graph"), axes=axes, spacing=image.spacing))
        event("segmented")
        kept = [n for n, letter in zip(image.pixels.shape, image.axes or "", strict=False) if letter not in "CS"]
        assert image.axes is None or list(result.labels.shape) == kept
    except SegmentationError as error:
        event(str(error).split(" must ")[0][:30])
        in_words(str(error))
    assert contents(path) == before
    wanted = Wanted(Params(**QUICK, method="graph"))
    try:
        jobs = plan_files(expanded([path]), None)
    except SegmentationError as error:
        return in_words(str(error))
    for job in jobs:
        in_words(finished(process(job, wanted, segment_alone)).message)
    after = {name: content for name, content in contents(path).items() if not name.startswith("labels/")}
    assert {name: content for name, content in before.items() if name in after} == after
    assert set(before) <= {*after, *(name for name in before if name.startswith("labels/"))}


which, lists = st.integers(0, len(WHOLE) - 1), st.lists(damages, min_size=1, max_size=3)


@share(30)
@given(number=which, done=lists)
def test_share_of_damaged_stores(wholes, number, done, tmp_path_factory):
    check_damaged(wholes[number], done, tmp_path_factory.getbasetemp())


@pytest.mark.long
@LONG
@given(number=which, done=lists)
def test_damaged_stores(wholes, number, done, tmp_path_factory):
    check_damaged(wholes[number], done, tmp_path_factory.getbasetemp())

"""Folders of finished blocks, damaged or foreign: the same labels as without an interruption, or an error in words."""

import json
import shutil

import numpy as np
import pytest
from generated import LONG, QUICK, odd_values, share
from hypothesis import event, given
from hypothesis import strategies as st

from napari_backprop_segmentation import Params, SegmentationError, finish, run
from napari_backprop_segmentation.hierarchy import blockwise_means, initial_regions
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.network import seen
from napari_backprop_segmentation.pipeline import estimate

PIXELS = np.where(np.add.outer(np.arange(40) // 10, np.arange(48) // 12) % 2, 200, 20).astype(np.uint8)
PIXELS += np.random.default_rng(0).integers(0, 50, PIXELS.shape, np.uint8)
KINDS = [Params(**QUICK, detail=70.0), Params(**QUICK, regions="trained")]


@pytest.fixture(scope="module", autouse=True)
def small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(initial_regions, "LEAF_BLOCK", 24)
        patch.setitem(BLOCK_SIDE, 2, 20)
        patch.setattr(blockwise_means, "AT_ONCE", 2)
        patch.setattr(seen, "AT_ONCE", 2)
        patch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
        yield


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Return for each kind of run the folder that a whole one has left, and its labels."""
    found = []
    for number, params in enumerate(KINDS):
        folder = tmp_path_factory.mktemp("kept") / str(number)
        found.append((folder, np.array(finish(run(PIXELS, params, resume=folder)).labels)))
    return found


damages = st.tuples(
    st.sampled_from(["delete", "cut", "empty", "folder", "byte", "number", "drop", "part"]),
    st.integers(0, 10**6),
    st.floats(0, 1),
    st.integers(0, 2**32 - 1),
)


def damaged(folder, damage):
    """Do something to one of the files of a folder."""
    kind, which, where, value = damage
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if not files:
        return
    path = files[which % len(files)]
    content = bytearray(path.read_bytes())
    place = int(where * max(0, len(content) - 1))
    if path.suffix == ".npy" and kind in ("byte", "number", "drop"):
        place = min(place, 100)  # whose pixels nobody checks
    if kind == "byte" and content:
        content[place] = value % 256
    elif kind == "number":
        content[place : place + 4] = value.to_bytes(4, "little")
    elif kind == "drop":
        del content[place : place + 1 + value % 50]
    elif kind in ("cut", "empty"):
        del content[place if kind == "cut" else 0 :]
    elif kind == "part":
        path.with_suffix(".77.part").write_bytes(content)
    else:
        path.unlink()
        if kind == "folder":
            path.mkdir()
        return
    path.write_bytes(content)


def check_damaged(kept, number, done, out, tmp_path):
    whole, labels = kept[number]
    folder = tmp_path / "damaged"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(whole, folder)
    for each in done:
        damaged(folder, each)
    given_out = np.zeros(PIXELS.shape, np.int32) if out else None
    try:
        found = finish(run(PIXELS, KINDS[number], resume=folder, out=given_out)).labels
    except SegmentationError as error:
        event(str(error).split(" must ")[0])
        assert "\n" not in str(error)
        assert "please report" not in str(error)
        return
    event("went on")
    np.testing.assert_array_equal(found, labels)


numbers, lists = st.integers(0, len(KINDS) - 1), st.lists(damages, min_size=1, max_size=3)


@share(30)
@given(number=numbers, done=lists, out=st.booleans())
def test_share_of_damaged_folders(kept, number, done, out, tmp_path_factory):
    check_damaged(kept, number, done, out, tmp_path_factory.getbasetemp())


@pytest.mark.long
@LONG
@given(number=numbers, done=lists, out=st.booleans())
def test_damaged_folders(kept, number, done, out, tmp_path_factory):
    check_damaged(kept, number, done, out, tmp_path_factory.getbasetemp())


told = st.recursive(odd_values, lambda inner: st.dictionaries(st.sampled_from(["settings", "image", "x"]), inner))


def check_foreign(given_folder, content, tmp_path):
    """Ask for places that are no folders of ours; nothing of theirs may be touched."""
    folder = tmp_path / "foreign"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    (folder / "file").write_text("a file")
    if content is not None:
        (folder / "run.json").write_text(json.dumps(content))
    asked = folder / given_folder[5:] if isinstance(given_folder, str) and given_folder[:5] == "here/" else given_folder
    with pytest.raises(SegmentationError) as refused:
        finish(run(PIXELS, KINDS[0], resume=asked))
    assert "\n" not in str(refused.value)
    assert "please report" not in str(refused.value)
    assert (folder / "thesis.txt").read_text() == "years of work"


places = st.one_of(
    st.sampled_from(["here/", "here/file", "here/file/below", "here/" + 300 * "x", "\0", ""]),
    st.integers(),
    st.floats(),
    st.binary(max_size=3),
    st.lists(st.text(max_size=2), max_size=2),
)


@share(20)
@given(places, told)
def test_share_of_foreign_folders(tmp_path_factory, place, content):
    check_foreign(place, content, tmp_path_factory.getbasetemp())


@pytest.mark.long
@LONG
@given(places, told)
def test_foreign_folders(tmp_path_factory, place, content):
    check_foreign(place, content, tmp_path_factory.getbasetemp())

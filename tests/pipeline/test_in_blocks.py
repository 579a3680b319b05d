"""Regions of images that are written piece by piece, or do not fit the memory."""

from itertools import pairwise

import numpy as np
import pytest
from cells import membranes
from scipy.ndimage import zoom
from skimage import data

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.image import passes
from napari_backprop_segmentation.pipeline import blockwise, estimate

COINS = data.coins()[:120, :150]
CELLS = (100 + 60 * np.sin(np.indices((6, 60, 70)) / 5).sum(axis=0)).astype(np.uint8)
QUICK = Params(n_channels=8, iterations=3, n_superpixels=100, device="cpu")


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 48)


@pytest.mark.parametrize(("image", "axes"), [(COINS, "YX"), (CELLS, "ZYX")], ids=["plane", "volume"])
@pytest.mark.parametrize(
    "settings", [{}, {"detail": 70.0}, {"n_regions": 5}, {"objects": "bright"}, {"regions": "classes"}]
)
def test_what_is_written_piece_by_piece_is_what_is_returned(image, axes, settings):
    params = QUICK.replace(**settings)
    whole = finish(run(image, params, axes=axes))
    out = np.zeros(image.shape, np.int32)
    found = finish(run(image, params, axes=axes, out=out))
    assert found.labels is out
    assert len(np.unique(out)) > 2
    np.testing.assert_array_equal(out, whole.labels)
    assert found.record["regions"] == whole.record["regions"]
    np.testing.assert_array_equal(found.hierarchy.cut(90), whole.hierarchy.cut(90))


def test_an_image_too_large_for_one_piece_has_the_same_regions(monkeypatch):
    whole = finish(run(COINS, QUICK))
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    found = finish(run(COINS, QUICK))
    np.testing.assert_array_equal(found.labels, whole.labels)
    assert found.labels.dtype == whole.labels.dtype
    assert found.labels.flags.writeable
    assert "notes" not in found.record or not found.record["notes"]


@pytest.mark.parametrize("kept", [False, True], ids=["in memory", "kept"])
def test_it_is_told_of_each_block_in_each_pass(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(passes.PASS_SIDE, 2, 60)
    told = []
    params = QUICK.replace(objects="bright")
    resume = tmp_path / "kept" if kept else None
    finish(run(COINS, params, progress=lambda *counts: told.append(counts), resume=resume))
    ends = [done for done, total in told if done == total]
    assert len(ends) > 3
    assert 12 in ends  # blocks of regions: 3 x 4
    assert all(after in (1, before + 1) for (before, _), (after, _) in pairwise(told))


@pytest.mark.parametrize("kept", [False, True], ids=["in memory", "kept"])
def test_outlined_objects_seen_at_a_fraction_of_the_size(kept, tmp_path, monkeypatch):
    image = zoom(membranes()[0], 4, order=1)[:411, :380]
    params = Params.preset("em", n_channels=4, iterations=1, n_superpixels=60, device="cpu")
    whole = finish(run(image, params))
    assert whole.record["binning"] > 1
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(passes.PASS_SIDE, 2, 40)
    found = finish(run(image, params, model=whole.model, resume=tmp_path / "kept" if kept else None))
    np.testing.assert_array_equal(found.labels, whole.labels)
    np.testing.assert_array_equal(found.hierarchy.cut(70), whole.hierarchy.cut(70))
    assert found.record["notes"] == []
    assert isinstance(found.labels, np.memmap) == kept


def test_a_network_trained_before_has_them_too():
    whole = finish(run(COINS, QUICK))
    out = np.zeros(COINS.shape, np.uint16)
    finish(run(COINS, QUICK, model=whole.model, out=out))
    np.testing.assert_array_equal(out, whole.labels)


def test_numbers_that_end_early_have_fewer_regions():
    image, params = data.coins()[:140, :170], QUICK.replace(detail=100.0, min_region=1)
    whole = finish(run(image, params))
    assert whole.labels.max() > 255
    out = np.zeros(image.shape, np.uint8)
    found = finish(run(image, params, out=out))
    np.testing.assert_array_equal(out, whole.hierarchy.cut(n_regions=255))
    assert found.record["notes"] == ["has at most 255 regions, as the numbers of out end there"]


@pytest.mark.parametrize("error", [OSError("no space left"), MemoryError()])
def test_without_room_to_merge_labels_stay_as_trained(error, monkeypatch):
    def fail(*_):
        raise error

    monkeypatch.setattr(blockwise, "tree_and_looks", fail)
    out = np.zeros(COINS.shape, np.int32)
    found = finish(run(COINS, QUICK, out=out))
    np.testing.assert_array_equal(out, finish(run(COINS, QUICK.replace(regions="trained"))).labels)
    assert found.record["regions"] == "trained"
    (note,) = found.record["notes"]
    assert note.startswith("labels stay as trained")


def test_as_trained_is_written_as_trained():
    params = QUICK.replace(regions="trained")
    out = np.zeros(COINS.shape, np.int32)
    assert finish(run(COINS, params, out=out)).hierarchy is None
    np.testing.assert_array_equal(out, finish(run(COINS, params)).labels)

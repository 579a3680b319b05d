"""Runs that are interrupted: what is finished is kept, and the second start ends as one start would have."""

from functools import partial

import numpy as np
import pytest
from skimage import data

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import OutputError, ParameterError
from napari_backprop_segmentation.hierarchy import (
    block_features,
    block_regions,
    blockwise_means,
    build_in_blocks,
    initial_regions,
)
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.image.kept_blocks import Parts
from napari_backprop_segmentation.network import loop, seen
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.pipeline import estimate, room, unfinished

COINS = data.coins()[:96, :120]
QUICK = Params(n_channels=8, iterations=2, n_superpixels=60, device="cpu", detail=70.0)
TRAINED = QUICK.replace(regions="trained")


@pytest.fixture(autouse=True, scope="module")
def small_blocks():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(initial_regions, "LEAF_BLOCK", 48)
        patch.setitem(BLOCK_SIDE, 2, 20)
        patch.setattr(blockwise_means, "AT_ONCE", 4)
        patch.setattr(seen, "AT_ONCE", 4)
        yield


@pytest.fixture(scope="module")
def whole(small_blocks):
    """What runs without an interruption end with, all in memory."""
    return {params: finish(run(COINS, params)).labels for params in (QUICK, TRAINED)}


@pytest.fixture(autouse=True)
def in_blocks(whole, monkeypatch):
    assert all(len(np.unique(labels)) > 3 for labels in whole.values())
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)


class Calls:
    """Counts the calls of a function, and raises an error at one of them."""

    def __init__(self, monkeypatch, home, name):
        self.n, self.fatal, self.error, self._real = 0, None, None, getattr(home, name)
        monkeypatch.setattr(home, name, self)

    def __call__(self, *args, **kwargs):
        self.n += 1
        if self.n == self.fatal:
            raise self.error
        return self._real(*args, **kwargs)

    def __get__(self, owner, kind=None):
        return self if owner is None else partial(self, owner)

    def fail(self, number, error):
        self.n, self.fatal, self.error = 0, number, error


@pytest.mark.parametrize(
    ("params", "home", "name", "fatal"),
    [
        (QUICK, block_regions, "connected_components", 4),
        (QUICK, block_features, "feature_sums", 17),
        (QUICK, build_in_blocks, "build_hierarchy", 1),
        (TRAINED, seen, "_strongest", 11),
    ],
    ids=["regions", "features", "tree", "labels"],
)
def test_what_was_interrupted_goes_on_and_ends_alike(params, home, name, fatal, whole, tmp_path, monkeypatch):
    kept, calls, steps = tmp_path / "kept", Calls(monkeypatch, home, name), Calls(monkeypatch, loop, "_iterate")
    responses = Calls(monkeypatch, Model, "responses_in")
    calls.fail(fatal, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        finish(run(COINS, params, resume=kept))
    trained = steps.n
    calls.fail(None, None)
    responses.n = 0
    found = finish(run(COINS, params, resume=kept))
    np.testing.assert_array_equal(found.labels, whole[params])
    assert found.record["notes"] == ["went on where an earlier start had ended"]
    assert found.model.iterations == trained == steps.n == 2  # nothing is trained twice
    assert 0 < calls.n <= {4: 6 - 3 + 1, 17: 30 - 16, 1: 1, 11: 30 - 8}[fatal] + 1
    if home is build_in_blocks:
        assert responses.n == 0  # everything that takes long was done


def test_another_detail_of_what_was_kept_needs_no_network(whole, tmp_path, monkeypatch):
    finish(run(COINS, QUICK, resume=tmp_path / "kept"))
    responses = Calls(monkeypatch, Model, "responses_in")
    found = finish(run(COINS, QUICK.replace(detail=90.0), resume=tmp_path / "kept"))
    assert responses.n == 0
    np.testing.assert_array_equal(found.labels, found.hierarchy.cut(90.0))
    assert len(np.unique(found.labels)) > len(np.unique(whole[QUICK]))


def test_what_another_run_has_kept_is_refused(tmp_path):
    kept = tmp_path / "kept"
    finish(run(COINS, TRAINED, resume=kept))
    with pytest.raises(ParameterError, match=r"of the same run, .* \(different: continuity_weight, seed\); ask"):
        finish(run(COINS, TRAINED.replace(seed=5, continuity_weight=2.0), resume=kept))
    with pytest.raises(ParameterError, match=r"\(different: image, scaling\)"):
        finish(run(COINS // 2, TRAINED, resume=kept))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    with pytest.raises(ParameterError, match=r"in a folder of their own, got .*, which holds something else"):
        finish(run(COINS, TRAINED, resume=tmp_path / "mine"))


def test_two_runs_do_not_share_a_folder(whole, tmp_path):
    first = run(COINS, QUICK, resume=tmp_path / "kept")
    next(first)
    with pytest.raises(
        ParameterError, match=r"by one run at a time, got another one that is going on in .*kept'; wait"
    ):
        finish(run(COINS, QUICK, resume=tmp_path / "kept"))
    first.close()
    np.testing.assert_array_equal(finish(run(COINS, QUICK, resume=tmp_path / "kept")).labels, whole[QUICK])


def test_finished_blocks_are_removed_only_where_no_run_is_going_on(tmp_path):
    kept = tmp_path / "kept"
    first = run(COINS, QUICK, resume=kept)
    next(first)
    there = sorted(kept.rglob("*"))
    with pytest.raises(ParameterError, match="one run at a time"), unfinished.alone(kept):
        unfinished.forget(kept)
    assert sorted(kept.rglob("*")) == there
    first.close()
    with unfinished.alone(kept):
        unfinished.forget(kept)
    assert not kept.exists()
    with unfinished.alone(kept):  # nothing to be alone with
        assert not kept.exists()


def test_a_full_disk_is_told_and_the_run_goes_on_when_there_is_room(whole, tmp_path, monkeypatch):
    real = Parts.put

    def full(self, number, arrays):
        if self.folder.name == "features" and number == 3:
            raise OSError(28, "No space left on device")
        real(self, number, arrays)

    with monkeypatch.context() as patch:
        patch.setattr(Parts, "put", full)
        with pytest.raises(OutputError, match=r"must be kept, got 'No space left on device' in .*; make room there"):
            finish(run(COINS, QUICK, resume=tmp_path / "kept"))
    np.testing.assert_array_equal(finish(run(COINS, QUICK, resume=tmp_path / "kept")).labels, whole[QUICK])


def test_nothing_is_kept_of_a_network_that_was_stopped_early(whole, tmp_path):
    steps = run(COINS, QUICK, resume=tmp_path / "kept")
    next(steps)
    with pytest.raises(StopIteration) as done:
        steps.send("stop")
    assert done.value.value.model.iterations == 1
    np.testing.assert_array_equal(finish(run(COINS, QUICK, resume=tmp_path / "kept")).labels, whole[QUICK])


def test_where_memory_is_short_fewer_regions_are_merged_and_it_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(room, "LEAST", 12)
    with monkeypatch.context() as patch:
        patch.setattr(room, "free_memory", lambda _: 1e4)
        found = finish(run(COINS, QUICK, resume=tmp_path / "kept"))
    assert found.hierarchy.n_leaves <= 12
    assert found.record["notes"] == ["merges at most 12 regions, as the memory has no room for more"]
    again = finish(run(COINS, QUICK, resume=tmp_path / "kept"))  # with more memory: what was kept is of these regions
    np.testing.assert_array_equal(again.labels, found.labels)


@pytest.mark.parametrize("params", [QUICK, TRAINED], ids=["merged", "trained"])
def test_labels_that_are_lost_or_go_elsewhere_are_made_again(params, whole, tmp_path):
    kept = tmp_path / "kept"
    finish(run(COINS, params, resume=kept))
    for path in kept.glob("*.npy"):
        path.unlink()
    for path in kept.glob("*/0000001.npz"):
        path.write_bytes(b"PK\3\4" + bytes(40))
    np.testing.assert_array_equal(finish(run(COINS, params, resume=kept)).labels, whole[params])
    out = np.zeros(COINS.shape, np.int32)  # as of a program that is started again
    finish(run(COINS, params, resume=kept, out=out))
    np.testing.assert_array_equal(out, whole[params])


def test_what_is_no_folder_of_finished_blocks_is_refused_in_words(tmp_path):
    for place in (7, "", b"x", "a\0b"):
        with pytest.raises(ParameterError, match=r"^resume must be the path of a folder, got .*; choose one"):
            finish(run(COINS, TRAINED, resume=place))
    (tmp_path / "run.json").write_text('{"settings": "mine"}')
    with pytest.raises(ParameterError, match=r"of the same run, .* \(different: version, image"):
        finish(run(COINS, TRAINED, resume=tmp_path))
    finish(run(COINS, TRAINED, resume=tmp_path / "kept"))
    (tmp_path / "kept" / "labels.npy").unlink()
    (tmp_path / "kept" / "labels.npy").mkdir()
    with pytest.raises(OutputError, match=r"must be kept, got 'Is a directory' in .*; remove it to begin anew"):
        finish(run(COINS, TRAINED, resume=tmp_path / "kept"))


def test_a_folder_in_the_place_of_what_was_planned_is_told(tmp_path):
    started = run(COINS, QUICK, resume=tmp_path / "kept")
    next(started)
    started.close()
    planned = next((tmp_path / "kept" / room.PLAN).iterdir())
    planned.unlink()
    planned.mkdir()
    for _ in range(2):  # nor does the error keep the folder locked
        with pytest.raises(OutputError, match=r"must be kept, got 'Is a directory' in .*; remove it to begin anew"):
            next(run(COINS, QUICK, resume=tmp_path / "kept"))

"""Several runs on an image that does not fit the memory: what they are in one piece, in any blocks."""

import numpy as np
import pytest
from skimage import data
from stepping import all_steps

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.hierarchy import initial_regions, merge, region_borders
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.pipeline import ensemble, estimate

QUICK = Params(n_channels=8, iterations=3, n_superpixels=100, precision="float32", device="cpu", response_weight=1.0)
THREE = QUICK.replace(n_runs=3, seed=5)
COINS = data.coins()[:100, :120]
BALLS = np.random.default_rng(0).integers(0, 40, (6, 44, 50)).astype(np.uint8)
BALLS[1:5, 6:38, 5:25] += 200
IMAGES = {
    "colour": (data.astronaut()[40:140, 160:280], "YXS", {}),
    "objects": (COINS, "YX", {"objects": "bright", "min_object": 10}),
    "lines": (COINS, "YX", {"initial_regions": "lines"}),
    "volume": (BALLS, "ZYX", {}),
}


@pytest.fixture(autouse=True)
def small_leaves(monkeypatch):
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 40)
    monkeypatch.setitem(BLOCK_SIDE, 2, 32)


@pytest.fixture
def in_blocks(monkeypatch):
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)


@pytest.fixture(scope="module", params=IMAGES)
def whole(request):
    image, axes, settings = IMAGES[request.param]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 40)
        monkeypatch.setitem(BLOCK_SIDE, 2, 32)
        params = THREE.replace(**settings)
        return image, axes, params, finish(run(image, params, axes=axes))


@pytest.mark.parametrize("side", [17, 40, 1024])
@pytest.mark.usefixtures("in_blocks")
def test_labels_and_agreement_are_those_of_the_image_in_one_piece(whole, side, monkeypatch):
    image, axes, params, expected = whole
    monkeypatch.setattr(region_borders, "PAINTED_SIDE", side)
    found = finish(run(image, params, axes=axes))
    np.testing.assert_array_equal(found.labels, expected.labels)
    assert found.labels.max() > 2
    assert (found.stopped_by, found.record["iterations"]) == ("all 3 runs done", 9)
    np.testing.assert_array_equal(found.agreement.saliencies, expected.agreement.saliencies)
    np.testing.assert_array_equal(found.hierarchy.parents, expected.hierarchy.parents)
    for detail in (20, 60, 95):
        shown = found.agreement.map(detail)
        np.testing.assert_array_equal(shown, expected.agreement.map(detail))
    assert len(np.unique(shown)) > 2
    assert (found.agreement.in_memory, expected.agreement.in_memory) == (False, True)


def test_labels_are_written_piece_by_piece_and_made_by_workers(whole, sent_elsewhere):
    image, axes, params, expected = whole
    out = np.zeros(expected.labels.shape, np.int32)
    found = finish(run(image, params, axes=axes, out=out, client=object()))
    np.testing.assert_array_equal(out, expected.labels)
    assert found.record["notes"] == expected.record["notes"]
    of_features = sent_elsewhere.count("sum_features")
    assert (of_features > 0, of_features % 3) == (True, 0)  # each network sees each block


@pytest.mark.usefixtures("in_blocks")
def test_a_run_that_ends_goes_on_behind_the_networks_that_are_done(tmp_path, monkeypatch):
    image, params = COINS, THREE
    expected = finish(run(image, params))
    trained, train_on = [], ensemble.train_on

    def ends(job, part, training):
        if training.seed == 7 and not trained[2:]:
            trained.append(7)
            raise KeyboardInterrupt
        steps = train_on(job, part, training)
        step = yield from steps
        trained.append(training.seed)
        return step

    monkeypatch.setattr(ensemble, "train_on", ends)
    with pytest.raises(KeyboardInterrupt):
        finish(run(image, params, resume=tmp_path / "kept"))
    assert trained == [5, 6, 7]
    found = finish(run(image, params, resume=tmp_path / "kept"))
    assert trained == [5, 6, 7, 7]
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_array_equal(found.agreement.saliencies, expected.agreement.saliencies)
    assert found.record["iterations"] == 9
    assert found.record["notes"].count("went on where an earlier start had ended") == 1


@pytest.mark.usefixtures("in_blocks")
def test_stop_keeps_what_the_complete_runs_agree_on(tmp_path):
    steps, result = all_steps(run(COINS, THREE, resume=tmp_path / "kept"), 7)
    assert len(steps) == 7
    assert result.stopped_by == "stopped by you in run 3 of 3, labels are what the first 2 runs agree on"
    assert result.agreement.n_runs == 2
    again = finish(run(COINS, THREE, resume=tmp_path / "kept"))
    np.testing.assert_array_equal(again.labels, finish(run(COINS, THREE)).labels)


@pytest.mark.parametrize("seed", range(3))
def test_very_many_regions_are_merged_by_the_mean_saliency_of_their_borders(seed, monkeypatch):
    """As higra does, which takes too long for them."""
    rng = np.random.default_rng(seed)
    numbers = np.arange(144).reshape(12, 12)
    sides = (numbers[:, :-1], numbers[:, 1:]), (numbers[:-1], numbers[1:])
    edges = np.concatenate([np.stack([a.ravel(), b.ravel()], axis=1) for a, b in sides]).astype(np.int32)
    hub = np.stack([np.arange(144), np.full(144, 144)], axis=1).astype(np.int32)  # a ground that touches all
    edges = np.concatenate([edges, hub])
    borders = merge.Borders(
        rng.integers(1, 9, 145) * 1.0, rng.random(len(edges)), edges, rng.integers(1, 20, len(edges)) * 1.0
    )
    few = merge.merge_regions(borders)
    monkeypatch.setattr(merge, "MOST_AT_ONCE", 10)
    many = merge.merge_regions(borders)
    np.testing.assert_array_equal(many.parents, few.parents)
    np.testing.assert_allclose(many.altitudes, few.altitudes, rtol=1e-12)
    np.testing.assert_array_equal(many.areas, few.areas)

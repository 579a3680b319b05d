"""Several runs with different seeds on one image, through `run`."""

from itertools import pairwise

import numpy as np
import pytest
from skimage import data
from stepping import all_steps

from napari_backprop_segmentation import Hierarchy, Params, finish, run
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.params.sections import Training
from napari_backprop_segmentation.pipeline.iteration import total_steps

PHOTO = data.astronaut()[40:120, 180:260]
QUICK = Params(
    n_channels=8, iterations=4, n_superpixels=150, min_labels=0, precision="float32", device="cpu", response_weight=1.0
)
THREE = QUICK.replace(n_runs=3, seed=5)


@pytest.fixture(scope="module")
def three():
    return all_steps(run(PHOTO, THREE, axes="YXS"))


@pytest.fixture(scope="module")
def alone():
    """The results of the same seeds one by one."""
    return [finish(run(PHOTO, QUICK.replace(seed=seed), axes="YXS")) for seed in (5, 6, 7)]


def test_the_steps_of_all_runs_are_counted_on(three, alone):
    steps, result = three
    assert [step.iteration for step in steps] == list(range(1, 13))
    assert [step.run for step in steps] == [(i, 3) for i in (1, 2, 3) for _ in range(4)]
    assert [a.seconds < b.seconds for a, b in pairwise(steps)] == [True] * 11
    assert total_steps(THREE, "YXS", PHOTO.shape) == 12
    assert result.record["iterations"] == 12
    assert result.stopped_by == "all 3 runs done"
    assert result.record["params"] == THREE.to_dict()
    assert all(one.agreement is None for one in alone)


def test_the_first_model_is_kept(three, alone):
    _, result = three
    one, other = (list(r.model.network.state_dict().values()) for r in (result, alone[0]))
    assert all((a == b).all() for a, b in zip(one, other, strict=True))
    assert result.model.training == Training.of(THREE)
    assert result.model.preparation == alone[0].model.preparation


@pytest.mark.parametrize("detail", [0, 30, 50, 80, 100])
def test_the_map_is_the_share_of_runs_that_part_two_pixels(three, alone, detail):
    _, result = three
    cuts = [one.hierarchy.cut(detail) for one in alone]
    expected = np.zeros(PHOTO.shape[:2])
    for y in range(expected.shape[0]):
        for x in range(expected.shape[1]):
            for below, right in ((1, 0), (0, 1)):
                v, u = y + below, x + right
                if v < expected.shape[0] and u < expected.shape[1]:
                    share = sum(cut[y, x] != cut[v, u] for cut in cuts) / 3
                    expected[y, x], expected[v, u] = max(expected[y, x], share), max(expected[v, u], share)
    found = result.agreement.map(detail)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    if detail == 80:
        assert len(np.unique(found)) == 4  # the runs differ, else this would prove little


def test_the_labels_are_a_cut_of_the_consensus(three, alone):
    _, result = three
    tree = result.hierarchy
    assert isinstance(tree, Hierarchy)
    np.testing.assert_array_equal(tree.index, alone[0].hierarchy.index)
    np.testing.assert_array_equal(result.labels, tree.cut(THREE.detail))
    for detail in (20, 50, 80, 90):
        counts = [one.hierarchy.count(detail) for one in alone]
        assert min(counts) <= tree.count(detail) <= max(counts)
    fine, coarse = tree.cut(90).astype(int), tree.cut(60)
    assert len(np.unique(1000 * fine + coarse)) == len(np.unique(fine))


def test_the_same_seed_gives_the_same_labels(three):
    _, result = three
    again = finish(run(PHOTO, THREE, axes="YXS"))
    np.testing.assert_array_equal(again.labels, result.labels)
    np.testing.assert_array_equal(again.agreement.saliencies, result.agreement.saliencies)


@pytest.mark.parametrize(
    ("stop_at", "complete", "reason"),
    [
        (2, 1, "stopped by you in run 1 of 3, labels are those of this run so far"),
        (6, 1, "stopped by you in run 2 of 3, labels are those of run 1"),
        (10, 2, "stopped by you in run 3 of 3, labels are what the first 2 runs agree on"),
    ],
)
def test_stop_keeps_what_the_complete_runs_agree_on(alone, stop_at, complete, reason):
    steps, result = all_steps(run(PHOTO, THREE, axes="YXS"), stop_at)
    assert len(steps) == result.record["iterations"] == stop_at
    assert result.stopped_by == reason
    assert (result.agreement is None) == (complete == 1)
    if complete == 2:
        assert result.agreement.n_runs == 2
    elif stop_at == 6:
        np.testing.assert_array_equal(result.labels, alone[0].labels)
    assert result.labels.max() > 1


def test_objects_are_found_among_the_regions_of_the_consensus():
    coins = data.coins()[:100, :120]
    params = THREE.replace(objects="bright", n_runs=2)
    result = finish(run(coins, params))
    assert result.labels.min() == 0
    assert len(np.unique(result.labels)) > 2
    assert result.agreement.map(50).shape == coins.shape


def test_volumes():
    volume = np.random.default_rng(0).integers(0, 40, (9, 24, 20)).astype(np.uint8)
    volume[2:7, 6:18, 5:15] += 200
    result = finish(run(volume, THREE.replace(n_runs=2, response_weight=0.2), axes="ZYX"))
    found = result.agreement.map(0)
    assert found.shape == volume.shape
    assert found[:, 12, 10].tolist() == [0, 1, 1, 0, 0, 0, 1, 1, 0]  # on both sides of the top and bottom of the box
    assert result.hierarchy.cut(0)[:, 12, 10].tolist() == [1, 1, 2, 2, 2, 2, 2, 1, 1]


def test_the_next_seed_after_the_largest_is_0():
    largest = finish(run(PHOTO[:40, :40], QUICK.replace(seed=2**31 - 1, n_runs=2))).agreement.saliencies
    zero = finish(run(PHOTO[:40, :40], QUICK.replace(seed=0, n_runs=2))).agreement.saliencies
    np.testing.assert_array_equal(largest[1], zero[0])


@pytest.mark.parametrize(
    ("changes", "options", "words"),
    [
        ({"method": "kmeans"}, {}, "n_runs must be 1 for the method 'kmeans', got 3; choose 'superpixels'"),
        ({"initial_regions": "network"}, {}, "n_runs must be 1 for initial_regions='network'"),
        ({"regions": "trained"}, {}, "n_runs must be 1 where regions are not merged, got 3; set regions to 'merged'$"),
        (
            {"regions": "trained"},
            {"out": np.zeros((80, 80), int)},
            "n_runs must be 1 where labels are written piece by piece, got 3; leave out `out`$",
        ),
        ({"strokes_as": "network"}, {"strokes": np.eye(80, dtype=int)}, "n_runs must be 1 with strokes"),
    ],
)
def test_where_runs_cannot_be_compared_it_says_so(changes, options, words):
    with pytest.raises(ParameterError, match=words):
        next(run(PHOTO, THREE.replace(**changes), axes="YXS", **options))


def test_series_and_networks_trained_before_are_refused(alone):
    with pytest.raises(ParameterError, match=r"n_runs must be 1 for a time series, got 3; take one frame$"):
        next(run(PHOTO, THREE, axes="TYX"))
    by_slice = "n_runs must be 1 slice by slice, got 3; take one slice, or set volumes to 'volume'$"
    with pytest.raises(ParameterError, match=by_slice):
        next(run(PHOTO, THREE.replace(volumes="slices"), axes="ZYX"))
    with pytest.raises(ParameterError, match="n_runs must be 1 where a network is applied that was trained before"):
        finish(run(PHOTO, THREE, axes="YXS", model=alone[0].model))

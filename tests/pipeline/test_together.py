"""Settings that do not go together: refused or told, never ignored."""

import logging

import numpy as np
import pytest
from skimage import data

from napari_backprop_segmentation import Params, finish, run, segment
from napari_backprop_segmentation.errors import ParameterError

COINS = data.coins()[:100, :120]
QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 100, "device": "cpu"}
DRAWN = np.eye(100, 120, dtype=int)
DRAWN[:, -3:] = 2


@pytest.mark.parametrize("preset", ["em", "phase", "nuclei"])
@pytest.mark.parametrize("method", ["kmeans", "graph"])
def test_objects_of_a_method_without_a_network_are_refused(preset, method):
    params = Params.preset(preset, method=method)
    with pytest.raises(
        ParameterError, match=f"objects must be 'off' for the method '{method}', got '{params.objects}'"
    ):
        next(run(COINS, params, axes="YX"))
    with pytest.raises(ParameterError, match="objects must be 'off' for the method"):
        next(run(COINS[None], params, axes="TYX"))


def test_the_automatic_preset_is_no_obstacle_for_a_method_without_a_network():
    result = finish(run(COINS, Params.preset("auto", method="kmeans", n_clusters=4), axes="YX"))
    assert len(np.unique(result.labels)) == 4
    assert (result.record["kind"], result.record["params"]["objects"]) == (None, "off")


def test_objects_that_are_written_piece_by_piece_are_refused_where_regions_are_those_of_the_network():
    params = Params.preset("nuclei", **QUICK, initial_regions="network")
    with pytest.raises(
        ParameterError, match="objects must be 'off' where the labels of one image are written piece by"
    ):
        next(run(COINS, params, out=np.zeros(COINS.shape, int)))
    params = Params.preset("nuclei", **QUICK)
    out = np.zeros((2, *COINS.shape), np.int32)
    finish(run(np.stack([COINS, COINS]), params, axes="TYX", out=out))
    assert (out == 0).any(axis=(1, 2)).all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strokes": DRAWN}, "as its labels keep the numbers of the strokes"),
        ({"out": np.zeros(COINS.shape, int)}, "as its labels are written piece by piece"),
    ],
)
def test_objects_that_a_preset_asks_for_in_vain_are_told(monkeypatch, caplog, options, words):
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.automatic.kind_of", lambda *_: "nuclei")
    with caplog.at_level(logging.WARNING):
        result = finish(run(COINS, Params.preset("auto", **QUICK, initial_regions="network"), axes="YX", **options))
    assert f"this run looks for no objects, though objects is 'bright', {words}" in caplog.text
    assert result.record["params"]["objects"] == "off"
    assert np.min(result.labels) > 0


def test_strokes_keep_their_numbers_and_objects_are_told_to_be_left_out(caplog):
    params = Params.preset("nuclei", **QUICK)
    with caplog.at_level(logging.WARNING):
        result = finish(run(COINS, params, axes="YX", strokes=DRAWN))
    assert caplog.text.count("this run looks for no objects") == 1
    assert result.labels[50, 50] == 1
    caplog.clear()
    finish(run(COINS, params, axes="YX", strokes=np.zeros_like(DRAWN)))
    assert "looks for no objects" not in caplog.text


@pytest.mark.parametrize("n_runs", [1, 2])
def test_objects_do_not_depend_on_whether_regions_stay_as_trained(n_runs):
    params = Params.preset("nuclei", **QUICK, n_runs=n_runs)
    merged = finish(run(COINS, params)).labels
    trained = finish(run(COINS, params.replace(regions="trained"))).labels
    np.testing.assert_array_equal(merged, trained)
    assert merged.min() == 0 < merged.max()


@pytest.mark.parametrize("given", ["YX", {"detail": 10}, False])
def test_what_is_no_params_is_refused_in_words(given):
    with pytest.raises(ParameterError, match=r"params must be a Params, got .*; axes and spacing are given by name"):
        segment(np.eye(16), given)

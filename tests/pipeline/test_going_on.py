"""Training that goes on from a network, and results of iterations that were kept."""

import numpy as np
import pytest
import torch
from skimage import data

from napari_backprop_segmentation import Params, finish, run, train
from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.network.history import History
from napari_backprop_segmentation.params.sections import Training

PHOTO = data.astronaut()[20:84, 180:260]
QUICK = Params(
    n_channels=12, iterations=8, n_superpixels=80, min_labels=0, min_region=4, precision="float32", device="cpu", seed=2
)


def watched(image, params, **others):
    """Return what a run ends with, and its history."""
    history, steps = History(), run(image, params, keep_weights=True, **others)
    while True:
        try:
            step = next(steps)
        except StopIteration as done:
            return done.value, history
        history.add(step.iteration, step.n_labels, step.labels, step.weights)


def weights(model):
    return {name: parameter.detach().numpy().copy() for name, parameter in model.network.named_parameters()}


def same(one, other):
    return all(np.array_equal(one[name], other[name]) for name in one)


@pytest.fixture(scope="module")
def first():
    return watched(PHOTO, QUICK)


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"objects": "bright", "min_object": 4},
        {"objects": "outlined", "min_object": 4},
        {"regions": "classes"},
        {"regions": "trained"},
        {"initial_regions": "network"},
        {"method": "continuity", "context": True},
    ],
    ids=str,
)
@pytest.mark.parametrize("iteration", [1, 5])
def test_an_iteration_that_was_kept_gives_what_a_run_stopped_there_would_have_given(settings, iteration):
    params = QUICK.replace(**settings)
    _, history = watched(PHOTO, params)
    kept = history[iteration - 1]
    assert kept.iteration == iteration
    stopped = finish(run(PHOTO, params.replace(iterations=iteration)))
    found = finish(run(PHOTO, params, start=kept, go_on=False))
    np.testing.assert_array_equal(found.labels, stopped.labels)
    assert found.record["params"] == stopped.record["params"]
    assert found.record["iterations"] == iteration
    assert "start" not in found.record  # it can be repeated without
    for name, array in found.model.network.state_dict().items():
        assert torch.equal(array, stopped.model.network.state_dict()[name]), name


def test_it_also_does_where_training_sees_crops(monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.network.planning.free_memory", lambda _: 10**7)
    image = np.tile(PHOTO, (2, 2, 1))
    result, history = watched(image, QUICK)
    assert result.record["crop"] is not None
    kept = history[2]
    stopped = finish(run(image, QUICK.replace(iterations=kept.iteration)))
    found = finish(run(image, QUICK, start=kept, go_on=False))
    np.testing.assert_array_equal(found.labels, stopped.labels)


def test_what_is_kept_is_what_was_seen(first):
    _, history = first
    steps = train(PHOTO, QUICK)
    for kept, step in zip(history, steps, strict=False):
        np.testing.assert_array_equal(kept.labels, step.labels)
        assert kept.n_labels == len(np.unique(kept.labels)) == step.n_labels
        assert step.weights is None  # nobody has asked for them


def test_training_goes_on_from_a_copy(first):
    result, _ = first
    before = weights(result.model)
    further = finish(run(PHOTO, QUICK.replace(iterations=3), start=result.model))
    assert same(weights(result.model), before)
    assert not same(weights(further.model), before)
    assert further.model.iterations == 3
    assert further.record["start"] == QUICK.iterations


def test_training_that_goes_on_begins_with_what_was_learned(first):
    """Without momentum there is no other memory: two halves make the whole."""
    params = QUICK.replace(momentum=0.0)
    whole, history = watched(PHOTO, params)
    further, _ = watched(PHOTO, params.replace(iterations=5), start=history[2])
    assert same(weights(further.model), weights(whole.model))
    np.testing.assert_array_equal(further.labels, whole.labels)
    assert further.record["start"] == 3
    half = finish(run(PHOTO, params.replace(iterations=3)))
    again = finish(run(PHOTO, params.replace(iterations=5), start=half.model))
    assert same(weights(again.model), weights(whole.model))


def test_training_goes_on_with_other_settings_and_on_another_image(first):
    result, _ = first
    other = data.chelsea()[40:110, 90:180]
    further = finish(run(other, QUICK.replace(method="continuity", iterations=2, seed=9), start=result.model))
    assert further.labels.shape == other.shape[:2]
    assert further.model.training == Training.of(QUICK.replace(method="continuity", iterations=2, seed=9))


def test_what_is_left_open_is_as_in_the_network(first):
    result, _ = first
    further = finish(run(PHOTO, Params(iterations=2, device="cpu"), start=result.model))
    assert further.record["params"]["n_channels"] == 12


def test_a_series_begins_with_the_network(first):
    result, _ = first
    steps = train(np.stack([PHOTO, PHOTO]), QUICK.replace(iterations=4), axes="TYXC", start=result.model)
    assert next(steps).n_labels == next(train(PHOTO, QUICK, start=result.model)).n_labels


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"n_channels": 20},
            "n_channels must be 12, as in the network that training goes on from, got 20; leave it",
        ),
        ({"n_layers": 3}, "n_layers must be 2, as in the network that training goes on from, got 3; leave"),
        ({"context": True}, "context must be False, as in the network that training goes on from, got True; leave"),
        ({"method": "kmeans"}, "method must be superpixels or continuity to go on with training, got 'kmeans'; choose"),
        ({"n_runs": 3}, "n_runs must be 1 where training goes on from a network, got 3; set it to 1"),
    ],
)
def test_settings_that_cannot_change_are_refused(first, settings, message):
    with pytest.raises(SegmentationError, match=message.replace("(", r"\(")):
        finish(run(PHOTO, QUICK.replace(**settings), start=first[0].model))


@pytest.mark.parametrize(
    ("image", "axes", "message"),
    [
        (
            PHOTO[..., 0],
            "YX",
            "image must have 3 channels, as in the network that training goes on from, got 1; choose",
        ),
        (np.stack([PHOTO] * 4), "ZYXC", "image must be made of planes, .*, got volumes; set volumes to 'slices'"),
    ],
)
def test_images_of_another_kind_are_refused(first, image, axes, message):
    with pytest.raises(SegmentationError, match=message):
        next(train(image, QUICK.replace(volumes="volume"), axes=axes, start=first[0].model))


def test_an_iteration_with_other_channels_is_refused(first):
    with pytest.raises(SegmentationError, match=r"image must be shown in 3 channels, .*, got 1; choose the same"):
        next(train(PHOTO[..., 0], QUICK, start=first[1][0]))


def test_what_nothing_can_go_on_from_is_refused(first):
    result, history = first
    bare = History()
    bare.add(4, 2, np.ones((2, 2), np.uint8))
    frames = np.stack([PHOTO, PHOTO])
    for given, message in (
        ({"start": "a file"}, "start must be a Model or an iteration of a History, got str; take"),
        ({"start": bare[0]}, "start must have its weights, got iteration 4 without; run again with keep_weights"),
        ({"start": result.model, "model": result.model}, "model must be left out where training goes on"),
        ({"start": result.model, "go_on": False}, "go_on must be True for a Model, got False; label"),
        ({"start": history[1], "go_on": False, "image": frames, "axes": "TYXC"}, "go_on must be True for a series"),
    ):
        with pytest.raises(SegmentationError, match=message):
            finish(run(**{"image": PHOTO, "params": QUICK, **given}))

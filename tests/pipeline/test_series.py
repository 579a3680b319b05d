"""Volumes and time through `run`: shapes, linked objects, one network or one that adapts, reuse."""

import numpy as np
import pytest
from stepping import all_steps

from napari_backprop_segmentation import Params, finish, run, segment, train
from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.pipeline.iteration import total_steps

SMALL = {"n_channels": 8, "n_superpixels": 150, "precision": "float32", "device": "cpu"}
QUICK = {**SMALL, "iterations": 4, "min_labels": 0}


def moving_blobs(n_frames=6, shape=(64, 64), seed=0):
    """Return a series (T, Y, X) uint8 of bright discs that drift, and its exact labels; one enters, one leaves."""
    rng = np.random.default_rng(seed)
    paths = [((14, 14), (2, 1)), ((44, 18), (-2, 1)), ((40, 46), (1, -2)), ((16, 50), (1, 3)), ((60, -12), (-1, 5))]
    y, x = np.ogrid[: shape[0], : shape[1]]
    truth = np.zeros((n_frames, *shape), np.int32)
    for t in range(n_frames):
        for number, (start, step) in enumerate(paths, start=1):
            centre = np.add(start, np.multiply(step, t))
            truth[t][(y - centre[0]) ** 2 + (x - centre[1]) ** 2 < 7**2] = number
    light = np.array([30, 150, 170, 190, 210, 230])[truth] + rng.normal(0, 6, truth.shape)
    return light.clip(0, 255).astype(np.uint8), truth


def correct_links(labels, truth):
    """Return which share of the true objects that stay for a frame keep their label from that frame to the next."""
    good = []
    for t in range(len(truth) - 1):
        for number in set(np.unique(truth[t])) & set(np.unique(truth[t + 1])) - {0}:
            first, second = (np.bincount(labels[s][truth[s] == number]).argmax() for s in (t, t + 1))
            good.append(first == second != 0)
    return np.mean(good)


@pytest.mark.parametrize("frames", ["adapt", "once"])
def test_objects_keep_their_numbers_while_they_move(frames):
    series, truth = moving_blobs()
    params = Params(**SMALL, iterations=10, objects="bright", frames=frames)
    labels = finish(run(series, params, axes="TYX")).labels
    assert correct_links(labels, truth) == 1
    assert len(np.unique(labels)) == 1 + 5
    alone = np.stack([segment(frame, params, axes="YX") for frame in series])
    assert correct_links(alone, truth) < 1  # else the numbers would prove nothing


def test_regions_keep_their_numbers_at_every_detail():
    series, truth = moving_blobs(4)
    result = finish(run(series, Params(**SMALL, iterations=10), axes="TYX"))
    np.testing.assert_array_equal(result.hierarchy.cut(Params().detail), result.labels)
    for detail in (40, 60):
        labels = result.hierarchy.cut(detail)
        assert labels.shape == series.shape
        assert correct_links(labels, truth) > 0.9
        assert result.hierarchy.count(detail) == len(np.unique(labels))


WAYS = [({"frames": "adapt"}, 4 + 2), ({"frames": "once"}, 4)]
OUTCOMES = [{}, {"objects": "bright"}, {"regions": "trained"}]
NO_NETWORK = [({"method": "kmeans"}, 0, outcome) for outcome in OUTCOMES if "objects" not in outcome]


@pytest.mark.parametrize(
    ("changes", "n_steps", "outcome"), [*((*way, outcome) for way in WAYS for outcome in OUTCOMES), *NO_NETWORK]
)
def test_volumes_over_time_with_channels(changes, n_steps, outcome):
    image = np.random.default_rng(0).integers(0, 30, (3, 2, 3, 24, 26)).astype(np.uint8)  # TCZYX
    image[:, :, 1:, 6:14, 6:14] += 150
    for volumes in ("volume", "slices"):
        params = Params(**{**QUICK, **outcome, **changes}, volumes=volumes)
        steps, result = all_steps(run(image, params, axes="TCZYX", spacing=(2, 1, 1)))
        assert result.labels.shape == (3, 3, 24, 26)
        assert len(steps) == n_steps == total_steps(params, "TCZYX", image.shape)
        assert [step.iteration for step in steps] == list(range(1, n_steps + 1))
        for step in steps:
            assert step.labels.shape == result.labels.shape[len(step.place) :]
        if not (outcome or changes.get("method")):
            assert len({result.labels[t, 2, 10, 10] for t in range(3)}) == 1


@pytest.mark.parametrize("changes", [{"frames": "once"}, {"frames": "adapt"}, {"method": "kmeans"}], ids=str)
def test_it_is_told_how_many_frames_are_labelled(changes):
    series, _ = moving_blobs(3)
    told = []

    def progress(done, total):
        told.append((done, total))

    first = finish(run(series, Params(**{**QUICK, **changes}), axes="TYX", progress=progress))
    assert told == [(1, 3), (2, 3), (3, 3)]
    if first.model is not None:
        by_slice = Params(**QUICK, volumes="slices")
        finish(run(series[:2], by_slice, axes="ZYX", model=first.model, progress=progress))
        assert told[3:] == [(1, 2), (2, 2)]


def test_a_stop_ends_training_and_labels_the_rest():
    series, _ = moving_blobs(4)
    steps, result = all_steps(run(series, Params(**QUICK), axes="TYX"), stop_at=2)
    assert len(steps) == 2
    assert result.stopped_by == "stopped by you"
    assert result.labels.shape == series.shape
    assert (result.labels.reshape(4, -1).max(axis=1) > 1).all()


def test_a_trained_network_labels_another_image_as_its_own():
    series, _ = moving_blobs(3)
    params = Params(**QUICK, detail=70)
    first = finish(run(series, params.replace(frames="once"), axes="TYX"))
    steps, again = all_steps(run(series, params.replace(detail=30), axes="TYX", model=first.model))
    assert steps == []
    np.testing.assert_array_equal(again.labels, first.hierarchy.cut(30))
    dimmer = series[0] // 2
    scaled = finish(run(dimmer, params, axes="YX", model=first.model))
    assert scaled.record["normalisation"] == first.record["normalisation"]
    assert scaled.record["iterations"] == 0


def test_a_trained_network_needs_an_image_like_its_own():
    series, _ = moving_blobs(3)
    model = finish(run(series[0], Params(**QUICK))).model
    with pytest.raises(ImageError, match=r"made of planes.*set volumes to slices"):
        finish(run(series, Params(**QUICK), axes="ZYX", model=model))
    with pytest.raises(ImageError, match=r"image must have 1 channels.*got 3"):
        finish(run(series, Params(**QUICK), axes="CYX", model=model))


def test_a_series_can_be_written_frame_by_frame():
    series, _ = moving_blobs(3)
    whole = finish(run(series, Params(**QUICK), axes="TYX")).labels
    out = np.zeros(series.shape, np.int64)
    result = finish(run(series, Params(**QUICK), axes="TYX", out=out))
    assert result.labels is out
    assert result.hierarchy is None
    np.testing.assert_array_equal(out, whole)


@pytest.mark.parametrize("meaning", ["kinds", "network"])
def test_what_is_drawn_in_one_frame_counts_in_all(meaning):
    series, truth = moving_blobs(4)
    drawn = np.zeros(series.shape, np.uint8)
    drawn[1][truth[1] > 0] = 2
    drawn[1, ::8][truth[1, ::8] == 0] = 1
    params = Params(**{**QUICK, "iterations": 30}, stroke_weight=5.0, strokes_as=meaning)
    steps, result = all_steps(run(series, params, axes="TYX", strokes=drawn))
    assert {step.place for step in steps} == {(1,)}
    assert any(step.losses["strokes"] for step in steps) == (meaning == "network")
    for t in range(4):
        assert (result.labels[t][truth[t] > 0] == 2).mean() > 0.8
        assert (result.labels[t][truth[t] == 0] == 2).mean() < 0.1


def test_channels_that_are_not_chosen_do_not_matter():
    series, _ = moving_blobs(2)
    noise = np.random.default_rng(0).integers(0, 255, series[0].shape).astype(np.uint8)
    image = np.stack([noise, series[0], noise.T])
    one = finish(run(image, Params(**QUICK), axes="CYX", channels=(1,))).labels
    np.testing.assert_array_equal(one, segment(series[0], Params(**QUICK)))


def test_an_image_of_many_sparse_and_empty_channels_runs():
    image = np.random.default_rng(0).poisson(0.1, (41, 40, 40)).astype(np.uint8)
    image[:20, :, 20:] *= 5
    image[[3, 17]] = 0
    labels = segment(image, Params(**QUICK), axes="CYX")
    assert labels.shape == (40, 40)


def thick_slices():
    """Return a long nucleus (Z, Y, X) and a round one, in slices four times as far apart as pixels are wide."""
    z, y, x = np.ogrid[:9, :70, :64]
    volume = np.full((9, 70, 64), 20.0)
    for row, column in ((20, 20), (20, 28), (20, 36), (52, 30)):
        volume[((z - 4) * 4) ** 2 + (y - row) ** 2 + (x - column) ** 2 < 13**2] = 200
    return (volume + np.random.default_rng(0).normal(0, 5, volume.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("volumes", ["volume", "slices"])
def test_a_long_nucleus_in_thick_slices_is_one(volumes):
    params = Params(**{**SMALL, "n_superpixels": 1000}, iterations=8, objects="bright", volumes=volumes)
    found = finish(run(thick_slices(), params, axes="ZYX", spacing=(4, 1, 1))).labels
    assert found.max() == 2
    assert found[4, 20, 20] == found[4, 20, 36] != found[4, 52, 30] != 0


def test_training_can_be_watched_over_a_series():
    series, _ = moving_blobs(2)
    steps = train(series, Params(**QUICK), axes="TYX")
    assert next(steps).place == (0,)


def few_discs(counts, noise):
    """Return a series of frames with so many discs, most of them none."""
    rng = np.random.default_rng(0)
    y, x = np.ogrid[:96, :96]
    frames = np.zeros((len(counts), 96, 96))
    for frame, n in zip(frames, counts, strict=True):
        for k in range(n):
            frame[(y - 20 - 30 * k) ** 2 + (x - 25 - 20 * k) ** 2 < 7**2] = 100
    return (50 + frames + rng.normal(0, noise, frames.shape)).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(("preset", "noise"), [("nuclei", 3), ("nuclei", 20), ("auto", 3)])
def test_frames_without_objects_have_none_and_those_with_some_stay_objects(preset, noise):
    counts = [0, 2, 0, 0, 0, 3, 0]
    found = finish(run(few_discs(counts, noise), Params.preset(preset, **QUICK), axes="TYX"))
    assert found.record["params"]["objects"] == "bright"
    assert [len(np.unique(frame)) - 1 for frame in found.labels] == counts
    assert found.labels.max() == 5  # noise takes no numbers


def test_frames_without_objects_have_none_also_where_labels_are_written_elsewhere():
    counts = [1, 0, 2]
    image, out = few_discs(counts, 3), np.zeros((3, 96, 96), np.int32)
    finish(run(image, Params.preset("nuclei", **QUICK), axes="TYX", out=out))
    assert [len(np.unique(frame)) - 1 for frame in out] == counts

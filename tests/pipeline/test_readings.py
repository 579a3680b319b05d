"""Other readings of an image: offered after a run, and taken by their number."""

from itertools import combinations, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from skimage.draw import disk

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.objects.judgement import best_ious
from napari_backprop_segmentation.objects.readings import numbered
from napari_backprop_segmentation.pipeline import settle
from napari_backprop_segmentation.pipeline.count import Verdict, verdict

QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 100, "precision": "float32", "device": "cpu"}


def bright_and_dark():
    """Nine bright discs and, elsewhere, nine dark ones on even grey."""
    image = np.full((140, 280), 100.0)
    for y in (25, 70, 115):
        for x in (25, 70, 115):
            image[disk((y, x), 12)] = 180
            image[disk((y, x + 140), 12)] = 20
    return (image + np.random.default_rng(0).normal(0, 3, image.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def result():
    return finish(run(bright_and_dark(), Params(**QUICK)))


def test_bright_and_dark_objects_are_two_readings(result):
    found = {offer.name: offer for offer in reversed(result.readings)}
    assert found["bright on the ground"].count == found["dark"].count == 9
    for name, left in (("bright on the ground", 0), ("dark", 140)):
        labels = found[name].labels()
        for y, x in ((y, x + left) for y in (25, 70, 115) for x in (25, 70, 115)):
            true = np.zeros(labels.shape, bool)
            true[disk((y, x), 12)] = True
            inside = labels == labels[y, x]
            assert labels[y, x] and (inside & true).sum() > 0.7 * (inside | true).sum()
    scores = [offer.score for offer in result.readings]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("axes", ["CYX", "YXS"])
@pytest.mark.parametrize("channel", [0, 2])
def test_of_three_stains_that_of_the_nuclei_is_found(channel, axes):
    noise = np.random.default_rng(1).normal(20, 3, (3, 140, 140))
    rows, columns = np.indices((140, 140))
    noise[1] += np.where((rows + 2 * columns) % 170 < 4, 80, 0)  # fibres
    for y in (25, 70, 115):
        for x in (25, 70, 115):
            noise[(channel, *disk((y, x), 12))] += 120
    image = noise.clip(0, 255).astype(np.uint8)
    found = finish(
        run(np.moveaxis(image, 0, -1) if axes == "YXS" else image, Params(**QUICK, automatic=True), axes=axes)
    )
    assert found.labels.max() == 9
    assert len({int(found.labels[y, x]) for y in (25, 70, 115) for x in (25, 70, 115)} - {0}) == 9


def test_what_is_left_out_is_not_counted():
    found = finish(run(bright_and_dark(), Params(**QUICK, min_object=2000)))
    counts = [offer.count for offer in found.readings]
    assert counts == [int(offer.labels().max(initial=0)) for offer in found.readings]
    assert {offer.name: offer.count for offer in found.readings}["bright on the ground"] == 0


def test_a_reading_is_taken_by_its_number_whatever_else_is_asked(result):
    for number, offer in enumerate(result.readings[:2], start=1):
        again = finish(run(bright_and_dark(), Params(**QUICK, reading=number)))
        np.testing.assert_array_equal(again.labels, offer.labels())
        assert again.record["params"]["reading"] == number


def test_readings_keep_to_what_counts_as_an_object():
    params = Params(**QUICK, min_object=100_000)
    assert all(offer.labels().max() == 0 for offer in finish(run(bright_and_dark(), params)).readings)


def test_more_readings_than_there_are_are_refused():
    noise = np.random.default_rng(0).normal(size=(8, 8)).astype(np.float32)
    with pytest.raises(ParameterError, match=r"reading must be .*, got 8; choose one of these"):
        finish(run(noise, Params(**QUICK, reading=8)))


def test_series_and_labels_as_trained_offer_none():
    frames = np.stack([bright_and_dark()] * 2)
    assert finish(run(frames, Params(**QUICK), axes="TYX")).readings == ()
    assert finish(run(bright_and_dark(), Params(**QUICK, regions="trained"))).readings == ()


AUTOMATIC = Params.preset("auto", **QUICK)


@pytest.fixture(scope="module")
def automatic():
    return finish(run(bright_and_dark(), AUTOMATIC))


def test_automatic_takes_the_best_of_all_readings_and_says_which(automatic):
    first = automatic.readings[0]
    assert automatic.record["reading"] == first.name
    assert automatic.record["params"]["reading"] == 1
    assert automatic.record["offered"] == [{"name": o.name, "count": o.count} for o in automatic.readings]
    np.testing.assert_array_equal(automatic.labels, first.labels())
    assert automatic.labels.max() >= 9


def test_what_a_preset_finds_is_taken_where_readings_confirm_it_or_are_not_sure():
    own = np.zeros((140, 280), int)
    own[disk((25, 25), 12)] = 1
    first = SimpleNamespace(score=0.5, judged=1 - own)
    sure, sure_of_own = [0.9], [0.3]
    judged = {"sureness": lambda self, labels: (sure_of_own if labels is own else sure)[0]}
    readings = type("Found", (list,), judged)([first])

    def job(kind, rgb=False, ndim=2):
        part, params = SimpleNamespace(shape=(1, *[8] * ndim)), SimpleNamespace(counts=kind != "fast")
        source = SimpleNamespace(is_rgb=rgb, channels_apart=False)
        return SimpleNamespace(kind=kind, source=source, part=part, params=params)

    sets = [(job("nuclei"), own), (job("em"), own), (job("fast"), None), (job("fast", rgb=True), None)]
    assert all(verdict(*each, readings).reading for each in sets)
    sure[0] = 0.3
    assert [verdict(*each, readings).reading for each in sets] == [True, False, True, False]
    assert verdict(job("phase", ndim=3), own, readings).reading
    sure_of_own[0] = 0.6
    assert verdict(job("nuclei"), own, readings) == Verdict(False, 0.6)  # they confirm it
    assert verdict(job("em"), own, readings) == Verdict(False, None)  # of what they know nothing of they say nothing
    assert verdict(job("fast"), None, readings) == Verdict(True, 0.3)
    sure[0] = 0.9
    assert not verdict(job("em"), own, readings).reading
    readings[0].score = 0.2
    assert not verdict(job("fast"), None, readings).reading
    assert verdict(job("fast", ndim=3), None, readings).reading


def test_noise_and_what_is_asked_for_stay_regions(automatic):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64)).astype(np.uint8)
    assert "reading" not in finish(run(noise, AUTOMATIC)).record
    regions = finish(run(bright_and_dark(), Params.preset("auto", **QUICK, regions="merged")))
    assert "offered" not in regions.record


def test_all_frames_of_a_series_have_one_reading():
    frames = np.stack([np.roll(bright_and_dark()[:, 140:], shift, axis=1) for shift in (0, 2, 4, 6)])
    found = finish(run(frames, AUTOMATIC, axes="TYX"))
    assert 0.5 < found.record["sure"] <= 1
    assert found.record["reading"]
    assert [int(np.unique(frame[frame > 0]).size) for frame in found.labels] == [9] * 4
    for before, after in pairwise(found.labels):
        assert (before[70, 20:30] == after[70, 22:32]).all()


def test_large_images_of_a_recognised_kind_are_not_read_in_all_ways(monkeypatch):
    monkeypatch.setattr(settle, "JUDGED_PIXELS", 64 * 64 - 1)
    nuclei = np.full((64, 64), 10.0)
    for y, x in ((16, 16), (16, 48), (48, 30)):
        nuclei[disk((y, x), 7)] = 200
    nuclei = gaussian_filter(nuclei, 1) + np.random.default_rng(0).normal(0, 3, nuclei.shape)
    large = finish(run(nuclei.clip(0, 255).astype(np.uint8), AUTOMATIC))
    assert (large.record["kind"], large.labels.max()) == ("nuclei", 3)
    assert "offered" not in large.record
    monkeypatch.undo()
    assert "offered" in finish(run(nuclei.clip(0, 255).astype(np.uint8), AUTOMATIC)).record


def test_no_two_readings_show_the_same(result):
    offers = [numbered(offer.labels()) for offer in result.readings]
    assert len(offers) >= 4
    for one, other in combinations(offers, 2):
        first, second = best_ious(one, other)
        assert first * second < 0.8**2


@pytest.fixture(scope="module")
def rods():
    """Bright rods, three times as long as wide."""
    image = np.full((120, 120), 60.0)
    for number, (y, x) in enumerate((y, x) for y in range(12, 110, 20) for x in range(14, 110, 24)):
        across = number % 2
        image[
            y - (3 if across else 9) : y + (3 if across else 9), x - (9 if across else 3) : x + (9 if across else 3)
        ] = 160
    image = gaussian_filter(image, 1) + np.random.default_rng(0).normal(0, 4, image.shape)
    return image.clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize("kind", ["em", "phase"])
def test_an_image_that_was_taken_for_another_kind_is_done_again(rods, kind, monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.automatic.kind_of", lambda *_: kind)
    monkeypatch.setattr("napari_backprop_segmentation.objects.readings.Readings.sureness", lambda *_: 0.0)
    taken = "napari_backprop_segmentation.objects.readings.Readings.score"
    monkeypatch.setattr(taken, lambda *_: 0.09)  # of what the preset finds
    again = finish(run(rods, Params.preset("auto", **QUICK)))
    assert (again.record["kind"], again.record["mistaken"]) == ("fast", kind)
    assert again.record["reading"]
    assert len(np.unique(again.labels)) - 1 == 20
    monkeypatch.setattr(taken, lambda *_: 0.11)
    own = finish(run(rods, Params.preset("auto", **QUICK)))
    assert own.record["kind"] == kind and "reading" not in own.record


def test_readings_are_the_same_whatever_a_preset_merges_by(rods, monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.automatic.kind_of", lambda *_: "nuclei")
    monkeypatch.setattr("napari_backprop_segmentation.objects.readings.Readings.score", lambda *_: -1.0)
    monkeypatch.setattr("napari_backprop_segmentation.objects.readings.Readings.sureness", lambda *_: 0.0)
    plain = finish(run(rods, Params(**QUICK, reading=1)))
    assert plain.record["reading"] == plain.readings[0].name
    auto = finish(run(rods, Params.preset("auto", **QUICK)))
    assert auto.record["kind"] == "nuclei" and auto.record["params"]["texture_weight"] == 0
    np.testing.assert_array_equal(auto.labels, plain.labels)
    again = finish(run(rods, Params.from_dict(auto.record["params"])))
    np.testing.assert_array_equal(again.labels, auto.labels)

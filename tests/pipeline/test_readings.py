"""Other readings of an image: offered after a run, and taken by their number."""

import numpy as np
import pytest
from skimage.draw import disk

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError

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
    assert found["bright"].count == found["dark"].count == 9
    for name, left in (("bright", 0), ("dark", 140)):
        labels = found[name].labels()
        for y, x in ((y, x + left) for y in (25, 70, 115) for x in (25, 70, 115)):
            true = np.zeros(labels.shape, bool)
            true[disk((y, x), 12)] = True
            inside = labels == labels[y, x]
            assert labels[y, x] and (inside & true).sum() > 0.7 * (inside | true).sum()
    scores = [offer.score for offer in result.readings]
    assert scores == sorted(scores, reverse=True)


def test_a_reading_is_taken_by_its_number_whatever_else_is_asked(result):
    for number, offer in enumerate(result.readings[:2], start=1):
        again = finish(run(bright_and_dark(), Params(**QUICK, reading=number)))
        np.testing.assert_array_equal(again.labels, offer.labels())
        assert again.record["params"]["reading"] == number


def test_readings_keep_to_what_counts_as_an_object():
    params = Params(**QUICK, min_object=100_000)
    assert all(offer.labels().max() == 0 for offer in finish(run(bright_and_dark(), params)).readings)


def test_more_readings_than_there_are_are_refused():
    noise = np.random.default_rng(0).normal(size=(12, 12)).astype(np.float32)
    with pytest.raises(ParameterError, match=r"reading must be .*, got 8; choose one of these"):
        finish(run(noise, Params(**QUICK, reading=8)))


def test_series_and_labels_as_trained_offer_none():
    frames = np.stack([bright_and_dark()] * 2)
    assert finish(run(frames, Params(**QUICK), axes="TYX")).readings == ()
    assert finish(run(bright_and_dark(), Params(**QUICK, regions="trained"))).readings == ()

"""By example: the user points at one object, and all alike ones are found."""

import json
from itertools import pairwise

import numpy as np
import pytest
from skimage.draw import disk
from stepping import all_steps
from things import BARS, DISCS, discs_and_bars, numbers_at

from napari_backprop_segmentation import Params, finish, run, segment
from napari_backprop_segmentation.errors import ImageError, ParameterError
from napari_backprop_segmentation.pipeline.marks import pointed_at

QUICK = Params(n_channels=8, iterations=3, n_superpixels=100, precision="float32", device="cpu")


@pytest.fixture(scope="module")
def image():
    return discs_and_bars()


def test_one_click_finds_all_alike_and_a_counter_example_leaves_out_another_kind(image):
    assert sorted(numbers_at(segment(image, QUICK, examples=[DISCS[0]]), DISCS)) == list(range(1, 10))
    bar = (BARS[0][0] + 6, BARS[0][1] + 20)
    discs = segment(image, QUICK, examples=[DISCS[0]], counter_examples=[bar])
    assert sorted(numbers_at(discs, DISCS)) == list(range(1, 10))
    assert set(numbers_at(discs, BARS, (6, 20))) == {0}
    bars = segment(image, QUICK, examples=[bar], counter_examples=[DISCS[0]])
    assert sorted(numbers_at(bars, BARS, (6, 20))) == list(range(1, 7))
    assert set(numbers_at(bars, DISCS)) == {0}


def test_marks_of_a_pixel_are_clicks_and_larger_ones_outlines(image):
    marks = np.zeros(image.shape, np.uint8)
    marks[DISCS[0]] = 1
    marks[disk(DISCS[1], 12)] = 2
    click, outline = pointed_at(marks, "examples", image.shape)
    assert click == DISCS[0]
    np.testing.assert_array_equal(outline, marks == 2)
    assert sorted(numbers_at(segment(image, QUICK, examples=marks), DISCS)) == list(range(1, 10))


def test_a_counter_example_never_comes_back(image):
    found = segment(image, QUICK, examples=[DISCS[0]], counter_examples=[DISCS[4]])
    assert found[DISCS[4]] == 0
    assert found[DISCS[0]] > 0


def test_the_record_says_that_examples_were_given(image):
    result = finish(run(image, QUICK, examples=[DISCS[0]]))
    assert result.record["reading"] == "like the examples"
    assert result.record["params"]["objects"] == "auto"
    assert result.record["examples"] == [list(DISCS[0])]


def test_a_run_with_examples_is_repeated_from_its_record(image):
    mask = np.zeros(image.shape, bool)
    mask[disk(DISCS[1], 12)] = True
    given = {"examples": [DISCS[0]], "counter_examples": mask.astype(int), "how_alike": 0.5}
    first = finish(run(image, QUICK, **given))
    record = json.loads(json.dumps(first.record))
    marked = {name: record[name] for name in given}
    again = finish(run(image, Params.from_dict(record["params"]), **marked))
    np.testing.assert_array_equal(again.labels, first.labels)
    assert again.labels[DISCS[1]] == 0


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"examples": np.zeros((3, 3), int)}, ImageError, "examples must be whole numbers in the spatial shape"),
        ({"examples": [(500, 3)]}, ImageError, r"examples must lie in the image \(140, 280\), got \(500, 3\)"),
        ({"examples": np.zeros((140, 280))}, ImageError, "got float64"),
        (
            {"examples": [{"pixels": [[39_190, 20]]}]},
            ImageError,
            r"pixels in the image \(140, 280\), got \[\[39190",
        ),
        ({"examples": [{"pixels": []}]}, ImageError, "must have pixels in the image"),
        ({"examples": [{"pixels": [[2**62, 2**62]]}]}, ImageError, "must have pixels in the image"),
        ({"examples": [(25, 25)], "how_alike": "x"}, ParameterError, "how_alike must be from 0 to 1, got 'x'"),
        ({"fixed": [[1], [1, 2]]}, ImageError, "fixed must be an array of whole numbers, got list"),
        ({"fixed": np.full((140, 280), 2**64 - 1, np.uint64)}, ImageError, "got 18446744073709551615 to 1844674407370"),
        ({"examples": [{"pixels": [[1], [2, 3]]}]}, ImageError, "must be an array of whole numbers"),
        ({"examples": [{}]}, ImageError, "must have pixels in the image"),
        ({"counter_examples": [(5, 5)]}, ParameterError, "examples must be given with counter_examples"),
        ({"examples": [(25, 25)], "strokes": np.eye(140, 280, dtype=int) + 1}, ParameterError, "left out with strokes"),
    ],
)
def test_what_cannot_be_is_said_before_anything_is_computed(given, error, text, image, monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.network.loop.train", lambda *_, **__: pytest.fail("trained"))
    with pytest.raises(error, match=text):
        finish(run(image, QUICK, **given))


def test_a_place_around_which_nothing_is_found_is_refused_in_words():
    dots = np.zeros((10, 16), np.uint16)
    dots[[2, 4, 6, 7, 8], [6, 0, 3, 15, 1]] = 65_000
    params = QUICK.replace(n_channels=4, iterations=1, n_superpixels=20)
    with pytest.raises(ImageError, match=r"^counter_examples must lie on an object, got \(5, 7\), the background"):
        segment(dots, params, examples=[(6, 6)], counter_examples=[(5, 7)])


def test_where_nothing_is_marked_the_settings_decide(image):
    assert segment(image, QUICK, examples=np.zeros(image.shape, int)).min() >= 1  # regions


def test_automatic_takes_the_best_reading_where_no_kind_of_image_is_recognised(image, monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.automatic.kind_of", lambda *_: "fast")
    auto = Params.preset("auto", **{name: getattr(QUICK, name) for name in QUICK.given})
    found = finish(run(image, auto))
    assert found.record["params"]["reading"] == 1
    np.testing.assert_array_equal(found.labels, found.readings[0].labels())
    again = finish(run(image, Params.from_dict(found.record["params"])))
    np.testing.assert_array_equal(again.labels, found.labels)
    assert finish(run(image, auto.replace(objects="off"))).labels.min() >= 1  # the user has said what is wanted
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.nothing.NOTHING", 1e9)
    assert finish(run(image, auto)).labels.min() >= 1


def test_an_image_whose_kind_was_mistaken_is_trained_on_once_more_in_one_run(image, monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.automatic.kind_of", lambda *_: "em")
    monkeypatch.setattr("napari_backprop_segmentation.objects.readings.Readings.sureness", lambda *_: 0.0)
    monkeypatch.setattr("napari_backprop_segmentation.objects.readings.Readings.score", lambda *_: -1.0)
    auto = Params.preset("auto", **{name: getattr(QUICK, name) for name in QUICK.given})
    steps, found = all_steps(run(image, auto))
    n = auto.iterations
    assert [step.iteration for step in steps] == list(range(1, 2 * n + 1))
    assert [step.run for step in steps] == [(1, 1)] * n + [(2, 2)] * n
    assert all(a.seconds < b.seconds for a, b in pairwise(steps))
    assert (found.record["mistaken"], found.record["kind"], found.record["iterations"]) == ("em", "fast", n)
    again = finish(run(image, Params.from_dict(found.record["params"])))
    np.testing.assert_array_equal(again.labels, found.labels)
    steps = run(image, auto)
    while next(steps).run == (1, 1):
        pass
    with pytest.raises(StopIteration) as stopped:
        steps.send("stop")
    assert stopped.value.value.stopped_by.startswith("stopped by you")

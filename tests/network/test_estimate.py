"""The estimate before a run: exact sums, limits, and a file that may be missing or broken."""

import json
from dataclasses import asdict, replace
from functools import partial

import pytest

from napari_backprop_segmentation.network import estimate as cost_model
from napari_backprop_segmentation.network.estimate import Costs, training_bytes, training_crop, work
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Training
from napari_backprop_segmentation.pipeline.estimate import MOST_TREE_PIXELS, READINGS, estimate, merges_regions
from napari_backprop_segmentation.pipeline.iteration import iterated_axes, total_steps

PLENTY = 1e15
NOTHING = Costs("cpu", "float32", 1.0, 0, 0, 0, 0, 0, 0, 0)
RGB = (3, 100, 200)
PIXELS = 20_000


def seconds(params, shape=RGB, free=PLENTY, **known):
    return estimate(params, shape, replace(NOTHING, **known), free).seconds


def test_the_work_of_a_pixel_counts_padded_channels_and_multiplications():
    params = Params(n_channels=16, n_layers=2)
    assert work(params, 3, 2) == (16 * 3, 16 * 3 * 9 + 16 * 16 * 9 + 16 * 16)
    assert work(params, 3, 3) == (16 * 3, 16 * 3 * 27 + 16 * 16 * 27 + 16 * 16)
    assert work(params.replace(n_channels=9), 3, 2) == work(params, 3, 2)


def test_each_stage_is_counted_as_often_as_it_happens():
    params = Params(n_channels=16, n_layers=1, iterations=10, crop_pixels=5000)
    channels, macs = work(params, 3, 2)
    assert seconds(params, step_channel=1) == pytest.approx(10 * 5000 * channels)
    assert seconds(params, step_mac=1) == pytest.approx(10 * 5000 * macs)
    assert seconds(params, predict_channel=1) == pytest.approx(PIXELS * channels)
    assert seconds(params, predict_mac=1) == pytest.approx(PIXELS * macs)
    assert seconds(params, tree_pixel=1) == pytest.approx(PIXELS)
    assert seconds(params, tree_channel=1) == pytest.approx(PIXELS * 16)
    assert seconds(params, superpixel=1) == pytest.approx(4 * 5000)
    assert seconds(params.replace(iterations=2), superpixel=1) == pytest.approx(2 * 5000)
    assert seconds(params.replace(method="continuity"), superpixel=1) == 0
    assert seconds(params.replace(regions="trained"), tree_pixel=1) == 0
    assert seconds(params.replace(automatic=True), tree_pixel=1) == pytest.approx((1 + 2 * READINGS) * PIXELS)
    assert seconds(params.replace(automatic=True), (1, 100, 200), tree_pixel=1) == pytest.approx(
        (1 + READINGS) * PIXELS
    )
    assert seconds(params.replace(n_runs=3), superpixel=1, tree_pixel=1) == pytest.approx(3 * (4 * 5000 + PIXELS))
    assert seconds(params.replace(crop_pixels=0), step_channel=1) == pytest.approx(10 * PIXELS * channels)


def test_a_series_is_its_frames_and_a_volume_by_slices_its_slices():
    params = Params(n_channels=16, n_layers=1, iterations=8, crop_pixels=0)
    frames, depth = (3, 5, 100, 200), (3, 5, 100, 200)
    one = {name: seconds(params, **{name: 1}) for name in ("step_mac", "superpixel", "tree_pixel", "predict_mac")}

    def ratio(name, axes, shape, **changes):
        found = estimate(params.replace(**changes), shape, replace(NOTHING, **{name: 1}), PLENTY, axes).seconds
        return found / one[name]

    assert ratio("step_mac", "TYX", frames) == pytest.approx((8 + 4 * 2) / 8)
    assert ratio("step_mac", "TYX", frames, frames="once") == pytest.approx(1)
    assert ratio("superpixel", "TYX", frames) == pytest.approx(5)
    assert ratio("tree_pixel", "TYX", frames) == ratio("predict_mac", "TYX", frames) == pytest.approx(5)
    assert ratio("step_mac", "ZYX", depth, volumes="slices") == pytest.approx(1)
    assert ratio("tree_pixel", "ZYX", depth, volumes="slices") == pytest.approx(5)
    assert ratio("step_mac", "ZYX", depth) > 5 * 2  # three times as many neighbours
    whole, first = (estimate(params, s, NOTHING, PLENTY, "TYX" if len(s) > 3 else None) for s in (frames, RGB))
    assert first.bytes < whole.bytes < 1.1 * first.bytes  # one frame at a time


def test_all_steps_of_a_run_are_known_before():
    params = Params(iterations=20)
    steps = partial(total_steps, params)
    assert steps("YX", (9, 9)) == steps("CZYX", (2, 5, 9, 9)) == 20
    assert total_steps(params.replace(n_runs=3), "CZYX", (2, 5, 9, 9)) == 60
    assert steps("TYX", (4, 9, 9)) == steps("TCZYX", (4, 2, 5, 9, 9)) == 20 + 3 * 5
    assert total_steps(params.replace(frames="once"), "TYX", (4, 9, 9)) == 20
    assert total_steps(params.replace(volumes="slices"), "TZYX", (4, 5, 9, 9)) == 35
    assert total_steps(params.replace(method="kmeans"), "TYX", (4, 9, 9)) == 0
    assert iterated_axes(params, "TZYX", (4, 5, 9, 9)) == "T"
    assert iterated_axes(params, "TZYX", (4, 1, 9, 9)) == "TZ"  # a volume of one slice is a plane


@pytest.mark.parametrize("changes", [{"method": "kmeans"}, {"device": "cuda"}, {"precision": "bfloat16"}])
def test_what_was_not_measured_is_not_estimated(changes):
    assert estimate(Params(**changes), RGB, NOTHING, PLENTY) is None


def test_little_memory_means_smaller_crops_and_says_so():
    training = Training(crop_pixels=0)
    whole = training_bytes(training, PIXELS, "float32")
    assert training_crop(training, PIXELS, "float32", whole / cost_model.FREE_SHARE + 1) == (0, ())
    crop_pixels, notes = training_crop(training, PIXELS, "float32", 0.9 * whole / cost_model.FREE_SHARE)
    assert crop_pixels == 2**14
    assert training_bytes(training, crop_pixels, "float32") < 0.9 * whole
    assert len(notes) == 1
    assert notes[0].startswith("trains on crops of 16384 pixels, as 0.1 GB would be needed")
    assert training_crop(training, PIXELS, "float32", 0)[0] == 2**cost_model.SMALLEST_CROP


def test_an_image_of_no_more_pixels_than_a_crop_is_seen_whole():
    assert training_crop(Training(crop_pixels=PIXELS), PIXELS, "float32", PLENTY) == (0, ())
    assert training_crop(Training(crop_pixels=PIXELS - 1), PIXELS, "float32", PLENTY) == (PIXELS - 1, ())


def test_images_too_large_for_a_tree_say_so():
    note = "labels stay as trained, as a merge tree takes at most 17 megapixels"
    assert merges_regions(Params(), MOST_TREE_PIXELS) == (True, ())
    assert merges_regions(Params(), MOST_TREE_PIXELS + 1) == (False, ())  # block by block
    (said,) = merges_regions(Params(), MOST_TREE_PIXELS + 1, "T")[1]  # not the frames of a series
    assert said.startswith("labels stay as trained")
    assert estimate(Params(), (3, 10_000, 10_000), NOTHING, PLENTY).notes == ()
    assert merges_regions(Params(initial_regions="network"), MOST_TREE_PIXELS + 1) == (False, (note,))
    for settings in (
        {"regions": "classes"},
        {"reading": 1},
        {"n_runs": 2},
        {"objects": "bright"},
        {"objects": "outlined", "initial_regions": "lines"},
    ):
        assert merges_regions(Params(**settings), MOST_TREE_PIXELS + 1) == (False, ())
    by_network = Params(initial_regions="network")
    assert estimate(by_network, (3, 10_000, 10_000), NOTHING, PLENTY).notes == (note,)
    assert merges_regions(Params(regions="trained"), MOST_TREE_PIXELS + 1) == (False, ())
    assert merges_regions(Params(regions="trained", objects="auto"), PIXELS) == (True, ())


def test_costs_are_kept_in_a_file(tmp_path):
    path = tmp_path / "new" / "cost_model.json"
    NOTHING.save(path)
    assert Costs.load(path) == NOTHING


def told(**changes):
    return json.dumps({**asdict(NOTHING), **changes})


DAMAGED = [
    told(device=5),
    told(precision="float16"),
    told(precision=None),
    told(start="1.0"),
    told(step_mac=None),
    told(step_mac=[1]),
    told(tree_pixel=float("nan")),
    told(tree_pixel=-1.0),
    told(start=1e300),
    told(start=True),
    "[" * 100_000,
    "\x00\xff",
]


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"device": "cpu"}', '{"colour": 1}', *DAMAGED])
def test_a_missing_or_broken_file_means_unknown(text, tmp_path):
    path = tmp_path / "cost_model.json"
    if text is not None:
        path.write_text(text, encoding="latin-1")
    assert Costs.load(path) is None


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path):
    (tmp_path / "file").write_text("")
    NOTHING.save(tmp_path / "file" / "cost_model.json")
    assert Costs.load(tmp_path / "file" / "cost_model.json") is None


def test_versions_are_part_of_the_name():
    assert "torch" in cost_model.cache_path().name

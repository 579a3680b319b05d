"""By example, in an image that does not fit the memory: window by window, by one likeness."""

import numpy as np
import pytest
from skimage.draw import disk
from things import BARS, DISCS, discs_and_bars, numbers_at

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.image import windows
from napari_backprop_segmentation.objects.judgement import best_ious
from napari_backprop_segmentation.pipeline import alike_in_windows, estimate

QUICK = Params(n_channels=8, iterations=3, n_superpixels=100, precision="float32", device="cpu")
BAR = (BARS[0][0] + 6, BARS[0][1] + 20)


@pytest.fixture(scope="module")
def image():
    return discs_and_bars()


@pytest.fixture(scope="module")
def model(image):
    return finish(run(image, QUICK)).model


@pytest.fixture
def small_windows(monkeypatch):
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(windows.INNER_SIDE, 2, 100)
    monkeypatch.setitem(windows.HALO, 2, 30)


@pytest.mark.parametrize("side", [70, 120])
@pytest.mark.usefixtures("small_windows")
def test_what_lies_across_windows_is_found_once_and_as_in_one_piece(image, model, side, monkeypatch):
    monkeypatch.setitem(windows.INNER_SIDE, 2, side)
    given = {"examples": [DISCS[0]], "counter_examples": [BAR]}
    found = finish(run(image, QUICK, model=model, **given))
    assert sorted(numbers_at(found.labels, DISCS)) == list(range(1, 10))
    assert found.labels.max() == 9
    assert set(numbers_at(found.labels, BARS, (6, 20))) == {0}
    assert found.record["reading"] == "like the examples"
    assert found.record["examples"] == [list(DISCS[0])]
    monkeypatch.undo()
    whole = finish(run(image, QUICK, model=model, **given))
    assert best_ious(whole.labels, found.labels)[0] > 0.95


@pytest.mark.usefixtures("small_windows")
def test_examples_in_several_windows_as_masks_and_pixels(image, model):
    marks = np.zeros(image.shape, np.uint8)
    marks[disk(DISCS[1], 12)] = 1
    marks[disk(DISCS[8], 12)] = 2
    found = finish(run(image, QUICK, model=model, examples=marks, counter_examples=[DISCS[4]]))
    numbers = numbers_at(found.labels, DISCS)
    assert numbers[4] == 0
    assert len(set(numbers) - {0}) == 8
    np.testing.assert_array_equal(found.labels == numbers[1], marks == 1)
    np.testing.assert_array_equal(found.labels == numbers[8], marks == 2)


@pytest.mark.usefixtures("small_windows")
def test_cut_ones_are_left_out_at_the_edge_of_the_image_only(image, model):
    cut, shifted = image[16:], [(y - 16, x) for y, x in BARS]  # the edge cuts off the first row of bars
    params = QUICK.replace(drop_border=True)
    found = finish(run(cut, params, model=model, examples=[(shifted[2][0] + 6, shifted[2][1] + 20)]))
    assert numbers_at(found.labels, shifted[:2], (4, 20)) == [0, 0]
    assert len(set(numbers_at(found.labels, shifted[2:], (6, 20))) - {0}) == 4


@pytest.mark.usefixtures("small_windows")
def test_a_run_that_ends_goes_on_behind_the_windows_that_are_done(image, model, tmp_path, monkeypatch):
    given = {"examples": [DISCS[0]], "counter_examples": [BAR], "model": model}
    expected = finish(run(image, QUICK, **given)).labels
    found_in, looked_at = alike_in_windows.alike_in_window, []

    def ends(common, item):
        looked_at.append(item)
        if len(looked_at) == 5:
            raise KeyboardInterrupt
        return found_in(common, item)

    monkeypatch.setattr(alike_in_windows, "alike_in_window", ends)
    with pytest.raises(KeyboardInterrupt):
        finish(run(image, QUICK, resume=tmp_path / "kept", **given))
    with pytest.raises(ParameterError, match="different: examples"):
        finish(run(image, QUICK, resume=tmp_path / "kept", **{**given, "examples": [DISCS[1]]}))
    before = len(looked_at)
    found = finish(run(image, QUICK, resume=tmp_path / "kept", **given))
    np.testing.assert_array_equal(found.labels, expected)
    assert (before, len(looked_at)) == (5, before + 2)  # of six windows, four were done
    out = np.zeros(image.shape, np.int32)
    finish(run(image, QUICK, out=out, **given))
    np.testing.assert_array_equal(out, expected)


@pytest.mark.usefixtures("small_windows")
def test_workers_find_what_this_process_finds(image, model, sent_elsewhere):
    given = {"examples": [DISCS[0], (DISCS[8], 450)], "counter_examples": [BAR], "model": model}
    expected = finish(run(image, QUICK, **given)).labels
    found = finish(run(image, QUICK, client=object(), **given)).labels
    np.testing.assert_array_equal(found, expected)
    assert sent_elsewhere.count("alike_in_window") == 6


def test_balls_in_a_volume(monkeypatch):
    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 1000)
    monkeypatch.setitem(windows.INNER_SIDE, 3, 24)
    monkeypatch.setitem(windows.HALO, 3, 12)
    volume, middles = np.full((24, 48, 48), 60.0), [(12, y, x) for y in (12, 36) for x in (12, 36)]
    place = np.indices(volume.shape)
    for middle in middles:
        volume[sum((p - m) ** 2 for p, m in zip(place, middle, strict=True)) <= 6**2] = 180
    volume = (volume + np.random.default_rng(0).normal(0, 4, volume.shape)).clip(0, 255).astype(np.uint8)
    found = finish(run(volume, QUICK, axes="ZYX", examples=[middles[0]]))
    assert sorted(int(found.labels[m]) for m in middles) == [1, 2, 3, 4]

"""Sensitivity and sizes: what counts as an object, changed on a finished result without another run."""

import numpy as np
import pytest
from skimage.draw import disk

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.objects import outlined
from napari_backprop_segmentation.objects.foreground import Foreground
from napari_backprop_segmentation.params.sections import Objects, sensitivity_of

QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 100, "device": "cpu", "precision": "float32"}
PLACES = [(row, column) for row in (20, 60, 100) for column in (20, 60, 100, 140)]


def discs_of_every_brightness(radii=(10,) * 12):
    """Twelve discs, each a little brighter than the one before."""
    image = np.random.default_rng(0).normal(0, 0.005, (120, 160)).astype(np.float32)
    y, x = np.indices(image.shape)
    for number, ((cy, cx), radius) in enumerate(zip(PLACES, radii, strict=True)):
        image[(y - cy) ** 2 + (x - cx) ** 2 <= radius**2] += 0.08 + 0.07 * number
    return image


def test_strictness_goes_from_three_to_a_third():
    assert [round(Objects(sensitivity=s).strictness, 3) for s in (0, 50, 100)] == [3.0, 1.0, 0.333]
    assert sensitivity_of(Objects(sensitivity=73.0).strictness) == pytest.approx(73)


@pytest.mark.parametrize("reading", [0, 1])
def test_the_more_sensitive_the_fainter_objects_are_found(reading):
    result = finish(run(discs_of_every_brightness(), Params.preset("nuclei", **QUICK)))
    params = Params.preset("nuclei", **QUICK, reading=reading)
    found = [result.recount(params.replace(sensitivity=s)) for s in (0, 25, 50, 75, 100)]
    counts = [int(labels.max()) for labels in found]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]
    if not reading:
        assert counts[0] < counts[2] < 12 <= counts[-1]
        faint = [int(labels[PLACES[0]] > 0) for labels in found]
        assert faint == sorted(faint)


def test_outlined_objects_with_faint_outlines_go_first():
    """The tree is ((0 1) (2 3)) over four regions; objects are (0 1), 2 and 3."""
    index = np.repeat(np.arange(4, dtype=np.int32), 3)[None]
    tree = Hierarchy(index, np.array([4, 4, 5, 5, 6, 6, 6]), np.arange(7.0), np.array([0, 1, 2, 3, 0, 2, 0]))
    best, areas = np.array([1, 1, 2, 3], np.int32), np.array([3.0, 3, 3, 3, 6, 6, 12])
    outline = np.array([9, 9, 1.0, 2.5, 2.0, 9, 9])

    def left(sensitivity):
        strictness = Objects(sensitivity=sensitivity).strictness
        return outlined._clearly_outlined(tree, best, outline, areas, strictness).tolist()

    assert left(49) == [1, 1, 2, 3]
    assert left(20) == [1, 1, 0, 3]
    assert left(0) == [1, 1, 0, 3]
    assert outlined._clearly_outlined(tree, 0 * best, outline, areas, 3.0).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("changes", [{}, {"sensitivity": 80.0}, {"min_object": 250}, {"split_objects": False}])
@pytest.mark.parametrize("preset", ["nuclei", "em"])
def test_counting_again_is_what_a_run_gives(preset, changes):
    image = discs_of_every_brightness(radii=(7, 11) * 6)
    first = finish(run(image, Params.preset(preset, **QUICK)))
    params = Params.preset(preset, **QUICK, **changes)
    np.testing.assert_array_equal(first.recount(params), finish(run(image, params)).labels)


def test_sizes_are_limits_on_both_sides():
    result = finish(run(discs_of_every_brightness(radii=(7, 11) * 6), Params.preset("nuclei", **QUICK)))
    params = Params.preset("nuclei", **QUICK, sensitivity=100.0)
    sizes = np.bincount(result.recount(params).ravel())[1:]
    small = np.bincount(result.recount(params.replace(max_object=250)).ravel())[1:]
    large = np.bincount(result.recount(params.replace(min_object=250)).ravel())[1:]
    assert sorted([*small, *large]) == sorted(sizes)
    assert small.max() <= 250 <= large.min()


def test_regions_and_series_have_nothing_to_count_again():
    image = discs_of_every_brightness()
    series = finish(run(np.stack([image, image]), Params.preset("nuclei", **QUICK), axes="TYX"))
    assert series.recount is None


def test_a_draft_is_about_what_a_count_finds():
    light = np.zeros((1, 96, 96), np.float32)
    places = [(16, 16), (16, 48), (48, 16), (48, 48), (80, 48)]
    for number, place in enumerate(places):
        light[0][disk(place, 9)] = 0.2 + 0.15 * number
    counting = Foreground(np.arange(96 * 96).reshape(96, 96), light)
    rules = Objects(objects="bright", sensitivity=20.0)
    assert counting.draft(rules) is None  # nothing to go by
    few = counting.objects(rules)
    assert counting.draft(rules) is None  # nothing has changed
    more = Objects(objects="bright", sensitivity=95.0)
    draft = counting.draft(more)
    assert few.max() < draft.max() == len(places)
    for number in range(1, few.max() + 1):  # what was there is there still
        assert np.unique(draft[few == number]).size == 1
    found = counting.objects(more)
    assert found.max() == len(places)
    assert ((draft > 0) != (found > 0)).mean() < 0.03
    assert counting.draft(rules).max() == few.max()  # and back again
    assert counting.draft(Objects(objects="bright", sensitivity=20.0, fill_holes=False)) is None

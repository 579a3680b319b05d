"""Classes: alike regions under one number, wherever they lie."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.hierarchy.ward import ward_tree

SMALL = {"n_channels": 8, "iterations": 5, "n_superpixels": 150, "precision": "float32", "device": "cpu"}
CLASSES = Params(**SMALL, regions="classes")


def pores(shape=(96, 96), shift=0):
    """Return an image (Y, X) uint8 of three materials in many separate places, and which is where."""
    kinds = np.zeros(shape, np.int64)
    for place, (y, x) in enumerate((y, x) for y in range(8, shape[0] - 10, 24) for x in range(8, shape[1] - 10, 24)):
        kinds[y : y + 12, x + shift : x + 12 + shift] = 1 + place % 2
    grain = np.random.default_rng(0).normal(0, 4, shape)
    return (np.array([30, 120, 210])[kinds] + grain).clip(0, 255).astype(np.uint8), kinds


def leaves_under(tree, n):
    members = [{i} for i in range(n)] + [set() for _ in range(n - 1)]
    for node in range(2 * n - 2):
        members[tree.parents[node]] |= members[node]
    return members


def test_without_weights_it_is_what_scipy_finds():
    points = np.random.default_rng(0).normal(size=(40, 3))
    tree, known = ward_tree(points, np.ones(40)), linkage(points, "ward")
    np.testing.assert_allclose(tree.altitudes[40:], known[:, 2] ** 2 / 2)  # scipy gives distances
    for k in (2, 5, 17):
        theirs = fcluster(known, k, "maxclust")
        for group in (set(np.flatnonzero(theirs == g)) for g in range(1, k + 1)):
            assert group in leaves_under(tree, 40)


def test_a_region_of_three_pixels_counts_as_three():
    points = np.random.default_rng(1).normal(size=(12, 2))
    sizes = np.arange(12) % 3 + 1
    weighted, repeated = (
        ward_tree(points, sizes.astype(float)),
        ward_tree(np.repeat(points, sizes, axis=0), np.ones(24)),
    )
    np.testing.assert_allclose(weighted.altitudes[12:], repeated.altitudes[-11:], atol=1e-12)
    assert weighted.areas[-1] == 24


def test_materials_have_one_number_each_wherever_they_lie():
    image, kinds = pores()
    result = finish(run(image, CLASSES, axes="YX"))
    labels = result.hierarchy.cut(n_regions=3)
    assert all(
        (labels[kinds == kind] == np.bincount(labels[kinds == kind]).argmax()).mean() > 0.95 for kind in range(3)
    )
    assert len({np.bincount(labels[kinds == kind]).argmax() for kind in range(3)}) == 3
    assert result.record["regions"] == "classes"
    apart = finish(run(image, CLASSES.replace(regions="merged"), axes="YX")).hierarchy.cut(n_regions=3)
    assert len({np.bincount(apart[kinds == kind]).argmax() for kind in range(3)}) < 3  # places, not kinds


def test_volumes_and_series_have_classes_too():
    image, kinds = pores()
    volume = finish(run(np.stack([image] * 3), CLASSES, axes="ZYX"))
    assert volume.hierarchy.cut(n_regions=3).shape == (3, 96, 96)
    frames = np.stack([image, pores(shift=2)[0]])
    series = finish(run(frames, CLASSES, axes="TYX"))
    for kind in range(3):
        first, second = (np.bincount(series.labels[t][kinds == kind]).argmax() for t in range(2))
        assert first == second


def test_one_region_is_one_class():
    image = np.full((40, 40), 7, np.uint8)
    image[20, 20] = 8
    result = finish(run(image, CLASSES, axes="YX"))
    assert (result.labels == 1).all()
    assert result.record["regions"] == "classes"


def test_objects_go_before_classes_and_several_runs_do_not_go_with_them():
    image, _ = pores()
    counted = finish(run(image, CLASSES.replace(objects="bright"), axes="YX"))
    assert counted.labels.max() > 6
    with pytest.raises(ParameterError, match="n_runs must be 1 for classes"):
        finish(run(image, CLASSES.replace(n_runs=2), axes="YX"))

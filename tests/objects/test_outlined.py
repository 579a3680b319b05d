"""Objects between lines: phantoms of phase contrast and of electron microscopy, and the merits of regions."""

import numpy as np
import pytest
from cells import CELLS, halo_cells, membranes
from scipy.ndimage import gaussian_filter, zoom

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image import ridges
from napari_backprop_segmentation.objects import outlined
from napari_backprop_segmentation.objects.splitting import best_antichain, closed, roundness
from napari_backprop_segmentation.params.sections import Objects

QUICK = {"iterations": 10, "n_channels": 16, "n_superpixels": 2000}


def matched(found, truth):
    """How many true objects have a found one with an intersection over union above a half."""
    count = 0
    for number in range(1, truth.max() + 1):
        true = truth == number
        label = np.bincount(found[true]).argmax()
        count += bool(label) and (true & (found == label)).sum() > 0.5 * (true | (found == label)).sum()
    return count


def test_cells_with_halos_are_found_apart_and_the_ground_is_none():
    image, truth = halo_cells()
    result = finish(run(image, Params.preset("phase", **QUICK)))
    assert matched(result.labels, truth) == len(CELLS)
    assert result.labels.max() == len(CELLS)
    assert np.unique(result.labels).tolist() == list(range(len(CELLS) + 1))
    assert (result.labels[truth == 0] == 0).mean() > 0.85


def test_cells_between_membranes_are_found_and_membranes_are_none():
    image, truth = membranes()
    result = finish(run(image, Params.preset("em", **QUICK)))
    assert matched(result.labels, truth) == result.labels.max() == 24
    assert (result.labels[truth == 0] == 0).mean() > 0.9


def test_cells_may_be_as_large_as_a_quarter_of_the_image():
    image = 0.2 * np.random.default_rng(0).normal(size=(120, 120))
    for start in (0, 58, 116):
        image[start : start + 4] = image[:, start : start + 4] = -1
    labels = finish(run(gaussian_filter(image, 0.8).astype(np.float32), Params.preset("em", **QUICK))).labels
    assert np.bincount(labels.ravel()).min() > 0.15 * labels.size
    assert labels.max() == 4


def test_walls_that_end_inside_an_object_belong_to_it():
    image = 0.1 * np.random.default_rng(0).normal(size=(124, 124))
    for start in (0, 40, 80, 120):
        image[start : start + 4] = image[:, start : start + 4] = -1
    clefts = np.zeros(image.shape, bool)
    clefts[40:64, 61:63] = clefts[60:80, 70:72] = True
    image[clefts] = -1
    image = gaussian_filter(image, 0.8).astype(np.float32)
    whole, cut = (finish(run(image, Params.preset("em", **QUICK, fill_holes=fill))).labels for fill in (True, False))
    assert whole.max() == cut.max() == 9
    assert (whole[47:77, 47:77] == whole[75, 50]).all()
    assert (cut[clefts] == 0).mean() > 0.9
    assert (whole[40:44] == 0).mean() > 0.95


def test_a_stain_of_cell_bodies_does_not_hide_the_membranes():
    image, truth = membranes()
    bodies = gaussian_filter(np.random.default_rng(5).normal(size=image.shape), 8).astype(np.float32)
    both = np.stack([bodies / bodies.std(), image])
    result = finish(run(both, Params.preset("em", **QUICK), axes="CYX"))
    assert matched(result.labels, truth) == result.labels.max() == 24


@pytest.mark.parametrize("sigma", [0, 1.5])
def test_noise_is_not_full_of_objects(sigma):
    noise = np.random.default_rng(0).normal(size=(256, 256))
    image = (gaussian_filter(noise, sigma) if sigma else noise).astype(np.float32)
    assert finish(run(image, Params.preset("em", **QUICK))).labels.max() <= 3


@pytest.mark.parametrize("sign", [1, -1])
def test_it_does_not_matter_whether_membranes_are_bright_or_dark(sign):
    image, truth = membranes(seed=1)
    result = finish(run(sign * image, Params.preset("em", **QUICK)))
    assert matched(result.labels, truth) == result.labels.max() == 24


def test_magnification_does_not_change_what_is_found():
    image, truth = halo_cells()
    for factor in (2, 3):
        large = finish(run(zoom(image, factor, order=1), Params.preset("phase", **QUICK)))
        assert large.record["binning"] == factor
        assert matched(large.labels, truth.repeat(factor, 0).repeat(factor, 1)) == large.labels.max() == len(CELLS)
    image, truth = membranes()
    large = finish(run(zoom(image, 3, order=1), Params.preset("em", **QUICK)))
    assert matched(large.labels, truth.repeat(3, 0).repeat(3, 1)) == large.labels.max() == 24


def test_rules_hold():
    image, _ = halo_cells()
    together = finish(run(image, Params.preset("phase", **QUICK, split_objects=False))).labels
    assert together.max() == len(CELLS) - 1
    assert together[30, 30] == together[30, 54] > 0
    small = Params.preset("phase", **QUICK, min_object=10_000)
    assert not finish(run(image, small)).labels.any()
    cut = image[:, 54:]
    kept, dropped = (
        finish(run(cut, Params.preset("phase", **QUICK, drop_border=drop))).labels for drop in (False, True)
    )
    assert kept[:, 0].any()
    assert not dropped[:, 0].any()
    assert dropped.max() == kept.max() - 1


def test_ground_is_what_is_smooth_beside_what_is_not():
    image, truth = halo_cells()
    ground = outlined.smooth_background(image)
    assert ground[:, 115:].mean() > 0.6
    assert ground[truth > 0].mean() < 0.05
    assert outlined.smooth_background(membranes()[0]) is None
    assert outlined.smooth_background(np.random.default_rng(0).random((64, 64)).astype(np.float32)) is None
    assert outlined.smooth_background(np.ones((8, 8), np.float32)) is None


def test_magnification_is_the_width_of_lines_beside_that_of_halos_or_membranes():
    assert outlined.magnification(2 * outlined.HALO_WIDTH, has_background=True) == 2
    assert outlined.magnification(3 * outlined.MEMBRANE_WIDTH, has_background=False) == pytest.approx(3)
    assert outlined.HALO_WIDTH < outlined.MEMBRANE_WIDTH


def small_tree():
    """Four quarters of 8 x 8 pixels; the left ones and the right ones merge first."""
    index = np.zeros((16, 16), np.int32)
    index[8:, :8], index[:8, 8:], index[8:, 8:] = 1, 2, 3
    return Hierarchy(index, np.array([4, 4, 5, 5, 6, 6, 6]), np.array([0, 0, 0, 0, 1.0, 2, 3]), np.arange(7) % 4)


def test_outlines_of_nodes_equal_those_that_are_walked():
    tree, height = small_tree(), np.random.default_rng(0).random((16, 16)).astype(np.float32)
    found = outlined._outline_heights(tree, height)
    for node, leaves in enumerate([[0], [1], [2], [3], [0, 1], [2, 3]]):
        inside, rounded = np.isin(tree.index, leaves), height.astype(np.float16).astype(float)
        faces = []
        for a, b in [
            ((slice(1, None),), (slice(None, -1),)),
            ((slice(None), slice(1, None)), (slice(None), slice(-1))),
        ]:
            part = inside[a] != inside[b]
            faces += np.maximum(rounded[a], rounded[b])[part].tolist()
        assert found[node] == pytest.approx(np.mean(faces), rel=1e-3)
    assert found[6] == 0


def test_merit_is_that_of_large_round_textured_regions_inside_lines():
    tree = small_tree()
    inside = tree.index < 2
    _, merit, _ = outlined._merits(tree, inside, np.ones((16, 16), np.float32), (1.0, 1.0))
    assert merit[5] == merit[6] == 0  # not textured; the whole image
    assert merit[4] > 0
    larger = np.zeros((40, 40), np.int32)
    larger[:16, :16] = tree.index + 1
    bigger = Hierarchy(larger, np.array([8, 5, 5, 6, 6, 7, 7, 8, 8]), np.arange(9.0), np.arange(9) % 5)
    _, merit, _ = outlined._merits(bigger, larger > 0, np.ones(larger.shape, np.float32), (1.0, 1.0))
    shape = roundness(np.isin(larger, [1, 2]))
    assert merit[5] == pytest.approx(128**outlined.SIZE_POWER * shape, rel=1e-3)
    assert merit[7] > merit[5] + merit[6]


def test_a_clump_is_no_object_where_the_others_are_small():
    parents = np.array([8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13, 14, 14, 14])
    areas = np.array([5, 5, 5, 5, 1, 1, 1, 1, 10, 10, 2, 2, 20, 4, 24.0])
    merit = np.array([*[0] * 8, 10, 10, 2, 2, 30, 0, 0.0])
    tree = Hierarchy(np.arange(8, dtype=np.int32)[None], parents, np.arange(15.0), np.arange(15) % 8)
    best = best_antichain(parents, merit, 8)
    assert best.tolist() == [1, 1, 1, 1, 3, 3, 2, 2]
    assert outlined.without_clumps(tree, areas, merit, best).tolist() == [4, 4, 3, 3, 2, 2, 1, 1]
    alike = np.where(areas == 20, 12, areas)  # six times the others is not yet a clump
    assert outlined.without_clumps(tree, alike, merit, best).tolist() == best.tolist()
    nothing = np.zeros(8, np.int32)
    assert outlined.without_clumps(tree, areas, 0 * merit, nothing) is nothing


def test_nothing_is_found_where_nothing_is():
    flat = Hierarchy(np.zeros((8, 8), np.int32), np.zeros(1, int), np.zeros(1), np.zeros(1, int))
    image = np.full((1, 8, 8), 0.5, np.float32)
    dark, rules = ridges.Ridges(ridges.DARK), Objects(objects="outlined")
    assert not outlined.outlined_objects(flat, image, dark, rules).any()
    assert not outlined.outlined_objects(flat, np.random.default_rng(0).random((1, 8, 8)), dark, rules).any()


def test_volumes_and_series_have_outlined_objects_too():
    image, truth = halo_cells()
    params = Params.preset("phase", **QUICK)
    frames = finish(run(np.stack([image, np.roll(image, 2, axis=1)]), params, axes="TYX")).labels
    assert matched(frames[0], truth) >= len(CELLS) - 1
    assert frames[0, 80, 35] == frames[1, 80, 37] > 0
    volume = np.stack([image] * 4)
    slices = finish(run(volume, params.replace(volumes="slices"), axes="ZYX")).labels
    assert slices[0, 80, 35] == slices[3, 80, 35] > 0
    whole = finish(run(volume, params.replace(min_object=800), axes="ZYX")).labels
    assert whole.shape == volume.shape
    assert whole.max() >= 3


def test_clefts_are_closed_up_to_their_width_and_within_a_region():
    objects = np.zeros((20, 30), np.int32)
    objects[2:18, 2:18], objects[2:18, 20:28] = 1, 2
    objects[2:12, 6:9] = objects[2:12, 12:17] = 0
    found = closed(objects, np.ones_like(objects), 2.0, (1.0, 1.0))
    assert (found[4:12, 6:9] == 1).all()
    assert (found[2:9, 13:16] == 0).all()
    assert (found[:, 18:20] == 0).all()
    np.testing.assert_array_equal(found[objects > 0], objects[objects > 0])
    apart = np.ones_like(objects)
    apart[:, 6:9] = 2
    np.testing.assert_array_equal(closed(objects, apart, 2.0, (1.0, 1.0))[:10, 6:9], objects[:10, 6:9])
    objects[3:18, 3:18] = 1
    objects[6:15, 6:15], objects[9:12, 9:12] = 0, 3
    island = closed(objects, np.ones_like(objects), 1.0, (1.0, 1.0))
    assert (island[3:18, 3:18] == 1).all()
    assert island.max() == 2
    regions = np.where(objects == 3, 2, 1)
    assert (closed(objects, regions, 1.0, (1.0, 1.0))[9:12, 9:12] == 3).all()
    objects[2:18, 2:18] = 1
    objects[2:12, 6:9] = 0
    narrow = closed(np.stack([objects] * 3), np.ones((3, 20, 30), np.int32), 2.0, (1.0, 2.0, 2.0))
    assert (narrow[1, 4:12, 6:9] == 0).any()


def test_the_same_seed_gives_the_same_objects():
    image, _ = halo_cells()
    one, other = (finish(run(image, Params.preset("phase", **QUICK, seed=3))).labels for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_several_runs_agree_on_outlined_objects():
    image, truth = halo_cells()
    result = finish(run(image, Params.preset("phase", **QUICK, n_runs=2)))
    assert result.agreement.n_runs == 2
    assert matched(result.labels, truth) >= len(CELLS) - 1


def test_lines_are_bright_in_one_phantom_and_dark_in_the_other():
    assert ridges.ridge_sign(halo_cells()[0]) == ridges.BRIGHT
    assert ridges.ridge_sign(membranes()[0]) == ridges.DARK

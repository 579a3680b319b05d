import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, label
from skimage.draw import disk
from skimage.filters import threshold_otsu

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.objects.cores import bright_cores
from napari_backprop_segmentation.objects.direction import direction_of
from napari_backprop_segmentation.objects.foreground import foreground_objects, whole_shades
from napari_backprop_segmentation.objects.necks import split_at_necks
from napari_backprop_segmentation.objects.splitting import best_antichain
from napari_backprop_segmentation.params.sections import Objects

SIDE = 64
AUTO = Objects(objects="auto")


def discs(*centres, radius=8):
    mask = np.zeros((SIDE, SIDE), bool)
    for centre in centres:
        mask[disk(centre, radius, shape=mask.shape)] = True
    return mask


def found(mask, rules=None, bright=True):
    """Objects where the regions are the mask and its opposite."""
    rules = rules or AUTO
    image = np.where(mask == bright, 0.9, 0.1).astype(np.float32)[None]
    return foreground_objects(mask.astype(int) + 1, image, rules)


@pytest.mark.parametrize("bright", [True, False])
def test_objects_are_what_the_frame_is_not(bright):
    mask = discs((20, 20), (44, 44))
    objects = found(mask, bright=bright)
    assert np.unique(objects).tolist() == [0, 1, 2]
    assert ((objects > 0) == mask).mean() > 0.99  # smoothing rounds off single pixels


def split(mask, spacing=None):
    return split_at_necks(mask.astype(np.int32), spacing)


def test_the_user_may_know_better():
    mask = discs((32, 32))
    assert (found(mask, Objects(objects="dark", fill_holes=False)) > 0).sum() == (~mask).sum()


def test_regions_steady_the_brightness():
    mask = discs((32, 32), radius=12)
    noisy = np.where(mask, 0.7, 0.3) + np.random.default_rng(0).normal(0, 0.3, mask.shape)
    image = noisy.astype(np.float32)[None]
    alone = foreground_objects(np.arange(mask.size).reshape(mask.shape), image, Objects(objects="auto", min_object=1))
    helped = foreground_objects(mask + 1, image, Objects(objects="auto", min_object=1))
    assert helped.max() < alone.max()
    assert ((helped > 0) == mask).mean() > ((alone > 0) == mask).mean()


def test_colour_tells_what_brightness_hardly_does():
    mask = discs((32, 32), radius=12)
    grid = np.arange(64).reshape(8, 8).repeat(8, axis=0).repeat(8, axis=1)
    rng = np.random.default_rng(0)
    image = np.stack(
        [0.5 * rng.random(mask.shape), np.where(mask, 0.9, 0.1), 0.5 * rng.random(mask.shape), np.ones(mask.shape)]
    )
    seen, mean = image.astype(np.float32), image.mean(axis=0)
    light = direction_of(whole_shades(seen, grid), "bright")(seen)
    right, right_of_mean = (((values > threshold_otsu(values)) == mask).mean() for values in (light, mean))
    assert (1 - right) < (1 - right_of_mean) / 2  # half as many wrong pixels


def test_of_two_stains_the_one_with_the_clearer_objects_counts():
    cells, nuclei = discs((20, 20), (20, 44), (44, 32), radius=11), discs((20, 20), (20, 44), (44, 32), radius=5)
    rng = np.random.default_rng(0)
    cytoplasm = np.where(cells, 0.5, 0.1) + 0.25 * gaussian_filter(rng.normal(size=cells.shape), 1.5) / 0.2
    image = np.stack([cytoplasm, np.where(nuclei, 0.9, 0.1)]).astype(np.float32)
    grid = np.arange(256).reshape(16, 16).repeat(4, axis=0).repeat(4, axis=1)
    objects = foreground_objects(grid, image, Objects(objects="auto", min_object=10))
    assert objects.max() == 3
    assert ((objects > 0) & nuclei).sum() / ((objects > 0) | nuclei).sum() > 0.6


def test_nuclei_stained_violet_are_not_red_cells_however_dark_these_are():
    nuclei, red_cells = discs((16, 16), (46, 16), (32, 30), radius=7), discs((16, 48), (46, 48), radius=9)
    colours = np.array([[235, 180, 215], [90, 50, 140], [225, 40, 90]], np.float32) / 255
    grain = np.random.default_rng(0).normal(0, 0.05, (SIDE, SIDE, 1))
    image = np.moveaxis(np.clip(colours[nuclei + 2 * red_cells] + grain, 0, 1), -1, 0).astype(np.float32)
    objects = foreground_objects(nuclei + 2 * red_cells, image, Objects(objects="dark"))
    assert objects.max() == 3
    assert ((objects > 0) == nuclei).mean() > 0.98


def test_channels_that_hold_nothing_do_no_harm():
    mask = discs((32, 32), radius=12)
    image = np.zeros((5, SIDE, SIDE), np.float32)
    image[2] = np.where(mask, 0.9, 0.1)
    assert foreground_objects(mask + 1, image, AUTO).max() == 1


def test_strong_noise_makes_no_objects_of_its_own():
    mask = discs((20, 20), (44, 40), radius=9)
    noisy = (np.where(mask, 0.7, 0.3) + np.random.default_rng(0).normal(0, 0.25, mask.shape)).astype(np.float32)
    grid = np.arange(256).reshape(16, 16).repeat(4, axis=0).repeat(4, axis=1)
    objects = foreground_objects(grid, noisy[None], Objects(objects="bright"))
    assert objects.max() == 2
    assert ((objects > 0) == mask).mean() > 0.93


def test_nothing_stands_out_of_an_even_image():
    even = np.ones((1, 8, 8), np.float32)
    assert not foreground_objects(np.ones((8, 8), int), even, AUTO).any()


def random_tree(rng, n_leaves):
    """Parents of a binary tree, and the leaves under each node."""
    leaves = [frozenset([leaf]) for leaf in range(n_leaves)]
    parents, roots = list(range(2 * n_leaves - 1)), list(range(n_leaves))
    for node in range(n_leaves, 2 * n_leaves - 1):
        one, other = rng.choice(len(roots), 2, replace=False)
        one, other = roots[one], roots[other]
        parents[one] = parents[other] = node
        roots = [root for root in roots if root not in (one, other)] + [node]
        leaves.append(leaves[one] | leaves[other])
    return np.array(parents), leaves


def slow_antichain(leaves, scores, n_leaves):
    """The best sum over all sets of inner nodes that share no leaf."""
    best, inner = 0.0, range(n_leaves, len(leaves))
    for bits in range(2 ** len(inner)):
        chosen = [node for k, node in enumerate(inner) if bits >> k & 1]
        if sum(len(leaves[node]) for node in chosen) == len(frozenset().union(*(leaves[node] for node in chosen))):
            best = max(best, sum(scores[node] for node in chosen))
    return best


@pytest.mark.parametrize("seed", range(8))
def test_the_chosen_nodes_have_the_best_sum_of_all_choices(seed):
    rng, n_leaves = np.random.default_rng(seed), 8
    parents, leaves = random_tree(rng, n_leaves)
    scores = np.where(rng.random(len(parents)) < 0.2, 0, rng.random(len(parents)))
    owners = best_antichain(parents, scores, n_leaves)
    groups = [frozenset(np.flatnonzero(owners == number).tolist()) for number in set(owners.tolist()) - {0}]
    reached = sum(scores[leaves.index(group)] for group in groups)
    assert reached == pytest.approx(slow_antichain(leaves, scores, n_leaves))


def test_two_bright_nuclei_in_one_blur_are_two_cores():
    pair, single = (
        gaussian_filter(mask.astype(np.float32), 3) for mask in (discs((32, 18), (32, 42)), discs((32, 32)))
    )
    assert label(pair > 0.03)[1] == 1
    cores = bright_cores(pair, pair > 0.03, 10)
    assert cores.max() == 2
    assert {cores[32, 18], cores[32, 42]} == {1, 2}
    assert bright_cores(single, single > 0.03, 10).max() == 1


def test_numbers_have_no_gaps():
    labels = np.array([[7, 7, 3], [0, 9, 3]])
    assert renumbered(labels, labels != 3).tolist() == [[2, 2, 0], [1, 3, 0]]


def test_touching_discs_are_split_at_the_neck_and_single_ones_are_not():
    pair = discs((32, 22), (32, 36))
    assert split(pair).max() == 2
    halves = split(pair)
    assert halves[32, 18] != halves[32, 40]
    np.testing.assert_array_equal(halves > 0, pair)
    assert split(discs((32, 32), radius=14)).max() == 1
    assert np.unique(found(pair, Objects(objects="auto", split_objects=False))).tolist() == [0, 1]
    assert split(np.zeros((5, 5), bool)).max() == 0


def test_holes_are_filled_small_objects_and_those_at_the_edge_left_out():
    ring = discs((32, 32), radius=12)
    ring[30:34, 30:34] = False
    assert (found(ring)[30:34, 30:34] > 0).all()
    assert (found(ring, Objects(objects="auto", fill_holes=False))[30:34, 30:34] == 0).all()
    mixed = discs((32, 32)) | discs((0, 10)) | discs((50, 50), radius=2)
    assert found(mixed, Objects(objects="auto", min_object=20)).max() == 2
    assert found(mixed, Objects(objects="auto", min_object=20, drop_border=True)).max() == 1
    assert found(mixed, Objects(objects="auto", min_object=1)).max() == 3


def test_a_volume_with_thick_slices():
    ball = np.zeros((8, 40, 40), bool)
    z, y, x = np.mgrid[:8, :40, :40]
    for centre in ((4, 12, 20), (4, 28, 20)):
        ball |= ((z - centre[0]) * 3) ** 2 + (y - centre[1]) ** 2 + (x - centre[2]) ** 2 < 9**2
    assert split(ball, (3.0, 1.0, 1.0)).max() == 2


@pytest.mark.parametrize("side", ["auto", "bright"])
def test_a_run_can_end_with_objects(side):
    mask = discs((20, 20), (44, 44), (20, 46))
    image = np.where(mask, 200, 20).astype(np.uint8) + np.random.default_rng(0).integers(0, 20, mask.shape)
    result = finish(run(image, Params(objects=side, n_channels=8, n_superpixels=200)))
    assert result.labels.max() == 3
    assert ((result.labels > 0) == mask).mean() > 0.98
    assert result.hierarchy.cut(50).min() > 0

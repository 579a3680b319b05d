import numpy as np
import pytest
from scipy import ndimage
from skimage.segmentation import watershed

from napari_backprop_segmentation.hierarchy.higra_module import hg
from napari_backprop_segmentation.objects import cores
from napari_backprop_segmentation.objects.cores import LEVELS, bright_cores, reach_of
from napari_backprop_segmentation.objects.moments import moments
from napari_backprop_segmentation.objects.splitting import best_antichain, merit_of, roundness_from

SHAPES = [((96, 128), None), ((64, 90), (2.0, 1.0)), ((12, 40, 40), None), ((12, 40, 40), (2.0, 1.0, 1.0))]


def blobs(shape, seed=0):
    light = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), 3 if len(shape) == 2 else 2)
    light = (light / light.std()).astype(np.float32)
    return light, light > 0.3


def part_by_part(light, mask, min_size, spacing):
    """The slow way: a tree of each part on its own, over its window."""
    parts, _ = ndimage.label(mask)
    found, count = np.zeros(mask.shape, int), 0
    for number, window in enumerate(ndimage.find_objects(parts), start=1):
        inside = parts[window] == number
        if inside.sum() < 2 * min_size:
            count += 1
            found[window][inside] = count
            continue
        values = light[window][inside]
        low, high = values.min(), np.percentile(values, 99.9)
        steps = np.clip(np.floor((light[window] - low) / max(high - low, 1e-9) * LEVELS), 0, LEVELS - 1)
        levels = np.where(inside, 1 + steps, 0).astype(float)
        graph = hg.get_nd_regular_graph(inside.shape, np.eye(inside.ndim, dtype=np.int64))
        tree, altitudes = hg.component_tree_max_tree(graph, levels.ravel())
        scale = np.array(spacing or (1.0,) * inside.ndim)[:, None]
        places = np.indices(inside.shape, float).reshape(inside.ndim, -1) * scale
        sums = [hg.accumulate_sequential(tree, each, hg.Accumulators.sum) for each in moments(places)]
        merit = merit_of(roundness_from(sums, inside.ndim, spacing))
        scores = np.where((sums[0] >= min_size) & (altitudes >= 1), sums[0] * merit, 0)
        chosen = best_antichain(tree.parents(), scores, tree.num_leaves()).reshape(inside.shape)
        found[window][chosen > 0] = chosen[chosen > 0] + count
        count += chosen.max()
    return found


@pytest.mark.parametrize(("shape", "spacing"), SHAPES)
@pytest.mark.parametrize("tree_pixels", [1, 700, 2**15])
def test_many_parts_in_one_tree_are_as_each_on_its_own(shape, spacing, tree_pixels, monkeypatch):
    monkeypatch.setattr(cores, "TREE_PIXELS", tree_pixels)
    light, mask = blobs(shape)
    found = bright_cores(light, mask, 10, spacing)
    assert found.max() > ndimage.label(mask)[1]  # some are divided
    np.testing.assert_array_equal(found, part_by_part(light, mask, 10, spacing))


def test_too_large_parts_are_left_whole(monkeypatch):
    monkeypatch.setattr(cores, "MOST_PART_PIXELS", 100)
    light, mask = blobs((96, 128))
    parts, n_parts = ndimage.label(mask)
    found = bright_cores(light, mask, 10)
    for number in np.flatnonzero(np.bincount(parts.ravel()) > 100)[1:]:
        assert np.ptp(found[parts == number]) == 0
    assert found.max() >= n_parts


def test_nothing_stands_out():
    light = np.zeros((8, 9), np.float32)
    mask = np.zeros(light.shape, bool)
    assert not bright_cores(light, mask, 10).any()
    assert not reach_of(np.zeros(light.shape, np.int32), light, mask).any()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("shape", [(96, 128), (12, 40, 40)])
def test_what_belongs_to_each_core_is_the_watershed_of_the_whole(shape, seed):
    light, mask = blobs(shape, seed)
    found = bright_cores(light, mask, 10)
    np.testing.assert_array_equal(reach_of(found, light, mask), watershed(-light, found, mask=mask))

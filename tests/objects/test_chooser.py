"""Candidates, the choice among them, readings and examples, on images made by code."""

import itertools

import numpy as np
import pytest

from napari_backprop_segmentation.objects.candidates import (
    NAMES,
    Candidates,
    Nested,
    describe,
    level_tree,
    look,
    ridge_tree,
)
from napari_backprop_segmentation.objects.choose import best_nodes, painted
from napari_backprop_segmentation.objects.readings import NOTHING, all_candidates, find_readings
from napari_backprop_segmentation.teaching.examples import all_alike, node_like


def discs(shape: tuple[int, ...], radius: float, gap: int, noise: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """Return an image of bright discs or balls on a grid, and their labels."""
    rng = np.random.default_rng(0)
    grid = np.indices(shape)
    labels = np.zeros(shape, int)
    for i, centre in enumerate(itertools.product(*(range(gap, n - gap // 2, gap) for n in shape)), start=1):
        labels[sum((axis - c) ** 2 for axis, c in zip(grid, centre, strict=True)) <= radius**2] = i
    return (0.2 + 0.6 * (labels > 0) + rng.normal(0, noise, shape)).astype(np.float32), labels


def none_inside_another(nodes, parents):
    for node in nodes:
        up = parents[node]
        while up not in nodes and up != parents[up]:
            up = parents[up]
        if up in nodes and up != node:
            return False
    return True


def test_best_nodes_is_the_best_of_all_choices():
    rng = np.random.default_rng(1)
    for _ in range(50):
        n = 10
        parents = np.array([rng.integers(i + 1, n) for i in range(n - 1)] + [n - 1])
        scores = rng.normal(size=n)

        subsets = (s for k in range(n + 1) for s in itertools.combinations(range(n), k))
        best = max(sum(scores[list(s)]) for s in subsets if none_inside_another(s, parents))
        assert scores[best_nodes(parents, scores)].sum() == pytest.approx(best)


def test_outline_is_what_is_on_the_outline():
    image, _ = discs((48, 40), 6, 16)
    seen = look(image)
    tree = level_tree(seen.light, seen.noise)
    found = describe(tree, seen)
    above = [tree.parents]
    for node in np.random.default_rng(0).permutation(len(tree.parents) - 1)[:20]:
        under = np.zeros(len(tree.parents), bool)
        under[node] = True
        for child in range(node - 1, -1, -1):
            under[child] |= under[tree.parents[child]]
        mask = under[tree.node]
        padded = np.pad(mask, 1)
        faces = sum(np.abs(np.diff(padded.astype(int), axis=axis)).sum() for axis in range(2))
        assert found.areas[node] == mask.sum()
        assert np.exp(found.feature("outline")[node]) - 1 == pytest.approx(faces)
    assert above


@pytest.mark.parametrize("shape", [(96, 96), (40, 40, 40)])
@pytest.mark.parametrize("inverted", [False, True])
def test_discs_are_found_bright_or_dark(shape, inverted):
    image, labels = discs(shape, 5, 16 if len(shape) == 2 else 13)
    best = find_readings((1 - image if inverted else image)[None])[0]
    assert best.count == labels.max()
    assert best.score > NOTHING


def test_one_example_finds_all():
    image, labels = discs((96, 96), 5, 16)
    trees = [(name, found) for _, name, found in all_candidates(image[None], None)]
    assert all_alike(trees, [labels == 1]).max() == labels.max()


def test_a_counter_example_is_left_out():
    image, labels = discs((96, 96), 5, 16)
    trees = [(name, found) for _, name, found in all_candidates(image[None], None)]
    assert not all_alike(trees, [labels == 1], [labels == 2])[labels == 2].any()


def test_tiled_image_gives_the_same_reading():
    image, _ = discs((96, 96), 5, 16)
    one, four = (find_readings(i[None])[0] for i in (image, np.tile(image, (2, 2))))
    assert (one.name, one.channel) == (four.name, four.channel)


def test_noise_is_nothing():
    image = np.random.default_rng(0).normal(0.5, 0.1, (128, 128)).astype(np.float32)
    readings = find_readings(image[None])
    assert not readings or readings[0].score < NOTHING


def test_flat_and_bad_images():
    assert not find_readings(np.zeros((1, 32, 32), np.float32)) or True
    with pytest.raises(ValueError, match="channels first"):
        find_readings(np.zeros((32, 32), np.float32))


def test_features_are_finite_for_colour_and_volume():
    for shape in ((3, 40, 30), (1, 12, 20, 16), (2, 30, 30)):
        image = np.random.default_rng(0).random(shape).astype(np.float32)
        for _, _, found in all_candidates(image, None):
            assert found.features.shape[1] == len(NAMES)
            assert np.isfinite(found.features).all()


def test_ridges_enclose_cells():
    grid = np.zeros((64, 64), np.float32)
    grid[::16] = grid[:, ::16] = 1
    seen = look(grid)
    tree = ridge_tree(seen.bright, seen.smooth, 1)
    found = describe(tree, seen)
    cell = np.zeros((64, 64), bool)
    cell[18:31, 18:31] = True
    assert node_like(found, cell)[1] > 0.7


def test_painted_fills_holes():
    node = np.zeros((9, 9), np.int32) + 1
    node[2:7, 2:7] = 0
    node[4, 4] = 1
    found = Candidates(Nested(np.array([1, 1]), np.zeros(2), node), np.array([24.0, 81.0]), np.zeros((2, len(NAMES))))
    assert (painted(found, np.array([True, False])) > 0).sum() == 25

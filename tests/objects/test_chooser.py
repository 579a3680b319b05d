"""What must hold, on images made by code. Run: python -m pytest test_chooser.py."""

import itertools

import numpy as np
import pytest
from scipy import ndimage
from things import disc_grid

from napari_backprop_segmentation.objects.around import around, encloses
from napari_backprop_segmentation.objects.candidates import NAMES, describe, look
from napari_backprop_segmentation.objects.choose import best_nodes, exclusive
from napari_backprop_segmentation.objects.forest import all_seen, grow
from napari_backprop_segmentation.objects.judgement import Judge, best_ious, expected
from napari_backprop_segmentation.objects.light_trees import Nested, level_tree, ridge_tree
from napari_backprop_segmentation.objects.outlines import Outlines
from napari_backprop_segmentation.objects.reading import TOGETHER
from napari_backprop_segmentation.objects.readings import VARIANT, Readings, numbered
from napari_backprop_segmentation.pipeline.nothing import NOTHING
from napari_backprop_segmentation.teaching.examples import ByExample


@pytest.fixture(scope="module")
def plane():
    image, labels = disc_grid((96, 96), 5, 16)
    return ByExample.prepared(image[None]), image, labels


def nodes_under(parents: np.ndarray, node: int) -> np.ndarray:
    under = np.zeros(len(parents), bool)
    under[node] = True
    for child in range(node - 1, -1, -1):
        under[child] |= under[parents[child]]
    return under


def test_best_nodes_is_the_best_of_all_choices():
    rng = np.random.default_rng(1)
    for _ in range(50):
        n = 10
        parents = np.array([rng.integers(i + 1, n) for i in range(n - 1)] + [n - 1])
        scores = rng.normal(size=n)
        above = [set(np.flatnonzero([nodes_under(parents, a)[b] for a in range(n)])) - {b} for b in range(n)]

        def allowed(some, above=above):
            return not any(above[node] & set(some) for node in some)

        best = max(
            sum(scores[list(s)]) for k in range(n + 1) for s in itertools.combinations(range(n), k) if allowed(s)
        )
        tree = Nested(parents, np.zeros(n), np.arange(n, dtype=np.int32))
        assert scores[best_nodes(tree, scores)].sum() == pytest.approx(best)


def test_outline_and_area_are_counted_exactly():
    image, _ = disc_grid((48, 40), 6, 16)
    seen = look(image)
    tree = level_tree(seen.light, seen.noise)
    found = describe(tree, seen)
    for node in np.random.default_rng(0).permutation(len(tree.parents) - 1)[:20]:
        mask = nodes_under(tree.parents, node)[tree.node]
        padded = np.pad(mask, 1)
        faces = sum(np.abs(np.diff(padded.astype(int), axis=axis)).sum() for axis in range(2))
        assert found.areas[node] == mask.sum()
        assert np.exp(found.feature("outline")[node]) - 1 == pytest.approx(faces)


def test_each_node_is_one_piece_of_the_row_of_pixels():
    image, _ = disc_grid((48, 40), 6, 16)
    forest = grow(image[None])
    seen = look(image)
    tree = ridge_tree(seen.dark, seen.smooth, -1)
    number = [name for name, _ in forest.trees].index("between dark lines")
    pieces = {tuple(np.sort(forest.pixels_of(n))) for n in np.flatnonzero(forest.tree == number)}
    whole = {tuple(np.flatnonzero(nodes_under(tree.parents, n)[tree.node])) for n in range(len(tree.parents))}
    assert pieces and pieces <= whole


def test_overlap_is_that_of_masks(plane):
    finder, _, labels = plane
    pixels = np.flatnonzero(labels == 2)
    iou = finder.overlap(pixels, np.arange(len(finder.forest.areas)))
    for node in np.r_[np.argsort(iou)[-20:], 0:20]:
        own = set(finder.forest.pixels_of(node).tolist())
        exact = len(own & set(pixels.tolist())) / len(own | set(pixels.tolist()))
        assert iou[node] == pytest.approx(exact) or exact < 0.1


def test_what_is_chosen_across_trees_does_not_overlap_and_gains_most():
    image, _ = disc_grid((48, 48), 5, 16)
    forest = grow(image[None])
    rng = np.random.default_rng(0)
    for _ in range(10):
        nodes = rng.permutation(len(forest.areas))[:9]
        gains = rng.random(9)
        pieces = [set(forest.pixels_of(n).tolist()) for n in nodes]
        subsets = (s for k in range(1, 10) for s in itertools.combinations(range(9), k))
        apart = (s for s in subsets if all(not pieces[a] & pieces[b] for a, b in itertools.combinations(s, 2)))
        best = max(sum(gains[list(s)]) for s in apart)
        labels = exclusive(forest, nodes, gains)
        values = [gains[i] for i, p in enumerate(pieces) if len({labels.ravel()[q] for q in p} - {0}) == 1]
        assert labels.max() <= 9
        assert sum(values) >= 0.7 * best


@pytest.mark.parametrize("shape", [(96, 96), (40, 40, 40)])
@pytest.mark.parametrize("inverted", [False, True])
def test_one_example_finds_all(shape, inverted):
    image, labels = disc_grid(shape, 5, 16 if len(shape) == 2 else 13)
    finder = ByExample.prepared((1 - image if inverted else image)[None])
    found = finder.alike([labels == 1])
    assert found.max() == labels.max()
    assert np.array_equal(found, finder.alike([labels == 1]))


def test_one_click_finds_all(plane):
    finder, _, labels = plane
    place = tuple(int(v) for v in np.argwhere(labels == 1).mean(axis=0).round())
    assert finder.alike([place]).max() == labels.max()


def test_examples_stay_and_counter_examples_never_come_back(plane):
    finder, _, labels = plane
    odd = np.zeros(labels.shape, bool)
    odd[0:7, 0:9] = True
    for how_alike in (0.0, 0.3, 0.6, 1.0):
        found = finder.alike([odd, labels == 3], [labels == 2, labels == 5], how_alike)
        assert np.array_equal(found == 1, odd)
        assert np.array_equal(found == 2, labels == 3)
        for gone in (2, 5):
            inside = labels == gone
            for label in np.unique(found[inside & (found > 0)]):
                assert (inside & (found == label)).sum() <= 0.5 * (inside | (found == label)).sum()
    place = tuple(int(v) for v in np.argwhere(labels == 2).mean(axis=0).round())
    assert finder.alike([labels == 1], [place])[place] == 0


def test_bad_examples_are_told(plane):
    finder, _, labels = plane
    with pytest.raises(ValueError, match="at least one"):
        finder.alike([])
    with pytest.raises(ValueError, match="same image"):
        finder.alike([labels[1:] == 1])
    with pytest.raises(ValueError, match="draw it again"):
        finder.alike([labels == -1])
    with pytest.raises(ValueError, match="click on the image"):
        finder.alike([(500, 2)])
    with pytest.raises(ValueError, match="move the slider"):
        finder.alike([labels == 1], how_alike=2)


def test_what_is_made_in_all_ways_is_judged_alike():
    image, labels = disc_grid((96, 96), 5, 16)
    halves = np.where(np.arange(96) < 48, 1, 2)[None].repeat(96, axis=0)
    readings = Readings(image[None], None, {"good": lambda _: labels * 3, "bad": lambda _: halves})
    assert readings[0].count == labels.max()
    assert [r.score for r in readings] == sorted((r.score for r in readings), reverse=True)
    assert readings.scores["good"] > readings.scores["bad"]
    assert readings.score(labels * 5) > readings.score(halves)
    assert readings.score(np.zeros_like(labels)) == 0
    assert expected(readings.figures(labels * 5)) == readings.scores["good"]


def test_noise_and_flat_images_are_nothing():
    image = np.random.default_rng(0).normal(0.5, 0.1, (128, 128)).astype(np.float32)
    assert all(reading.score < NOTHING for reading in Readings(image[None]))
    assert not len(Readings(np.zeros((1, 32, 32), np.float32)))


def test_objects_are_found_again_by_their_best_iou():
    one = np.repeat([1, 1, 2, 2, 0, 0], 10)[None]
    other = np.repeat([1, 1, 1, 1, 0, 2], 10)[None]
    # both halves of `one` lie in the first of `other`; its second object is found nowhere
    assert best_ious(one, other) == pytest.approx((0.5, 0.5 * 40 / 50))
    assert best_ious(one, np.zeros_like(one)) == (0.0, 0.0)


def test_edges_are_explained_by_outlines_that_lie_on_them():
    image, labels = disc_grid((96, 96), 5, 16)
    judge = Judge([seen for _, seen in all_seen(image[None])])
    half = np.where(labels <= labels.max() // 2, labels, 0)
    everywhere = numbered(np.arange(96 * 96).reshape(96, 96) // 3)
    whole, part, none = (judge.explained(Outlines(each)) for each in (labels, half, everywhere))
    assert whole > 1.5 * part > 0.1 > abs(none)
    assert expected(judge.figures(labels)) > expected(judge.figures(half))


@pytest.mark.parametrize("shape", [(3, 40, 30), (1, 12, 20, 16), (2, 30, 30)])
def test_figures_are_finite_for_colour_and_volume(shape):
    forest = grow(np.random.default_rng(0).random(shape).astype(np.float32))
    assert forest.looks.shape[2] == len(NAMES)
    assert np.isfinite(forest.looks).all()


def test_of_several_channels_what_lies_around_bright_things_is_offered_behind_them():
    nuclei, labels = disc_grid((96, 96), 5, 24)
    image = np.stack([np.random.default_rng(1).normal(0.5, 0.05, nuclei.shape).astype(np.float32), nuclei])
    readings = Readings(image)
    names = [reading.name for reading in readings]
    place = names.index("around bright ones")
    inner, outer = readings[place - 1], readings[place]
    assert inner.name == TOGETHER and "bright" in inner.also and inner.count == outer.count == labels.max()
    within = inner.painted > 0
    assert len(np.unique(np.stack([inner.painted[within], outer.painted[within]]), axis=1).T) == inner.count
    typical = np.median(np.bincount(inner.painted.ravel())[1:])
    grown = np.bincount(outer.painted.ravel())[1:]
    assert 3.2 * typical < np.median(grown) < 4.5 * typical  # twice as wide
    assert 3.2 * typical < np.median(np.bincount(outer.labels(2.0).ravel())[1:]) < 4.5 * typical
    assert not [name for name in (r.name for r in Readings(nuclei[None])) if name.startswith("around")]


def test_what_a_channel_shows_around_nuclei_comes_first():
    nuclei, labels = disc_grid((96, 96), 5, 24)
    rng = np.random.default_rng(2)
    noise = rng.normal(0, 0.02, nuclei.shape).astype(np.float32)
    grain = 0.2 * ndimage.gaussian_filter(rng.normal(0, 5, nuclei.shape), 1.5)
    cells = (noise + 0.5 + np.where(around(labels) > 0, grain, 0)).astype(np.float32)
    assert encloses(np.stack([cells, nuclei]), labels, around(labels))
    assert not encloses(np.stack([nuclei + noise, nuclei]), labels, around(labels))
    assert not encloses(np.stack([noise, nuclei]), labels, around(labels))
    assert not encloses(nuclei[None], np.zeros_like(labels), np.zeros_like(labels))
    readings = Readings(np.stack([cells, nuclei]))
    first = readings[0]
    assert first.name == "around bright ones"
    assert readings.sureness(first.judged) > 0.5 > readings.sureness(first.painted)  # it is as sure as what it encloses
    assert Readings(np.stack([noise, nuclei]))[0].name == TOGETHER


def test_a_variant_comes_behind_what_is_as_good_and_is_left_out_where_it_finds_as_many():
    image, labels = disc_grid((96, 96), 5, 16)
    half = np.where(labels % 2 == 1, labels, 0)

    def names(**made):
        return Readings(image[None], made_otherwise={k.replace("_", ", "): lambda _, v=v: v for k, v in made.items()})

    same, other = names(own=half, own_again=half), names(own=half, own_again=labels)
    assert not [r for r in same if r.name == "own, again"]
    assert other.scores["own, again"] == pytest.approx(other.score(labels) - VARIANT)

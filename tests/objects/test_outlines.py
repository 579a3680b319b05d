"""Outlines of objects, against those of the nodes of a tree, and against numbers worked out by hand."""

import numpy as np
import pytest
from skimage.segmentation import find_boundaries
from things import disc_grid

from napari_backprop_segmentation.objects.candidates import Candidates, describe, look
from napari_backprop_segmentation.objects.judgement import best_ious
from napari_backprop_segmentation.objects.light_trees import Nested
from napari_backprop_segmentation.objects.outlines import Outlines
from napari_backprop_segmentation.objects.reading import TWIN, alike


def as_nodes(labels: np.ndarray, light: np.ndarray) -> Candidates:
    """Describe objects as the nodes of a tree in which all hang from one root: slow, and for any tree."""
    count = int(labels.max())
    node = np.where(labels > 0, labels - 1, count).astype(np.int32)
    return describe(Nested(np.full(count + 1, count), np.zeros(count + 1), node), look(light))


@pytest.mark.parametrize("shape", [(40, 50), (9, 14, 12)])
def test_objects_are_described_like_the_nodes_of_a_tree(shape):
    rng = np.random.default_rng(0)
    light = rng.random(shape).astype(np.float32)
    labels = np.kron(rng.integers(0, 2, [n // 4 + 1 for n in shape]), np.ones([4] * len(shape), int))
    labels = labels[tuple(slice(0, n) for n in shape)] * (1 + np.arange(shape[-1]) // 10)
    labels = np.unique(labels, return_inverse=True)[1].reshape(shape).astype(np.int32)
    outlines, seen, slow = Outlines(labels), look(light), as_nodes(labels, light)
    assert np.array_equal(outlines.areas, slow.areas[:-1])
    assert np.array_equal(outlines.roundness, slow.feature("roundness")[:-1])
    edge = outlines.along(seen.gradient) / (seen.gradient.mean() + 1e-3)
    assert edge == pytest.approx(slow.feature("edge")[:-1], rel=1e-12)
    for name, share in zip(("edge", "bright", "dark"), seen.shares, strict=True):
        found = outlines.along(share) - outlines.inside(share)
        assert found == pytest.approx(slow.feature(f"{name}_share")[:-1], rel=1e-9)
    assert np.array_equal(outlines.pixels, find_boundaries(labels))


def test_means_along_an_outline_and_inside_by_hand():
    labels = np.array([[0, 1, 1, 0]], np.int32)
    values = np.array([[5, 1, 2, 4]], np.float32)
    outlines = Outlines(labels)
    assert outlines.along(values).tolist() == [(5 + 4) / 2]  # two faces, of each the larger side
    assert outlines.inside(values).tolist() == [1.5]
    assert outlines.pixels.tolist() == [[True] * 4]


def test_what_fills_the_image_has_no_outline():
    outlines = Outlines(np.ones((4, 5), np.int32))
    assert outlines.along(np.ones((4, 5), np.float32)).tolist() == [0]
    assert not outlines.pixels.any()


def test_label_images_are_alike_where_most_of_each_is_found_again_in_the_other():
    _, labels = disc_grid((96, 96), 7, 24)
    rng = np.random.default_rng(1)
    kinds = set()
    for share in (0, 0.1, 0.2, 0.3, 0.6):
        lost = np.where(rng.random(labels.shape) < share, 0, labels)
        for other in (lost, np.roll(lost, int(10 * share), axis=0)):
            by_hand = bool(np.prod(best_ious(labels, other)) >= TWIN**2)
            assert alike(labels, other) == alike(other, labels) == by_hand
            kinds.add(by_hand)
    assert kinds == {True, False}
    assert not alike(labels, np.zeros_like(labels))

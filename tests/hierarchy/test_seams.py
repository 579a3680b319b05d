"""Regions that nothing but the seam of two blocks divides are one."""

import numpy as np
import pytest

from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.hierarchy.leaf_graph import plain_leaf_graph
from napari_backprop_segmentation.hierarchy.seams import alike_across
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.params.sections import Regions

SIDE = 64
SEAM = np.s_[:, SIDE - 1 : SIDE + 1]


def ground():
    """Even ground that grows brighter from left to right, with noise."""
    noise = np.random.default_rng(0).normal(0, 0.02, (96, 2 * SIDE))
    return (0.4 + np.linspace(0, 0.2, 2 * SIDE) + noise).astype(np.float32)


def divided(image, settings, monkeypatch):
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", SIDE)
    return plain_leaf_graph(ArraySource(image), Regions(**settings)).index


def test_even_ground_goes_on_across_a_seam(monkeypatch):
    before, after = divided(ground(), {}, monkeypatch)[SEAM].T
    assert (before != after).mean() < 0.2
    before, after = divided(ground(), {"edge_weight": 0.0}, monkeypatch)[SEAM].T
    assert (before != after).all()  # nothing tells


@pytest.mark.parametrize("settings", [{"edge_weight": 0.0}, {}])
def test_an_edge_at_a_seam_stays(settings, monkeypatch):
    image = ground()
    image[:, SIDE:] += 0.5
    before, after = divided(image, settings, monkeypatch)[SEAM].T
    assert (before != after).all()


@pytest.mark.parametrize(
    ("layers", "costs", "expected"),
    [
        ([1, 1, 2, 2], [1.0, 1.0, 1.0], [[1, 2]]),
        ([2, 2, 1, 1], [1.0, 0.85, 1.0], [[2, 1]]),
        ([1, 1, 2, 2], [1.0, 0.75, 1.0], []),  # less even than both
        ([1, 1, 2, 2], [0.5, 0.45, 0.5], []),  # an edge within an edge
        ([1, 1, 2, 2], [0.6, 0.55, 0.6], [[1, 2]]),  # as uneven as both
        ([3, 1, 2, 4], [1.0, 1.0, 1.0], []),  # nothing of both is known
        ([3, 1, 2, 2], [0.1, 1.0, 1.0], [[1, 2]]),
        ([1, 1, 2], [1.0, 1.0], [[1, 2]]),  # the image ends behind the seam
    ],
)
@pytest.mark.parametrize("axis", [0, 1])
def test_what_makes_two_regions_one(layers, costs, expected, axis):
    index = np.repeat(np.array(layers)[:, None], 4, axis=1)
    faces = np.repeat(np.array(costs, np.float16)[:, None], 4, axis=1) / np.float16(2)
    turned = (index, faces) if axis == 0 else (index.T, faces.T)
    assert alike_across(*turned, axis, 2.0).tolist() == expected
    few = tuple(each[:, :3] if axis == 0 else each[:3] for each in turned)
    assert not len(alike_across(*few, axis, 2.0))

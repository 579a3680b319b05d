"""Outlined objects of images that do not fit the memory: the same as in one piece, whatever the blocks."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from cells import halo_cells, membranes
from interrupting import interrupted_at
from scipy.ndimage import gaussian_filter

from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.hierarchy.leaf_graph import plain_leaf_graph
from napari_backprop_segmentation.hierarchy.leaf_graph_in_blocks import leaf_graph_in_blocks
from napari_backprop_segmentation.hierarchy.tree import build_hierarchy
from napari_backprop_segmentation.image import passes
from napari_backprop_segmentation.image.blocks import blocks
from napari_backprop_segmentation.image.blockwise_background import background_in_blocks
from napari_backprop_segmentation.image.kept_blocks import HERE, KeptBlocks, Work
from napari_backprop_segmentation.image.ridges import find_ridges
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.objects.find import find_objects
from napari_backprop_segmentation.objects.find_outlined_in_blocks import find_outlined_in_blocks
from napari_backprop_segmentation.params.sections import Objects, Regions

LINES = Regions(initial_regions="lines", edge_weight=10.0, texture_weight=0.0, edge_limit=100.0)


def volume():
    noise = np.abs(gaussian_filter(np.random.default_rng(0).normal(size=(10, 40, 44)), 2.5))
    return (noise / noise.max()).astype(np.float32)


IMAGES = {
    "halos": (lambda: halo_cells()[0], "YX", None),
    "membranes": (lambda: membranes()[0], "YX", None),
    "volume": (volume, "ZYX", (2.0, 1.0, 1.0)),
}


@cache
def prepared(name):
    """Return an image, its lines, and its merge tree in one piece and in blocks."""
    make, axes, spacing = IMAGES[name]
    source = ArraySource(make(), axes, spacing=spacing)
    pixels = source.read(source.whole)
    ridges = find_ridges(pixels)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(initial_regions, "LEAF_BLOCK", 64)
        patch.setattr(passes, "PASS_SIDE", {2: 50, 3: 15})
        whole, found = plain_leaf_graph(source, LINES, ridges), leaf_graph_in_blocks(source, LINES, HERE, ridges)
    np.testing.assert_array_equal(found.index[(slice(None),) * whole.index.ndim], whole.index)
    for part in ("areas", "edges", "lengths"):
        np.testing.assert_array_equal(getattr(found, part), getattr(whole, part))
    tree = build_hierarchy(
        whole, 5 * np.bincount(whole.index.ravel(), pixels[0].ravel())[:, None] / whole.areas[:, None]
    )
    return source, ridges, tree, replace(tree, index=found.index)


def painted(found, shape):
    out = np.zeros(shape, np.int32)
    if found is not None:
        found.paint(list(blocks(shape, 50)), out)
    return out


@pytest.mark.parametrize("side", [33, 64, 100])
@pytest.mark.parametrize(
    ("name", "rules", "has_ground"),
    [
        ("halos", {}, True),
        ("halos", {"split_objects": False, "drop_border": True}, True),
        ("membranes", {}, False),
        ("membranes", {"fill_holes": False, "sensitivity": 20.0}, False),
        ("volume", {"sensitivity": 80.0}, False),
    ],
)
def test_outlined_objects_in_blocks_are_those_of_the_whole(name, rules, has_ground, side, monkeypatch):
    source, ridges, tree, in_blocks = prepared(name)
    rules = Objects(objects="outlined", **rules)
    expected = find_objects(tree, source.read(source.whole), rules, ridges, source.spacing)
    monkeypatch.setitem(passes.PASS_SIDE, 2, side)
    monkeypatch.setitem(passes.PASS_SIDE, 3, side // 3)
    assert (background_in_blocks(source, ridges, HERE).rough is not None) == has_ground
    found = find_outlined_in_blocks(in_blocks, source, ridges, rules)
    np.testing.assert_array_equal(painted(found, expected.shape), expected)
    assert expected.any()


@pytest.mark.parametrize("fatal", [2, 7, 12, 17])
def test_what_was_interrupted_goes_on(fatal, tmp_path, monkeypatch):
    source, ridges, tree, in_blocks = prepared("membranes")
    rules = Objects(objects="outlined")
    monkeypatch.setitem(passes.PASS_SIDE, 2, 70)
    work = Work(kept=KeptBlocks(tmp_path))
    with interrupted_at(monkeypatch, fatal):
        find_outlined_in_blocks(in_blocks, source, ridges, rules, work)
    found = find_outlined_in_blocks(in_blocks, source, ridges, rules, work)
    expected = find_objects(tree, source.read(source.whole), rules, ridges, source.spacing)
    np.testing.assert_array_equal(painted(found, expected.shape), expected)


def test_an_even_image_has_none():
    source, ridges, tree, _ = prepared("membranes")
    flat = ArraySource(np.zeros((40, 40), np.float32), "YX", normaliser=source.normaliser)
    assert background_in_blocks(flat, ridges, HERE).even
    assert find_outlined_in_blocks(tree, flat, ridges, Objects(objects="outlined")) is None

"""Objects of images that do not fit the memory: the same as in one piece, whatever the blocks."""

from functools import cache

import numpy as np
import pytest
from interrupting import interrupted_at
from scipy.ndimage import gaussian_filter
from skimage.segmentation import watershed

from napari_backprop_segmentation.hierarchy.region_graph import graph_of
from napari_backprop_segmentation.hierarchy.tree import build_hierarchy
from napari_backprop_segmentation.image import passes
from napari_backprop_segmentation.image.blocks import blocks
from napari_backprop_segmentation.image.kept_blocks import KeptBlocks, Work
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.objects import blockwise, blockwise_parts
from napari_backprop_segmentation.objects.blockwise_light import median_below
from napari_backprop_segmentation.objects.find import find_objects
from napari_backprop_segmentation.objects.find_in_blocks import find_objects_in_blocks
from napari_backprop_segmentation.objects.flooding import flooded
from napari_backprop_segmentation.params.sections import Objects

SIDES = [{2: 17, 3: 7}, {2: 30, 3: 12}, {2: 64, 3: 20}]


def blobs(shape, seed=0, radius=6.0):
    """Bright things of several sizes, many of which touch, some with a hole; a few lie at the edge."""
    rng = np.random.default_rng(seed)
    image = np.zeros(shape)
    for number in range(int(np.prod(shape) / radius ** len(shape) / 12)):
        middle, axes = rng.uniform(0, shape), rng.uniform(0.7, 1.3, len(shape)) * radius
        far = sum(((x - c) / r) ** 2 for x, c, r in zip(np.ogrid[tuple(map(slice, shape))], middle, axes, strict=True))
        ring = far > 0.15 if number % 5 == 0 else True
        image = np.maximum(image, rng.uniform(0.4, 1) * np.clip(1.6 - far, 0, 1) ** 0.5 * ring)
    return np.clip(200 * gaussian_filter(image, 0.6) + rng.normal(10, 6, shape), 0, 255).astype(np.uint8)


CASES = {
    "plane": ((90, 104), "YX", None, {"objects": "auto"}),
    "cut ones left out": ((90, 104), "YX", None, {"objects": "bright", "drop_border": True, "max_object": 150}),
    "dark with holes": ((90, 104), "YX", None, {"objects": "dark", "fill_holes": False}),
    "undivided": ((90, 104), "YX", None, {"objects": "bright", "split_objects": False, "drop_border": True}),
    "channels": ((2, 90, 104), "CYX", None, {"objects": "auto", "sensitivity": 70.0}),
    "colours": ((90, 104, 3), "YXS", None, {"objects": "dark"}),
    "volume": ((14, 30, 32), "ZYX", None, {"objects": "bright"}),
    "deep volume": ((14, 30, 32), "ZYX", (2.3, 1.0, 1.0), {"objects": "bright"}),
}


@cache
def in_one_piece(name):
    """Return the merge tree of an image, the image, what is asked for, and the objects in one piece."""
    shape, axes, spacing, rules = CASES[name]
    image = blobs(shape, radius=4.0 if axes == "ZYX" else 6.0)
    if axes == "YXS":
        image = 255 - image
    source = ArraySource(image, axes, spacing=spacing)
    pixels = source.read(source.whole)
    places = np.indices(source.shape[1:]) // 5
    cells = np.ravel_multi_index(tuple(places), places.reshape(len(places), -1).max(axis=1) + 1).astype(np.int32)
    graph = graph_of(cells)
    means = np.stack([np.bincount(cells.ravel(), channel.ravel()) for channel in pixels], 1) / graph.areas[:, None]
    tree = build_hierarchy(graph, 5 * means)
    found = find_objects(tree, pixels, Objects(**rules), spacing=source.spacing)
    assert found.max() > 1
    return tree, source, Objects(**rules), found


def painted(found, like, side):
    out = np.zeros(like.shape, found.painted.table.dtype)
    found.painted.paint(list(blocks(like.shape, side)), out)
    return out


@pytest.mark.parametrize("side", SIDES, ids=["small", "middle", "large"])
@pytest.mark.parametrize("name", CASES)
def test_objects_in_blocks_are_those_of_the_whole(name, side, monkeypatch):
    tree, source, rules, expected = in_one_piece(name)
    for ndim, pixels in side.items():
        monkeypatch.setitem(passes.PASS_SIDE, ndim, pixels)
    found = find_objects_in_blocks(tree, source, rules)
    assert found.n_cut == 0
    labels = painted(found, expected, 40)
    np.testing.assert_array_equal(labels, expected)
    assert labels.dtype == expected.dtype
    if side == SIDES[0]:  # some cross the borders of blocks
        borders = np.arange(side[expected.ndim], expected.shape[-1], side[expected.ndim])
        before, behind = (expected.take(borders - step, -1) for step in (1, 0))
        assert ((before == behind) & (before > 0)).any()


@pytest.mark.parametrize("fatal", [1, 4, 9, 14, 20])
def test_what_was_interrupted_goes_on(fatal, tmp_path, monkeypatch):
    tree, source, rules, expected = in_one_piece("plane")
    monkeypatch.setitem(passes.PASS_SIDE, 2, 45)
    work = Work(kept=KeptBlocks(tmp_path))
    with interrupted_at(monkeypatch, fatal):
        find_objects_in_blocks(tree, source, rules, work)
    np.testing.assert_array_equal(painted(find_objects_in_blocks(tree, source, rules, work), expected, 40), expected)


def test_what_is_too_large_to_be_looked_at_is_cut_and_it_is_told(monkeypatch):
    image = np.full((60, 200), 10, np.uint8)
    image[20:40, 10:190] = 200
    image[5:12, 5:12] = 200
    source = ArraySource(image, "YX")
    tree = build_hierarchy(graph_of((image > 100).astype(np.int32)), np.array([[0.0], [5.0]]))
    monkeypatch.setitem(passes.PASS_SIDE, 2, 50)
    rules = Objects(objects="bright")
    whole = find_objects_in_blocks(tree, source, rules)
    assert whole.n_cut == 0
    assert not whole.remarks
    monkeypatch.setattr(blockwise_parts, "MOST_PIXELS", 3000)
    found = find_objects_in_blocks(tree, source, rules)
    labels = painted(found, image, 64)
    assert found.n_cut == 1
    assert labels[8, 8] == 1
    assert (labels[30, 49::50][:3] != labels[30, 50::50]).all()
    assert "looked at 1 parts of what stands out in pieces" in found.remarks[0]


def test_where_nothing_stands_out_nothing_is_painted():
    image = np.zeros((40, 40), np.uint8)
    image[0, 0] = 1
    source = ArraySource(image, "YX")
    source.normaliser = type(source.normaliser)((0.0,), (1e9,), False)
    tree = build_hierarchy(graph_of(np.zeros((40, 40), np.int32)), np.zeros((1, 1)))
    found = find_objects_in_blocks(tree, source, Objects(objects="bright"))
    assert found.painted is None or found.painted.count == 0


def test_no_group_of_parts_is_left_out():
    firsts = np.array([0, 5, 60, 61, 900])
    boxes = np.array([[[0, 3], [0, 3]]] * 4 + [[[9, 30], [0, 40]]])
    parts = blockwise_parts.PartTable(None, None, None, boxes, None, firsts, 0)
    groups = blockwise.groups_of(parts, (30, 100))
    assert sorted(np.concatenate(groups).tolist()) == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("n", [1, 2, 9, 10])
def test_a_median_in_blocks_is_that_of_the_whole(n):
    values = np.random.default_rng(n).normal(0, 1, (4, n)).astype(np.float32)
    values[0, 0] = -3
    limit = float(values.max())
    windows = [(slice(i, i + 1), slice(None)) for i in range(4)]
    assert median_below(values, windows, limit) == float(np.median(values[values < limit]))


def test_parts_are_flooded_as_if_each_were_alone():
    rng = np.random.default_rng(0)
    heights = rng.integers(0, 4, (40, 60)).astype(float)
    mask = np.ones(heights.shape, bool)
    mask[:, ::15] = mask[20] = False
    markers = np.where(rng.random(heights.shape) < 0.03, rng.integers(1, 50, heights.shape), 0) * mask
    found = flooded(heights, markers, mask)
    for rows in (slice(0, 20), slice(21, 40)):
        for start in range(1, 60, 15):
            part = (rows, slice(start, start + 14))
            np.testing.assert_array_equal(found[part], watershed(heights[part], markers[part], mask=mask[part]))
    assert not np.array_equal(found, watershed(heights, markers, mask=mask))

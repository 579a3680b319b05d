"""Nodes of trees as candidates."""

import numpy as np
import pytest

from napari_backprop_segmentation.objects.candidates import GROWN, _lasting
from napari_backprop_segmentation.objects.forest import sizes
from napari_backprop_segmentation.objects.light_trees import level_tree


def test_how_long_a_part_lasts_is_found_step_by_step():
    rng = np.random.default_rng(0)
    tree = level_tree(rng.random((40, 50)).astype(np.float32), 0.1)
    area = sizes(tree)
    drop, height = _lasting(tree, area)
    for node in range(len(area)):
        up = tree.parents[node]
        while area[up] < GROWN * area[node] and up != tree.parents[up]:
            up = tree.parents[up]
        assert drop[node] == pytest.approx(np.log1p(max(0, tree.altitudes[up] - tree.altitudes[node])))
        below = [low for low in range(node + 1) if node in path_up(tree.parents, low)]
        assert height[node] == pytest.approx(np.log1p(tree.altitudes[node] - tree.altitudes[below].min()))


def path_up(parents, node):
    """Return a node and all that hold it."""
    path = [node]
    while parents[path[-1]] != path[-1]:
        path.append(parents[path[-1]])
    return path

"""Trees of one light: nested parts of an image by their brightness, or by the lines around them.

Some are made by levels (the parts above each level, below each level, or rougher than each level of texture), some by
ridges (what bright or dark lines enclose). The merge tree of the network is another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.segmentation import watershed

from napari_backprop_segmentation.hierarchy.higra_module import hg

Floats = NDArray[np.float64]

LEVELS = 256  # of a max-tree: as many as a screen shows
LEAST_AREA = 12  # pixels of the smallest candidate: fewer have no shape
SAME = 0.97  # share of its parent's area from which on a part is the same candidate as its parent
# Pixels: sigma through which levels are looked at; less than outlines are, or what is 5 pixels wide runs together.
LEVEL_SIGMA = 0.7
TINY = 1e-9


@dataclass(frozen=True)
class Nested:
    """A tree over an image.

    Attributes
    ----------
    parents : (n,) int64
        Parents come after their children; the root, the last node, is its own.
    altitudes : (n,) float64
        Where in its tree a node appears; larger towards the root.
    node : (*spatial) int32
        The smallest node each pixel lies in.
    """

    parents: NDArray[np.int64]
    altitudes: Floats
    node: NDArray[np.int32]

    @cached_property
    def doubled(self) -> hg.Tree:
        """The same nodes, see `doubled`; kept, as sums over them are asked for hundreds of times."""
        return doubled(self.parents)

    @cached_property
    def ways_up(self) -> list[NDArray[np.int64]]:
        """Which node lies 1, 2, 4, ... steps above each node (n,); chains can be thousands of nodes long."""
        ways = [self.parents]
        while not np.array_equal(further := ways[-1][ways[-1]], ways[-1]):
            ways.append(further)
        return ways


def level_tree(light: NDArray[np.float32], noise: float, sigma: float = LEVEL_SIGMA) -> Nested:
    """Return the parts of light (*spatial) above each level: its max-tree. Of minus the light, those below.

    Altitudes count levels down from the highest, in units of the noise.
    """
    light = ndimage.gaussian_filter(light, sigma)
    low, high = np.percentile(light, (0.1, 99.9))
    steps = np.clip((light - low) / max(float(high - low), TINY), 0, 1) * (LEVELS - 1)
    tree, altitudes = hg.component_tree_max_tree(_grid(light.shape), np.rint(steps).ravel())
    areas = hg.attribute_area(tree)
    parents = tree.parents()
    drop = (areas < LEAST_AREA) | (areas > SAME * areas[parents])
    drop[-1] = False
    simple, kept = hg.simplify_tree(tree, drop)
    # leaves are never dropped: what is left of the pixels' own nodes is their parent
    n = simple.num_leaves()
    parents = simple.parents()[n:] - n
    node = (simple.parents()[:n] - n).reshape(light.shape).astype(np.int32)
    unit = noise * LEVELS / max(float(high - low), TINY)
    return Nested(parents, (LEVELS - altitudes[kept][n:]) / unit, node)


def ridge_tree(height: NDArray[np.float32], smooth: NDArray[np.float32], sign: int) -> Nested:
    """Return what lines enclose, weakest lines crossed first.

    Parameters
    ----------
    height : (*spatial) float32
        Of the lines, never below 0.
    smooth : (*spatial) float32
        Light whose valleys (sign 1, bright lines) or hills (sign -1, dark lines) the lines enclose.
    sign : int
    """
    basins = watershed(sign * smooth).astype(np.int64) - 1
    pairs, faces = _pairs(basins, [np.maximum(height[a], height[b]) for a, b in sides(height.shape)])
    count, total = faces
    graph = hg.UndirectedGraph(int(basins.max()) + 1)
    graph.add_edges(pairs[:, 0], pairs[:, 1])
    if not len(pairs):
        return Nested(np.zeros(1, np.int64), np.zeros(1), np.zeros(height.shape, np.int32))
    tree, altitudes = hg.binary_partition_tree_average_linkage(graph, total / count, count)
    return pruned(
        Nested(tree.parents(), np.maximum.accumulate(altitudes) / (height.mean() + 1e-3), basins.astype(np.int32))
    )


def pruned(tree: Nested) -> Nested:
    """Return a tree without what is too small to have a shape; pixels belong to the smallest part that is left."""
    n = len(tree.parents)
    counts = np.bincount(tree.node.ravel(), minlength=n).astype(np.float64)
    areas = hg.accumulate_sequential(tree.doubled, counts, hg.Accumulators.sum)[n:]
    keep = areas >= LEAST_AREA
    keep[-1] = True
    numbers = np.cumsum(keep) - 1
    up = np.arange(n)
    up[~keep] = tree.parents[~keep]
    while not np.array_equal(up, up[up]):
        up = up[up]
    return Nested(numbers[up[tree.parents[keep]]], tree.altitudes[keep], numbers[up][tree.node].astype(np.int32))


def doubled(parents: NDArray[np.int64]) -> hg.Tree:
    """Return a tree in which each node has a leaf of its own, for the pixels no smaller node holds."""
    n = len(parents)
    return hg.Tree(np.concatenate([np.arange(n) + n, parents + n]))


def sides(shape: Sequence[int]) -> list[tuple[tuple[slice, ...], tuple[slice, ...]]]:
    """Return for each axis the windows of the pixels before and behind its faces."""
    found = []
    for axis in range(len(shape)):
        before, after = [slice(None)] * len(shape), [slice(None)] * len(shape)
        before[axis], after[axis] = slice(0, -1), slice(1, None)
        found.append((tuple(before), tuple(after)))
    return found


def _pairs(
    regions: NDArray[np.int64], faces: Sequence[NDArray[np.float32]]
) -> tuple[NDArray[np.int64], tuple[Floats, NDArray[Any]]]:
    """Return the pairs (m, 2) of touching regions, how many faces they share and the sum of their values."""
    n = int(regions.max()) + 1
    codes, values = [], []
    for (before, after), value in zip(sides(regions.shape), faces, strict=True):
        one, other = regions[before], regions[after]
        apart = one != other
        codes.append(np.minimum(one, other)[apart] * n + np.maximum(one, other)[apart])
        values.append(value[apart])
    pairs, where = np.unique(np.concatenate(codes), return_inverse=True)
    total = np.bincount(where, np.concatenate(values).astype(np.float64), len(pairs))
    count = np.bincount(where, minlength=len(pairs)).astype(np.float64)
    return np.stack(np.divmod(pairs, n), axis=1), (count, total)


def _grid(shape: Sequence[int]) -> hg.UndirectedGraph:
    if len(shape) == 2:
        return hg.get_4_adjacency_graph(tuple(shape))
    return hg.get_nd_regular_graph(tuple(shape), np.eye(len(shape), dtype=np.int64))

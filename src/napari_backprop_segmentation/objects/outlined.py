"""Objects that a line outlines, neither brighter nor darker than the ground: the best regions of the merge tree.

Of all ways to choose regions of the tree that do not overlap, the one is taken whose merits add up to most: each object
is cut at its own height in the tree. Good regions are large and round, and lie inside lines.
"""

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.filters import difference_of_gaussians
from skimage.measure import label as connected_components

from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.background import smooth_background
from napari_backprop_segmentation.image.ridge_response import ridge_height
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.whole_sums import FINE
from napari_backprop_segmentation.objects.foreground import cleaned
from napari_backprop_segmentation.objects.outline_sums import Sums, sums_in
from napari_backprop_segmentation.objects.splitting import best_antichain, closed, filled, roundness_from
from napari_backprop_segmentation.params.sections import SENSITIVE, Objects

LEAST_SHARE = 0.5  # of a region that is textured
SIZE_POWER = 1.2  # more than 1, else the two halves of an object would be as good as all of it
LEAST_ON_GROUND, LEAST = 270.0, 60.0  # pixels of the smallest object, with and without a ground, at magnification 1
CLUMP = 6.0  # times the size of a typical object: larger ones on a ground are clumps
WALL_SIGMA, WALL_AROUND, WALL = 1.5, 15.0, 0.05  # pixels, pixels, lightness: what is a line itself
WALL_HALO = int(4 * WALL_AROUND + 0.5)  # pixels: where the wider Gaussian has ended
HALO_WIDTH, MEMBRANE_WIDTH = 1.7, 3.1  # pixels: read off phase contrast at half size, and electron microscopy
CLEFT = 4.0  # pixels: half the width of lines that belong to an object where it lies on either side of them


def outlined_objects(
    tree: Hierarchy,
    image: NDArray[np.float32],
    ridges: Ridges,
    rules: Objects,
    spacing: tuple[float, ...] | None = None,
) -> NDArray[np.int32]:
    """Return the objects among the regions of a merge tree.

    Where smooth ground and textured objects can be told apart, as in phase contrast, objects are textured. Else, as in
    electron microscopy, they fill the image, and the lines between them belong to none.

    Parameters
    ----------
    tree : Hierarchy
        Best over `ridge_response.basins`.
    image : (C, *spatial) float32
        Normalised intensities.
    ridges : Ridges
        What outlines the objects.
    rules : Objects
        Its side is of no concern. Objects are larger than noise makes them: how large, the width of the lines says.
    spacing : tuple of float, optional
        Size of a pixel along each axis, the smallest being 1; all alike if left out.

    Returns
    -------
    (*spatial) int array
        Numbered from 1; 0 is the ground.
    """
    return Outlined(tree, image, ridges, spacing).objects(rules)


class Outlined:
    """Finds the outlined objects of one image under one setting after another; what stays the same is computed once.

    Parameters
    ----------
    tree, image, ridges, spacing
        See `outlined_objects`.
    """

    def __init__(
        self,
        tree: Hierarchy,
        image: NDArray[np.float32],
        ridges: Ridges,
        spacing: tuple[float, ...] | None = None,
    ) -> None:
        self._tree, self._ridges = tree, ridges
        self._steps = spacing or (1.0,) * tree.index.ndim
        self._light = ridges.light(image)

    @cached_property
    def _ground(self) -> NDArray[np.bool_] | None:
        return smooth_background(self._light)

    @cached_property
    def _judged(self) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Pixels, merits and heights of outlines (n_nodes,), whatever the size."""
        inside = np.ones(self._light.shape, bool) if self._ground is None else ~self._ground
        return _merits(self._tree, inside, ridge_height(self._light, self._ridges.sign, self._steps), self._steps)

    @cached_property
    def _lines(self) -> NDArray[np.bool_]:
        return walls(self._light, self._ridges.sign, self._steps)

    def objects(self, rules: Objects) -> NDArray[np.int32]:
        """Return the objects (*spatial), numbered from 1; 0 is the ground."""
        tree, light, ground = self._tree, self._light, self._ground
        if light.min() == light.max() or tree.n_leaves == 1:
            return np.zeros(light.shape, np.int32)
        best, rules = chosen_leaves(tree, self._judged, rules, self._ridges.width, has_ground=ground is not None)
        objects = regions = best[tree.index]
        if not rules.split_objects:
            objects = connected_components(objects > 0, connectivity=1)
        if ground is None:
            apart = np.where(self._lines, 0, objects)
            objects = connected_components(apart, background=0, connectivity=1)
        objects = cleaned(objects, rules)
        if not rules.fill_holes:
            return objects
        whole = filled(objects.astype(np.int32))
        return closed(whole, regions, CLEFT, self._steps) if ground is None else whole


def chosen_leaves(
    tree: Hierarchy, judged: tuple[NDArray[np.float64], ...], rules: Objects, width: float, *, has_ground: bool
) -> tuple[NDArray[np.int32], Objects]:
    """Return in which object each leaf lies (n_leaves,), from 1; 0 where there is none; and how large objects must be.

    Parameters
    ----------
    tree : Hierarchy
    judged : three of (n_nodes,) float64
        See `merits_of`.
    rules : Objects
    width : float
        Of the lines.
    has_ground : bool
    """
    least = LEAST_ON_GROUND if has_ground else LEAST
    least *= magnification(width, has_ground) ** 2 * min(1.0, rules.strictness)
    rules = replace(rules, min_object=max(rules.least_pixels, round(least)))
    areas, merit, outline = judged
    merit = np.where(areas < rules.min_object, 0, merit)
    best = best_antichain(tree.parents, merit, tree.n_leaves)
    if has_ground:
        best = without_clumps(tree, areas, merit, best)
    if rules.strictness > 1:
        best = _clearly_outlined(tree, best, outline, areas, rules.strictness)
    return best, rules


def magnification(width: float, has_background: bool) -> float:
    """Return how many times wider lines are than those of the images that objects are found best in.

    Parameters
    ----------
    width : float
        See `Ridges`.
    has_background : bool
        Whether there is a smooth one, see `smooth_background`: lines are then halos, else membranes.
    """
    return width / (HALO_WIDTH if has_background else MEMBRANE_WIDTH)


def without_clumps(
    tree: Hierarchy, areas: NDArray[np.float64], merit: NDArray[np.float64], best: NDArray[np.int32]
) -> NDArray[np.int32]:
    """Return the best objects among those that are not much larger than a typical one.

    Parameters
    ----------
    tree : Hierarchy
    areas, merit : (n_nodes,) float64
    best : (n_leaves,) int32
        The best objects of all sizes; 0 where there is none.

    Returns
    -------
    (n_leaves,) int32
    """
    sizes = np.bincount(best, areas[: tree.n_leaves])[1:]
    if not sizes.size:
        return best
    return best_antichain(tree.parents, np.where(areas > CLUMP * np.median(sizes), 0, merit), tree.n_leaves)


def _merits(
    tree: Hierarchy, inside: NDArray[np.bool_], height: NDArray[np.float32], steps: tuple[float, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    whole = tuple(slice(0, n) for n in inside.shape)
    return merits_of(tree, Sums.of([sums_in(whole, tree.index, inside, height)], tree.n_leaves), steps)


def merits_of(
    tree: Hierarchy, sums: Sums, steps: tuple[float, ...]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return for each node (n_nodes,) its pixels, its merit, 0 for what is no object, and its outline's height."""
    from napari_backprop_segmentation.hierarchy.higra_module import hg  # takes most of a second, and few runs need it

    nodes = hg.Tree(tree.parents)

    def total(values: NDArray[Any]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = hg.accumulate_sequential(nodes, values, hg.Accumulators.sum)
        return found

    areas = total(sums.areas)
    share = total(sums.inside) / areas
    textured = np.clip((share - LEAST_SHARE) / (1 - LEAST_SHARE), 0, 1)
    sizes = [*steps, *(one * other for i, one in enumerate(steps) for other in steps[i:])]
    moments = [total(values) * size for values, size in zip(sums.moments, sizes, strict=True)]
    roundness = np.clip(roundness_from([areas, *moments], len(steps), steps), 0, 1)
    outline = _heights_of(tree, sums)
    merit = areas**SIZE_POWER * textured * roundness * outline
    merit[areas == areas[-1]] = 0
    return areas, merit, outline


def _clearly_outlined(
    tree: Hierarchy,
    best: NDArray[np.int32],
    outline: NDArray[np.float64],
    areas: NDArray[np.float64],
    strictness: float,
) -> NDArray[np.int32]:
    """Return the objects (n_leaves,) of `best_antichain` whose outlines are high: the stricter, the fewer.

    At the strictest, outlines are at least as high as that of a typical object.
    """
    sizes = np.bincount(best, areas[: tree.n_leaves])
    heights = np.zeros(len(sizes))
    node = np.arange(tree.n_leaves)
    while (inner := (best > 0) & (areas[node] < sizes[best])).any():  # up to the node that was chosen
        node = np.where(inner, tree.parents[node], node)
    heights[best] = outline[node]
    if not best.any():
        return best
    typical = float(np.median(heights[1:]))
    low = heights < typical * np.log(strictness) / np.log(SENSITIVE)
    low[0] = False
    return np.where(low[best], 0, best).astype(np.int32)


def _outline_heights(tree: Hierarchy, height: NDArray[np.float32]) -> NDArray[np.float64]:
    whole = tuple(slice(0, n) for n in height.shape)
    return _heights_of(tree, Sums.of([sums_in(whole, tree.index, np.ones(height.shape, bool), height)], tree.n_leaves))


def _heights_of(tree: Hierarchy, sums: Sums) -> NDArray[np.float64]:
    """Return the mean height (n_nodes,) of the line along the outline of each node, the edge of the image left out."""
    from napari_backprop_segmentation.hierarchy.higra_module import hg

    graph = hg.UndirectedGraph(tree.n_leaves)
    graph.add_edges(sums.edges[:, 0], sums.edges[:, 1])
    nodes = hg.Tree(tree.parents)
    lengths, heights = (
        hg.attribute_contour_length(
            nodes, np.bincount(sums.edges.ravel(), np.repeat(values, 2), tree.n_leaves), values, graph
        )
        for values in (sums.lengths, sums.heights)
    )
    found: NDArray[np.float64] = np.maximum(heights, 0) / FINE / np.maximum(lengths, 1)
    return found


def walls(light: NDArray[np.float32], sign: int, steps: tuple[float, ...]) -> NDArray[np.bool_]:
    """Return where lines are (*spatial)."""
    near, around = ([sigma / size for size in steps] for sigma in (WALL_SIGMA, WALL_AROUND))
    found: NDArray[np.bool_] = sign * difference_of_gaussians(light, near, around, mode="reflect") > WALL
    return found

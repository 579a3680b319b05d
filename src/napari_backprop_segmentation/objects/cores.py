"""Where touching objects part by the brightness inside them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.labels import renumbered
from napari_backprop_segmentation.objects.flooding import flooded
from napari_backprop_segmentation.objects.moments import moments
from napari_backprop_segmentation.objects.splitting import best_antichain, merit_of, roundness_from

LEVELS = 32  # of brightness between the threshold and the brightest pixels of a part
BRIGHTEST = 0.999  # quantile
MOST_PART_PIXELS = 2**18  # larger parts are no clumps of objects, and higra holds the interpreter over them
TREE_PIXELS = 2**15  # of all parts in one tree: it takes about 25 ms, in which the window stands still


def bright_cores(
    light: NDArray[np.float32], mask: NDArray[np.bool_], min_size: int, spacing: Sequence[float] | None = None
) -> NDArray[np.int32]:
    """Return the roundest bright parts of a mask: one marker for each object.

    The parts above each level of brightness form a tree (the max-tree). Of all ways to choose parts that do not
    overlap, the one is returned whose areas, weighted by roundness, have the largest sum: a clump is left whole unless
    its brighter parts make up in roundness for what they lose in area.

    Parameters
    ----------
    light : (*spatial) float32
        Objects are bright.
    mask : (*spatial) bool
        Where objects may be.
    min_size : int
        Smallest core in pixels.
    spacing : sequence of float, optional
        Size of a pixel along each axis, in any unit; all alike if left out.

    Returns
    -------
    (*spatial) int32
        Numbered from 1; 0 is outside.
    """
    parts, n_parts = ndimage.label(mask)
    sizes = np.bincount(parts.ravel(), minlength=n_parts + 1)
    divisible = (sizes >= 2 * min_size) & (sizes <= MOST_PART_PIXELS)
    divisible[0] = False
    flat, steps = parts.ravel(), np.array(spacing or (1.0,) * mask.ndim)
    chosen = np.zeros(parts.size, np.int64)  # of each pixel which core of its part
    for pixels in _groups(flat, np.where(divisible, sizes, 0)):
        own = _Pixels(mask.shape, pixels, flat[pixels], light.ravel()[pixels])
        chosen[pixels] = _chosen(own, min_size, steps)
    keys = (flat * (chosen.max(initial=0) + 1) + chosen).reshape(parts.shape)
    return renumbered(keys, (parts > 0) & ((chosen > 0).reshape(parts.shape) | ~divisible[parts])).astype(np.int32)


def reach_of(cores: NDArray[np.int32], light: NDArray[np.float32], mask: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Return what belongs to each core (*spatial) of `bright_cores`: a watershed where a part of the mask has several.

    The same as a watershed of the whole mask, which takes several times as long.
    """
    parts, n_parts = ndimage.label(mask)
    numbers, first = np.unique(cores, return_index=True)
    owner = parts.ravel()[first[numbers > 0]]
    of_part = np.zeros(n_parts + 1, np.int32)
    of_part[owner] = numbers[numbers > 0]
    several = np.bincount(owner, minlength=n_parts + 1) > 1
    found: NDArray[np.int32] = of_part[parts]
    if several.any():
        divided = several[parts]
        found[divided] = flooded(-light, np.where(divided, cores, 0), divided)[divided]
    return found


@dataclass(frozen=True, eq=False)
class _Pixels:
    """Those of several parts that do not touch.

    Attributes
    ----------
    shape : tuple of int
        Of the image.
    index : (n,) int
        Places in the flat image, in ascending order.
    part : (n,) int
        Number of the part of each.
    light : (n,) float32
    """

    shape: tuple[int, ...]
    index: NDArray[np.int64]
    part: NDArray[np.int32]
    light: NDArray[np.float32]


def _groups(parts: NDArray[np.int32], sizes: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Yield the pixels of parts that have a size, of so many parts at once as fill a tree."""
    groups = np.cumsum(sizes) // TREE_PIXELS
    pixels = np.flatnonzero(sizes[parts])
    group = groups[parts[pixels]]
    order = np.argsort(group, kind="stable")
    cuts = np.flatnonzero(np.diff(group[order])) + 1
    yield from np.split(pixels[order], cuts) if len(pixels) else ()


def _chosen(pixels: _Pixels, min_size: int, steps: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return which chosen node of the max-tree of its part each pixel (n,) is in, from 1; 0 where there is none.

    All parts have one tree: below their lowest levels they are joined by a pixel of level 0.
    """
    from napari_backprop_segmentation.hierarchy.higra_module import hg  # takes most of a second, and few runs need it

    n = len(pixels.index)
    graph = hg.UndirectedGraph(n + 1)
    for one, other in _neighbours(pixels):
        graph.add_edges(one, other)
    _, first = np.unique(pixels.part, return_index=True)
    graph.add_edges(first, np.full(len(first), n))
    tree, altitudes = hg.component_tree_max_tree(graph, np.append(_levels(pixels), 0.0))
    places = [
        np.append((where - start) * step, 0.0)  # from the edge of the part: sums of squares stay small
        for where, start, step in zip(np.unravel_index(pixels.index, pixels.shape), _starts(pixels), steps, strict=True)
    ]
    sums = [hg.accumulate_sequential(tree, values, hg.Accumulators.sum) for values in moments(places)]
    roundness = roundness_from(sums, len(places), tuple(steps))
    scores = np.where((sums[0] >= min_size) & (altitudes >= 1), sums[0] * merit_of(roundness), 0)
    owners: NDArray[np.int32] = best_antichain(tree.parents(), scores, tree.num_leaves())[:n]
    return owners


def _neighbours(pixels: _Pixels) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield the pairs of pixels that follow each other along each axis, as places among the pixels."""
    index = pixels.index
    for axis, n in enumerate(pixels.shape):
        stride = int(np.prod(pixels.shape[axis + 1 :]))
        inner = np.flatnonzero(index // stride % n < n - 1)
        place = np.searchsorted(index, index[inner] + stride)
        there = place < len(index)
        there[there] = index[place[there]] == index[inner[there]] + stride
        yield inner[there], place[there]


def _starts(pixels: _Pixels) -> list[NDArray[np.int64]]:
    """Return for each axis where the part of each pixel (n,) begins."""
    _, part = np.unique(pixels.part, return_inverse=True)
    found = []
    for where in np.unravel_index(pixels.index, pixels.shape):
        lowest = np.full(int(part.max()) + 1, np.iinfo(np.int64).max)
        np.minimum.at(lowest, part, where)
        found.append(lowest[part])
    return found


def _levels(pixels: _Pixels) -> NDArray[np.float64]:
    """Return brightness (n,) in steps from 1, between the darkest and the brightest pixels of each part."""
    _, part, sizes = np.unique(pixels.part, return_inverse=True, return_counts=True)
    order = np.lexsort((pixels.light, part))
    rising = pixels.light[order]
    first = np.cumsum(sizes) - sizes
    place = BRIGHTEST * (sizes - 1)
    below = np.floor(place).astype(int)
    share = (place - below).astype(np.float32)
    low, under = rising[first], rising[first + below]
    high = under + share * (rising[first + np.minimum(below + 1, sizes - 1)] - under)
    steps = np.floor((pixels.light - low[part]) / np.maximum(high - low, 1e-9)[part] * LEVELS)
    levels: NDArray[np.float64] = 1 + np.clip(steps, 0, LEVELS - 1).astype(np.float64)
    return levels

"""Connected regions of a label image: numbering, adjacency, mean features."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components as connected_nodes
from skimage.measure import label as connected_components

from napari_backprop_segmentation.hierarchy.pair_sums import summed
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.label_file import looked_up
from napari_backprop_segmentation.image.labels import present

FaceCosts = list[NDArray[np.float16]] | None
RegionPairs = NDArray[np.int64]  # (k, 2)
NO_PAIRS: RegionPairs = np.empty((0, 2), np.int64)
PAIRS_AT_ONCE = 2**20  # that are looked at


@dataclass(frozen=True)
class RegionGraph:
    """Regions of an image and which of them touch.

    Attributes
    ----------
    index : (*spatial) int32
        Region of each pixel, numbered from 0; an array, or what can be read window by window.
    areas : (n,) float64
        Pixels of each region.
    edges : (m, 2) int32
        Pairs of touching regions, each once and in order, the lower number first.
    lengths : (m,) float64
        What the border of each pair costs: one for each pixel face they share, less where the image has an edge.
    face_costs : list of arrays, optional
        The cost of the faces along each axis, of the shape of the image but shorter by one along it; all one if None.
    alike : (k, 2) int64
        Pairs of regions that are one, see `seams`.
    """

    index: NDArray[np.int32]
    areas: NDArray[np.float64]
    edges: NDArray[np.int32]
    lengths: NDArray[np.float64]
    face_costs: FaceCosts = None
    alike: RegionPairs = field(default_factory=NO_PAIRS.copy)


def region_graph(labels: NDArray[Any], face_costs: FaceCosts = None) -> RegionGraph:
    """Return the connected regions of equal label, 4-connected in 2D and 6-connected in 3D.

    Parameters
    ----------
    labels : (*spatial) int array
    face_costs : list of arrays, optional
        See `RegionGraph`.
    """
    index = connected_components(labels, background=-1, connectivity=1).astype(np.int32, copy=False)
    return graph_of(index - index.min(), face_costs)


def simplified(graph: RegionGraph, min_size: int, most: int) -> RegionGraph:
    """Let regions below `min_size` pixels join the larger neighbour they share the longest border with.

    Parameters
    ----------
    graph : RegionGraph
        Its pairs that are alike are joined first.
    min_size : int
        Smallest region to keep, in pixels.
    most : int
        If more regions are left than this, the smallest size is doubled until they are not: noise can split an image
        into so many regions that a merge tree would take minutes.
    """
    joined = np.arange(len(graph.areas), dtype=np.int32)
    if len(graph.alike):
        joined = of_pairs(graph.alike, len(joined))
        graph = replace(contracted(graph, joined), alike=NO_PAIRS)
    while True:
        numbers = _joining(graph, min_size)
        if numbers is not None:
            graph, joined = contracted(graph, numbers), numbers[joined]
        if len(graph.areas) <= most or min_size > graph.index.size:
            return replace(graph, index=looked_up(graph.index, joined))
        min_size = max(2, 2 * min_size)


def of_pairs(alike: RegionPairs, n: int) -> NDArray[np.int32]:
    """Return the new number (n,) of each region once those of each pair are one, in the order of their first."""
    pairs = coo_array((np.ones(len(alike), np.int8), tuple(alike.T)), shape=(n, n))
    numbers: NDArray[np.int32] = connected_nodes(pairs, directed=False)[1].astype(np.int32, copy=False)
    return numbers


def _joining(graph: RegionGraph, min_size: int) -> NDArray[np.int32] | None:
    """Return the new number of each region once the small ones have joined others; None if none is small."""
    small = graph.areas < min_size
    if not small.any() or not len(graph.edges):
        return None
    n = len(graph.areas)
    joins, longest = np.arange(n, dtype=np.int32), np.zeros(n)
    for part in _parts(len(graph.edges)):
        # Pointers go from a small region to a larger one (of equal ones to the lower number), so there are no circles.
        (one, other), lengths = graph.edges[part].T, graph.lengths[part]
        low_first = graph.areas[one] < graph.areas[other]
        smaller, larger = np.where(low_first, one, other), np.where(low_first, other, one)
        longer = np.flatnonzero(small[smaller] & (lengths >= longest[smaller]))
        by_border = longer[np.argsort(lengths[longer], kind="stable")]  # the longest border is written last
        joins[smaller[by_border]] = larger[by_border]
        longest[smaller[by_border]] = lengths[by_border]
    del longest, small  # there may be ten million regions: what is not needed any more goes
    ends = follow(joins)
    left = np.zeros(n, bool)
    left[ends] = True
    numbers: NDArray[np.int32] = (np.cumsum(left, dtype=np.int32) - np.int32(1))[ends]
    return numbers


def contracted(graph: RegionGraph, numbers: NDArray[np.int32]) -> RegionGraph:
    """Return a graph in which regions of one number (n,) are one; its image of regions stays as it is."""
    areas = np.bincount(numbers, graph.areas).astype(np.float64, copy=False)
    found = (of_two(numbers[graph.edges[part].T], graph.lengths[part]) for part in _parts(len(graph.edges)))
    edges, lengths = summed(found, len(areas))
    return replace(graph, areas=areas, edges=edges, lengths=lengths)


def of_two(pairs: NDArray[np.int32], costs: NDArray[np.float64]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return those pairs (2, k) that are of two regions, and what they cost (k,)."""
    two = pairs[0] != pairs[1]
    return pairs[:, two], costs[two]


def _parts(n: int) -> Iterator[slice]:
    """Yield n pairs part by part: there may be thirty million."""
    yield from (slice(first, first + PAIRS_AT_ONCE) for first in range(0, n, PAIRS_AT_ONCE))


def follow(pointers: NDArray[Any]) -> NDArray[Any]:
    """Return where each chain of pointers ends, in as many rounds as the chains' length has binary digits."""
    while not np.array_equal(further := pointers[pointers], pointers):
        pointers = further
    return pointers


def graph_of(index: NDArray[np.int32], face_costs: FaceCosts = None) -> RegionGraph:
    """Return areas and adjacency of connected regions numbered from 0."""
    areas = np.bincount(index.ravel()).astype(np.float64)
    edges, lengths = summed(_touching(index, face_costs), len(areas))
    return RegionGraph(index, areas, edges, lengths, face_costs)


def _touching(
    index: NDArray[np.int32], face_costs: FaceCosts
) -> Iterator[tuple[NDArray[np.int32], NDArray[np.float64]]]:
    """Yield for each axis the pairs (2, m) of neighbours in different regions, and what their faces cost (m,)."""
    for axis in range(index.ndim):
        pairs, apart = parting(index, axis)
        if face_costs is None:
            yield pairs, np.ones(pairs.shape[1])
        else:
            yield pairs, face_costs[axis][apart].astype(np.float64)


def parting(index: NDArray[np.int32], axis: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
    """Return the pairs (2, m) of neighbours along an axis in different regions, and where they are."""
    before = np.take(index, range(index.shape[axis] - 1), axis=axis)
    after = np.take(index, range(1, index.shape[axis]), axis=axis)
    apart = before != after
    return np.stack([before[apart], after[apart]]), apart


def region_means(graph: RegionGraph, features: Iterable[tuple[Window, NDArray[np.float32]]]) -> NDArray[np.float64]:
    """Return the mean feature vector of each region.

    Parameters
    ----------
    graph : RegionGraph
    features : iterable of (window, (F, *window) array)
        Blocks that cover the image once.

    Returns
    -------
    (n, F) float64
    """
    sums: NDArray[np.float64] | None = None
    for window, values in features:
        there, where = present(graph.index[window])
        if sums is None:
            sums = np.zeros((len(graph.areas), len(values)))
        sums[there] += feature_sums(where, len(there), values)
    if sums is None:
        raise ValueError("features must cover the image, got no block; pass at least one")
    means: NDArray[np.float64] = sums / graph.areas[:, None]
    return means


def feature_sums(where: NDArray[Any], n: int, values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the sums (n, F) of features (F, *window) over the pixels of each of n regions, numbered from 0."""
    flat = where.ravel().astype(np.intp, copy=False)
    # one after another, in the order of the pixels: several times as fast as a product with a sparse matrix
    return np.stack([np.bincount(flat, feature.ravel(), n) for feature in values], axis=1)

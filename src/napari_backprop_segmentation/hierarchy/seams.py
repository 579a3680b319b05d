"""Seams: the finest regions are found in blocks; two that nothing but the seam of their blocks divides become one.

Within a block, even ground is one region. Left as they are, its parts in two blocks differ a little in their means, are
large, and so merge late: a straight border would lie across the ground.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.region_graph import NO_PAIRS, RegionPairs
from napari_backprop_segmentation.params.sections import Regions

BEFORE = 2  # pixels before a seam that are looked at, and as many behind
LEAST_FACES = 4  # of the seam that two regions share: fewer tell too little
# Mean cost of these faces, where that of an even border is 1, and beside that of faces next to them in both regions.
# On four images of HeLa cells of 1,024 pixels a border lies along a seam in 171 places of 1,024 without, in 72 with .5
# and 1, 51 with .5 and .9, 45 with .5 and .8, 42 with .4 and .8; elsewhere in 12 (median), at most in 77.
EVEN, AS_INSIDE = 0.5, 0.8
LEAST_WEIGHT = 1.0  # of edges, from which on costs tell where there are any


def seams_tell(regions: Regions) -> bool:
    """Return whether costs of faces show where the image has edges."""
    return regions.edge_weight >= LEAST_WEIGHT


def alike_across_seams(
    index: NDArray[np.int32],
    costs: Sequence[NDArray[np.float16]],
    starts: Sequence[Iterable[int]],
    spacing: Sequence[float],
) -> RegionPairs:
    """Return the pairs (k, 2) of regions in two blocks that are one.

    Parameters
    ----------
    index : (*spatial) int32
        Region of each pixel.
    costs : sequence of arrays
        See `RegionGraph`.
    starts : sequence of iterables of int
        For each axis, before which pixels the seams lie.
    spacing : sequence of float
        Of pixels along each axis.
    """
    found = [NO_PAIRS]
    for axis, places in enumerate(starts):
        for start in places:
            pixels = (slice(None),) * axis + (slice(start - BEFORE, start + BEFORE),)
            faces = (slice(None),) * axis + (slice(start - BEFORE, start + BEFORE - 1),)
            found.append(alike_across(index[pixels], costs[axis][faces], axis, spacing[axis]))
    return np.concatenate(found)


def alike_across(index: NDArray[Any], costs: NDArray[np.float16], axis: int, size: float) -> RegionPairs:
    """Return the pairs (k, 2) of regions on both sides of one seam that are one.

    Costs of faces are numbers of 16 bits, whose sums are exact in whatever order they are added.

    Parameters
    ----------
    index : (*window) int array
        The pixels around the seam, `BEFORE` before it and as many behind, or one where the image ends there.
    costs : (*window) float16
        Of the faces between these along the axis.
    axis : int
    size : float
        Of a pixel along the axis; an even face costs one over that.
    """
    layers = np.moveaxis(index, axis, 0).reshape(index.shape[axis], -1).astype(np.int64)
    faces = np.moveaxis(costs, axis, 0).reshape(costs.shape[axis], -1).astype(np.float64)
    one, other = layers[BEFORE - 1], layers[BEFORE]
    pairs, where, n = np.unique(np.stack([one, other], axis=1), axis=0, return_inverse=True, return_counts=True)
    where = where.ravel()
    sides = [(layers[0] == one, faces[0])]
    if len(layers) > BEFORE + 1:
        sides.append((layers[BEFORE + 1] == other, faces[BEFORE]))
    across = np.bincount(where, faces[BEFORE - 1], len(n))
    n_inside = sum(np.bincount(where, same, len(n)) for same, _ in sides)
    inside = sum(np.bincount(where, same * cost, len(n)) for same, cost in sides)
    known = (n >= LEAST_FACES) & (n_inside >= n)
    alike = known & (across * size >= EVEN * n) & (across * n_inside >= AS_INSIDE * inside * n)
    found: RegionPairs = pairs[alike]
    return found

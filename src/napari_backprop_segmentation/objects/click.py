"""The thing at a place: of all regions of the merge tree around a pixel, the one that looks most like an object."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.region_graph import follow
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.objects.splitting import roundness

LARGEST_SHARE = 0.2  # of the image: larger regions are the ground
SHAPELESS = 0.4  # roundness from which on a region counts at all
LEAST_LASTING = 1e-3
REACH = {2: 256, 3: 64}  # pixels around the place that are looked at


def object_at(
    hierarchy: Hierarchy, place: tuple[int, ...], free: NDArray[np.bool_], sizes: tuple[float, float] = (1, np.inf)
) -> NDArray[np.bool_] | None:
    """Return where the object at a pixel is.

    The regions around a pixel lie inside each other. A good one is round, and lasts: merging it with its neighbour
    costs far more than what it has merged itself.

    Parameters
    ----------
    hierarchy : Hierarchy
    place : tuple of int
        Index of the pixel.
    free : (*spatial) bool
        Where the object may be; it holds `place`.
    sizes : (float, float)
        The fewest and the most pixels it may have.

    Returns
    -------
    (*spatial) bool, or None
        None where no region around the pixel has such a size.
    """
    reach = REACH[hierarchy.index.ndim]
    window = tuple(slice(max(0, i - reach), i + reach + 1) for i in place)
    node, best, found = int(hierarchy.index[place]), -1.0, None
    largest = min(sizes[1], max(1.0, LARGEST_SHARE * hierarchy.index[window].size))
    while (parent := int(hierarchy.parents[node])) != node:
        inside = _below(hierarchy, node)[hierarchy.index[window]] & free[window]
        if inside.sum() > largest:
            break
        here, above = hierarchy.altitudes[node], hierarchy.altitudes[parent]
        lasting = max(LEAST_LASTING, 1 - here / above) if above > 0 else LEAST_LASTING
        merit = float(np.clip((roundness(inside) - SHAPELESS) / (1 - SHAPELESS), 0, 1)) * lasting
        if merit > best and inside.sum() >= sizes[0]:
            best, found = merit, inside
        node = parent
    if found is None:
        return None
    whole = np.zeros(free.shape, bool)
    whole[window] = found
    return whole


def _below(hierarchy: Hierarchy, node: int) -> NDArray[np.bool_]:
    """Return which nodes (n_nodes,) lie under a node."""
    pointers = hierarchy.parents.copy()
    pointers[node] = node
    found: NDArray[np.bool_] = follow(pointers) == node
    return found

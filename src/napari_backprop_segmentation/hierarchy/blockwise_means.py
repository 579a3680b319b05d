"""What the regions of an image that does not fit the memory look like: sums of features, block by block."""

from collections import deque
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.block_features import Shown, sum_features
from napari_backprop_segmentation.hierarchy.features import feature_windows
from napari_backprop_segmentation.hierarchy.region_graph import RegionGraph
from napari_backprop_segmentation.image.blocks import in_groups
from napari_backprop_segmentation.image.kept_blocks import HERE, Parts, Work
from napari_backprop_segmentation.image.labels import present
from napari_backprop_segmentation.network.seen import AT_ONCE, Seen
from napari_backprop_segmentation.params.sections import Regions

FEATURES = "features"  # name of what is kept


def features_of(number: int) -> str:
    """Return the name of what is kept of one of several networks."""
    return FEATURES if not number else f"{FEATURES} {number}"


def blockwise_means(
    graph: RegionGraph,
    looks: tuple[Seen, Regions],
    work: Work = HERE,
    name: str = FEATURES,
) -> NDArray[np.float64]:
    """Return the mean features (n, F) of regions; see `region_means`.

    Parameters
    ----------
    graph : RegionGraph
    looks : (Seen, Regions)
        What decides how a pixel looks.
    work : Work
    name : str
        Of what is kept.
    """
    groups = in_groups(list(feature_windows(graph.index.shape)), AT_ONCE)
    parts, waiting = work.kept.parts(name), deque[list[NDArray[np.int64]]]()
    sums, done = _sums_so_far(parts, len(groups), len(graph.areas))

    def shown() -> Iterator[list[Shown]]:
        for group in groups[done:]:
            found = [present(graph.index[window]) for window in group]
            waiting.append([numbers for numbers, _ in found])
            yield [Shown.of(w, where, len(numbers)) for w, (numbers, where) in zip(group, found, strict=True)]

    for number, found in enumerate(work.in_turn(sum_features, looks, shown()), start=done):
        numbers = waiting.popleft()
        if sums is None:
            sums = np.zeros((len(graph.areas), found[0].shape[1]))
        for regions, part in zip(numbers, found, strict=True):
            sums[regions] += part
        if parts.folder is not None:
            touched = np.unique(np.concatenate(numbers))
            parts.put(number, {"regions": touched, "sums": sums[touched]})
        work.tell(number + 1, len(groups))
    if sums is None:
        raise ValueError("features must cover the image, got no block; pass at least one")
    sums /= graph.areas[:, None]
    return sums


def _sums_so_far(parts: Parts, n_groups: int, n: int) -> tuple[NDArray[np.float64] | None, int]:
    """Return the sums (n, F) as they were when a run ended early, and how many groups of blocks they hold.

    Each group has kept the sums that it changed as they were then: to add them up again in parts would round otherwise.
    """
    sums = None
    for number in range(n_groups):
        arrays = parts.get(number)
        if arrays is None:
            return sums, number
        if sums is None:
            sums = np.zeros((n, arrays["sums"].shape[1]))
        sums[arrays["regions"]] = arrays["sums"]
    return sums, n_groups

"""What can be said of one block of an image alone; whoever has all blocks puts it together, see `blockwise`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components

from napari_backprop_segmentation.hierarchy.border_costs import face_costs_in, line_costs_in
from napari_backprop_segmentation.hierarchy.features import features_in
from napari_backprop_segmentation.hierarchy.initial_regions import divided, divider
from napari_backprop_segmentation.hierarchy.pairs import Pairs, pairs_along, summed_pairs
from napari_backprop_segmentation.hierarchy.region_graph import feature_sums
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.params.sections import Regions

Numbers = NDArray[np.uint16] | NDArray[np.int32]  # the smaller is sent sooner


@dataclass(frozen=True)
class FoundRegions:
    """The finest regions of a block.

    Attributes
    ----------
    regions : (*window) uint16 or int32
        Numbered from 0.
    pairs : Pairs
        Those that touch within the block.
    before : sequence of arrays, or None
        For each axis what the faces between the block and the pixels before it cost, of length 1 along the axis; None
        where the image begins.
    """

    regions: Numbers
    pairs: Pairs
    before: Sequence[NDArray[np.float16] | None]


@dataclass(frozen=True, eq=False)
class Lines:
    """Where the finest regions are what lies between lines.

    Attributes
    ----------
    ridges : Ridges
    heights : (*spatial) float32, read by windows
        See `ridge_height`.
    """

    ridges: Ridges
    heights: Any


def find_regions(
    common: tuple[Source, Regions, Ridges | None], item: tuple[Window, NDArray[np.float32] | None]
) -> FoundRegions:
    """Divide a block into its finest regions; the image and the settings are common to all blocks.

    With a block go the heights of lines in it and in the last pixels of the blocks before, where lines count.
    """
    (source, regions, ridges), (window, heights) = common, item
    here = connected_components(divided(source, window, divider(ridges)), background=-1, connectivity=1)
    here = here - here.min()
    grown = with_last(window)
    found, before = [], []
    faces = face_costs_in(source, grown, regions) if heights is None else line_costs_in(heights, source, regions)
    for axis, costs in enumerate(faces):
        inner = tuple(slice(w.start - g.start, None) for w, g in zip(window, grown, strict=True))
        found.append(pairs_along(here, costs[inner], axis))
        face = tuple(slice(0, 1) if a == axis else part for a, part in enumerate(inner))
        before.append(costs[face] if window[axis].start else None)
    return FoundRegions(_small(here), summed_pairs(found), before)


def with_last(window: Window) -> Window:
    """Return a block with the last pixels of those before it."""
    return tuple(slice(max(w.start - 1, 0), w.stop) for w in window)


@dataclass(frozen=True)
class Shown:
    """A window of an image and the regions in it.

    Attributes
    ----------
    window : tuple of slice
    where : (*window) int
        Numbered from 0 to `n` - 1.
    n : int
    """

    window: Window
    where: Numbers
    n: int

    @classmethod
    def of(cls, window: Window, where: NDArray[np.int64], n: int) -> "Shown":
        """Return the same as small as it can be sent elsewhere."""
        return cls(window, _small(where), n)


def sum_features(common: tuple[Seen, Regions], shown: Sequence[Shown]) -> list[NDArray[np.float64]]:
    """Return for each of several windows the sums (n, F) of the features of its regions."""
    return [_summed(common, each) for each in shown]


def _summed(common: tuple[Seen, Regions], shown: Shown) -> NDArray[np.float64]:
    seen, regions = common
    where = shown.where.reshape([w.stop - w.start for w in shown.window])
    sums: NDArray[np.float64] | None = None
    for window, values in features_in(seen, regions, shown.window):
        part = tuple(
            slice(w.start - around.start, w.stop - around.start) for w, around in zip(window, shown.window, strict=True)
        )
        found = feature_sums(where[part], shown.n, values)
        sums = found if sums is None else sums + found
    if sums is None:
        raise ValueError(f"features must be those of a window, got none for {shown.window}; name one inside the image")
    return sums


def _small(numbers: NDArray[np.int64]) -> Numbers:
    small = numbers.max(initial=0) <= np.iinfo(np.uint16).max
    return numbers.astype(np.uint16) if small else numbers.astype(np.int32)

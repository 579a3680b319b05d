"""The finest regions of one block of an image alone; whoever has all blocks puts them together, see `blockwise`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import label as connected_components

from napari_backprop_segmentation.hierarchy.border_costs import COSTS_HALO, face_costs_in, line_costs_in
from napari_backprop_segmentation.hierarchy.initial_regions import divided, divider
from napari_backprop_segmentation.hierarchy.pairs import Pairs, pairs_along, summed_pairs
from napari_backprop_segmentation.hierarchy.seams import BEFORE
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.held import held
from napari_backprop_segmentation.image.labels import Numbers, small_numbers
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.params.sections import Regions

AROUND = BEFORE + COSTS_HALO  # pixels around a block in which its finest regions are found


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
        where the image begins. Along rows and columns also the next faces on both sides, see `alike_across`.
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
    source = held(source, [window], [AROUND] * len(window))
    here = connected_components(divided(source, window, divider(ridges)), background=-1, connectivity=1)
    here = here - here.min()
    grown = with_before(window)
    found, before = [], []
    faces = face_costs_in(source, grown, regions) if heights is None else line_costs_in(heights, source, regions)
    for axis, costs in enumerate(faces):
        inner = tuple(slice(w.start - g.start, None) for w, g in zip(window, grown, strict=True))
        found.append(pairs_along(here, costs[inner], axis))
        n_before = inner[axis].start
        faces_before = tuple(slice(0, 2 * n_before - 1) if a == axis else part for a, part in enumerate(inner))
        before.append(costs[faces_before] if n_before else None)
    return FoundRegions(small_numbers(here), summed_pairs(found), before)


def with_before(window: Window) -> Window:
    """Return a block with the last pixels of those before it: one of slices, `BEFORE` along rows and columns."""
    depth = len(window) - 2
    n_before = [1] * depth + [BEFORE] * 2
    return tuple(slice(max(w.start - n, 0), w.stop) for w, n in zip(window, n_before, strict=True))

"""What the regions in one block of an image look like; whoever has all blocks adds it up, see `blockwise_means`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.features import features_in, held_for
from napari_backprop_segmentation.hierarchy.region_graph import feature_sums
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.labels import Numbers, small_numbers
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.params.sections import Regions


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
        return cls(window, small_numbers(where), n)


def sum_features(common: tuple[Seen, Regions], shown: Sequence[Shown]) -> list[NDArray[np.float64]]:
    """Return for each of several windows the sums (n, F) of the features of its regions."""
    seen, regions = common
    at_once = held_for(seen, regions, [each.window for each in shown])
    return [_summed((at_once, regions), each) for each in shown]


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

"""What decides which regions of a merge tree are outlined objects: sums over its leaves and over where they touch.

Whole numbers, so that they are the same in whatever order and blocks they are added.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.pairs import MOST_REGIONS
from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.kept_blocks import Arrays
from napari_backprop_segmentation.image.labels import present
from napari_backprop_segmentation.image.whole_sums import in_steps

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums over n leaves and over the m pairs of them that touch.

    Attributes
    ----------
    areas, inside : (n,) float64
        Pixels, and those that are no ground.
    moments : (k, n) float64
        Each coordinate and each product of two, in pixels.
    edges : (m, 2) int64
    lengths, heights : (m,) float64
        Pixel faces of each pair, and the height of lines along them in steps of `whole_sums`.
    """

    areas: Floats
    inside: Floats
    moments: Floats
    edges: NDArray[np.int64]
    lengths: Floats
    heights: Floats

    @classmethod
    def of(cls, found: Sequence[Arrays], n: int) -> Self:
        """Return the sums over n leaves from those of several windows."""
        k = len(found[0]["moments"])
        areas, inside, moments = np.zeros(n), np.zeros(n), np.zeros((k, n))
        for each in found:
            leaves = each["leaves"]
            areas[leaves] += each["sizes"]
            inside[leaves] += each["inside"]
            moments[:, leaves] += each["moments"]
        codes, where = np.unique(np.concatenate([each["codes"] for each in found]), return_inverse=True)
        lengths, heights = (
            np.bincount(where, np.concatenate([each[name] for each in found]), len(codes)).astype(np.float64)
            for name in ("lengths", "heights")
        )
        return cls(areas, inside, moments, np.stack(np.divmod(codes, MOST_REGIONS), axis=1), lengths, heights)


def sums_in(window: Window, leaves: NDArray[Any], inside: NDArray[np.bool_], heights: NDArray[np.float32]) -> Arrays:
    """Return what one window adds to the sums.

    Parameters
    ----------
    window : tuple of slice
    leaves : (*behind) int
        Of the window and of the pixels that follow it along each axis, where the image does not end.
    inside : (*window) bool
        What is no ground.
    heights : (*behind) float32
        Of lines, see `ridge_height`.
    """
    size = tuple(slice(0, w.stop - w.start) for w in window)
    numbers, where = present(leaves[size])
    own, n = where.ravel(), len(numbers)
    grid = [axis.ravel().astype(np.float64) for axis in np.broadcast_arrays(*np.ogrid[window])]
    places = [*grid, *(one * other for i, one in enumerate(grid) for other in grid[i:])]
    codes, values = [], []
    for axis in range(leaves.ndim):
        line = tuple(slice(None) if a == axis else part for a, part in enumerate(size))
        end = leaves.shape[axis]
        one, other = (leaves[line].take(range(i, end - 1 + i), axis).astype(np.int64) for i in (0, 1))
        low, high = (heights[line].take(range(i, end - 1 + i), axis) for i in (0, 1))
        apart = one != other
        codes.append(np.minimum(one, other)[apart] * MOST_REGIONS + np.maximum(one, other)[apart])
        values.append(np.maximum(low, high)[apart])
    pairs, place = np.unique(np.concatenate(codes), return_inverse=True)
    return {
        "leaves": numbers,
        "sizes": np.bincount(own, minlength=n),
        "inside": np.bincount(own, inside.ravel(), n),
        "moments": np.stack([np.bincount(own, value, n) for value in places]),
        "codes": pairs,
        "lengths": np.bincount(place, minlength=len(pairs)),
        "heights": np.bincount(place, in_steps(np.concatenate(values)), len(pairs)),
    }

"""Windows of an image that overlap, for what needs all pixels of a window at once.

An object belongs to the window whose inner part holds its centre; so that none is cut, windows reach further.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from napari_backprop_segmentation.image.blocks import Edges, blocks, edges_of, with_halo
from napari_backprop_segmentation.image.labels import renumbered

INNER_SIDE = {2: 768, 3: 64}  # pixels: of what belongs to one window
HALO = {2: 128, 3: 16}  # pixels around it: half of the largest object that is whole in every window it belongs to
TAKEN = 0.5  # share of an object that others hold, from which on it is one of them, seen from another window


class Windows:
    """The windows of one image.

    Parameters
    ----------
    shape : tuple of int
        Of the image (*spatial).

    Attributes
    ----------
    inner, outer : list of tuple of slice
        The part that belongs to each, and all that is looked at.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape
        self.inner = list(blocks(shape, INNER_SIDE[len(shape)]))
        self.outer = [with_halo(window, HALO[len(shape)], shape)[0] for window in self.inner]

    def number_at(self, place: tuple[int, ...]) -> int:
        """Return the number of the window to which a pixel belongs."""
        side = INNER_SIDE[len(self.shape)]
        counts = [-(-n // side) for n in self.shape]
        return int(np.ravel_multi_index([p // side for p in place], counts))

    def own(self, number: int, labels: NDArray[np.integer]) -> NDArray[np.integer]:
        """Return those objects of a window (*outer) whose centre lies in its inner part, numbered from 1."""
        if not labels.any():
            return labels
        numbers = np.arange(1, int(labels.max()) + 1)
        middles = np.array(ndimage.center_of_mass(labels > 0, labels, numbers))
        inner, outer = self.inner[number], self.outer[number]
        span = np.array([[i.start - o.start, i.stop - o.start] for i, o in zip(inner, outer, strict=True)])
        # a pixel's middle is its number, so an inner part that begins with pixel n begins at n - 1/2
        mine = ((middles >= span[:, 0] - 0.5) & (middles < span[:, 1] - 0.5)).all(axis=1)
        return renumbered(labels, np.r_[False, mine][labels])

    def edges(self, number: int) -> Edges:
        """Return at which of its sides a window ends where the image does."""
        return edges_of(self.outer[number], self.shape)

    @staticmethod
    def added(labels: NDArray[np.integer], there: NDArray[np.integer], behind: int) -> tuple[NDArray[np.integer], int]:
        """Return what is there (*window) with the objects of one more window, and how many of these are new.

        Parameters
        ----------
        labels : (*window) int array
            Objects, numbered from 1.
        there : (*window) int array
            What other windows have written.
        behind : int
            How many objects there are so far.
        """
        areas = np.bincount(labels.ravel())
        held = np.bincount(labels[there > 0], minlength=len(areas))
        new = held < TAKEN * areas
        new[0] = False
        fresh = renumbered(labels, new[labels]).astype(np.int64)
        return np.where((fresh > 0) & (there == 0), fresh + behind, there), int(new.sum())

"""Outlines of objects that do not hold each other: what lies on them, and inside."""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.objects.light_trees import sides
from napari_backprop_segmentation.objects.moments import from_middle, moments, shape_of

Floats = NDArray[np.float64]


class Outlines:
    """The outlines of some objects, found once for all that is looked at there.

    An outline is made of the pixel faces between two labels; those at the edge of the image are none.

    Parameters
    ----------
    labels : (*spatial) int32
        Numbered from 1 without gaps; 0 is the ground.

    Attributes
    ----------
    areas : (n,) float64
        Pixels.
    """

    def __init__(self, labels: NDArray[np.int32]) -> None:
        self._shape, flat = labels.shape, labels.ravel()
        self._inside = np.flatnonzero(flat)
        self._numbers = flat[self._inside]
        self._n = int(labels.max(initial=0))
        place = np.arange(labels.size).reshape(labels.shape)
        apart = [(place[a], place[b], labels[a] != labels[b]) for a, b in sides(labels.shape)]
        # for each axis the pixels on either side of faces
        self._faces = [(before[differs], after[differs]) for before, after, differs in apart]
        self._labels = flat
        self.areas = np.bincount(self._numbers, minlength=self._n + 1)[1:].astype(np.float64)

    @property
    def roundness(self) -> Floats:
        """How round each object is (n,), see `shape_of`."""
        grid = from_middle(np.unravel_index(self._inside, self._shape), self._shape)
        return shape_of([self._summed(values) for values in moments(grid)], len(self._shape))[0]

    @cached_property
    def pixels(self) -> NDArray[np.bool_]:
        """The pixels (*spatial) on either side of outlines."""
        found = np.zeros(len(self._labels), bool)
        for both in self._faces:
            for one in both:
                found[one] = True
        return found.reshape(self._shape)

    def along(self, values: NDArray[np.float32]) -> Floats:
        """Return the mean over each outline (n,) of values (*spatial): of each face the larger one of its two sides."""
        flat, total = values.ravel(), np.zeros(self._n + 1)
        for before, after in self._faces:
            larger = np.maximum(flat[before], flat[after])
            for side in (before, after):
                total += np.bincount(self._labels[side], larger, self._n + 1)
        return total[1:] / self._lengths

    def inside(self, values: NDArray[np.float32]) -> Floats:
        """Return the mean over the pixels of each object (n,) of values (*spatial)."""
        return self._summed(values.ravel()[self._inside]) / self.areas

    @cached_property
    def _lengths(self) -> Floats:
        found = np.zeros(self._n + 1)
        for both in self._faces:
            for side in both:
                found += np.bincount(self._labels[side], minlength=self._n + 1)
        lengths: Floats = np.maximum(found[1:], 1.0)  # what fills the image has none
        return lengths

    def _summed(self, values: NDArray[np.floating]) -> Floats:
        return np.asarray(np.bincount(self._numbers, values, self._n + 1)[1:], np.float64)

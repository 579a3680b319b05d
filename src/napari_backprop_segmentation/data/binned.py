"""Images that are larger than they need be: seen at a fraction of their size, answered at their own."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce

from napari_backprop_segmentation.engine.agreement import Agreement
from napari_backprop_segmentation.engine.hierarchy import Hierarchy
from napari_backprop_segmentation.engine.linking import LinkedTrees
from napari_backprop_segmentation.engine.regions import border_faces, graph_of

PLANE = "YX"


class Binned:
    """An array of means over squares of pixels of another array, made where it is read.

    Parameters
    ----------
    array : array-like
        Anything with `shape`, `dtype` and basic slicing.
    axes : str
        One letter an axis.
    factor : int
        Side of the squares, in pixels; what is left over at the far edges is left out.

    Attributes
    ----------
    shape : tuple of int
    dtype : dtype
        That of the array; means of whole numbers are rounded.
    """

    def __init__(self, array: Any, axes: str, factor: int) -> None:
        self._array = array
        self._factors = tuple(factor if letter in PLANE else 1 for letter in axes)
        self.shape = tuple(n // f for n, f in zip(array.shape, self._factors, strict=True))
        self.dtype = array.dtype

    def __getitem__(self, index: tuple[slice, ...]) -> NDArray[Any]:
        """Return the means that slices, one an axis and none backwards, choose."""
        spans = [part.indices(n) for part, n in zip(index, self.shape, strict=True)]
        # Squares lie side by side only where none are skipped; along other axes there is nothing to average.
        read = [
            slice(a, b, step) if f == 1 else slice(a * f, b * f)
            for (a, b, step), f in zip(spans, self._factors, strict=True)
        ]
        values = np.asarray(self._array[tuple(read)])
        means = block_reduce(values, self._factors, np.mean, func_kwargs={"dtype": np.float64})
        means = means[
            tuple(slice(None, None, s if f > 1 else 1) for (*_, s), f in zip(spans, self._factors, strict=True))
        ]
        whole = np.dtype(self.dtype).kind in "bui"
        found: NDArray[Any] = (np.rint(means) if whole else means).astype(self.dtype)
        return found


@dataclass(frozen=True)
class Binning:
    """How to bring what was found in a binned image to the size of the image.

    Attributes
    ----------
    factor : int
        Side of the squares of pixels.
    shape : (int, int)
        Of the planes of the image.
    """

    factor: int
    shape: tuple[int, int]

    def enlarged(self, labels: NDArray[Any]) -> NDArray[Any]:
        """Return labels (..., Y, X) at the size of the image; what was left over at the edges is as what is before."""
        rows, columns = (
            np.minimum(np.arange(n) // self.factor, small - 1)
            for n, small in zip(self.shape, labels.shape[-2:], strict=True)
        )
        found: NDArray[Any] = labels[..., rows[:, None], columns]
        return found

    def tree(self, found: Hierarchy | LinkedTrees | None) -> Hierarchy | LinkedTrees | None:
        """Return a merge tree over the same regions at the size of the image."""
        if found is None:
            return None
        if isinstance(found, Hierarchy):
            return self._plane_tree(found)
        parts = (self.tree(part) for part in found.parts)
        return LinkedTrees([part for part in parts if part is not None])

    def agreement(self, found: Agreement | None) -> Agreement | None:
        """Return the agreement of runs on the same regions at the size of the image."""
        if found is None:
            return None
        tree = self._plane_tree(found.hierarchy)
        return Agreement(tree, found.saliencies * self.factor, border_faces(graph_of(tree.index)))

    def _plane_tree(self, found: Hierarchy) -> Hierarchy:
        # Altitudes weigh areas against lengths, so they grow with the side of a pixel.
        return replace(found, index=self.enlarged(found.index), altitudes=found.altitudes * self.factor)

"""Planes that show things larger than need be: from the image to the binned one that is looked at, and back."""

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skimage.measure import block_reduce

from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.linking import LinkedTrees
from napari_backprop_segmentation.hierarchy.tree import PAINTED_SIDE, Hierarchy
from napari_backprop_segmentation.image.blocks import Window, blocks
from napari_backprop_segmentation.image.label_file import LabelFile
from napari_backprop_segmentation.network.step import Command, NewStrokes
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.sections import Objects

PLANE = "YX"


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

    def strokes(self, strokes: NDArray[Any]) -> NDArray[Any]:
        """Return strokes (..., Y, X) on the image as they lie on the binned one."""
        return strokes if self.factor == 1 else binned_strokes(strokes, self.factor)

    def params(self, params: Params) -> Params:
        """Return settings for the binned image."""
        return binned_params(params, self.factor)

    def place(self, pixel: tuple[int, ...]) -> tuple[int, ...]:
        """Return the pixel of the image in the middle of one of the binned image."""
        *outer, row, column = pixel
        return (*outer, row * self.factor + self.factor // 2, column * self.factor + self.factor // 2)

    def reduced(self, command: Command | None) -> Command | None:
        """Return a command to a run on the image as one to a run on the binned image."""
        if isinstance(command, NewStrokes) and isinstance(command.strokes, np.ndarray):
            return NewStrokes(self.strokes(command.strokes))
        return command

    def tree(self, found: Hierarchy | LinkedTrees | None) -> Hierarchy | LinkedTrees | None:
        """Return a merge tree over the same regions at the size of the image."""
        if found is None:
            return None
        if isinstance(found, Hierarchy):
            return self._plane_tree(found)
        parts = (self.tree(part) for part in found.parts)
        return LinkedTrees([part for part in parts if part is not None], numbered_alike=found.numbered_alike)

    def agreement(self, found: Agreement | None) -> Agreement | None:
        """Return the agreement of runs on the same regions at the size of the image."""
        if found is None:
            return None
        tree = self._plane_tree(found.hierarchy)
        return Agreement(tree, found.saliencies * self.factor, replace(found.borders, index=tree.index))

    def _plane_tree(self, found: Hierarchy) -> Hierarchy:
        in_memory = isinstance(found.index, np.ndarray)
        index: Any = self.enlarged(found.index) if in_memory else Enlarged(found.index, self)
        # Altitudes weigh areas against lengths, so they grow with the side of a pixel.
        return replace(found, index=index, altitudes=found.altitudes * self.factor)

    def enlarged_file(self, labels: np.memmap[Any, Any]) -> NDArray[Any]:
        """Return labels (Y, X) that are mapped from a file at the size of the image, from a file beside it."""
        view = Enlarged(labels, self)
        file = LabelFile(view.shape, at=Path(str(labels.filename)).with_name("enlarged.npy"), dtype=labels.dtype)
        for window in blocks(view.shape, PAINTED_SIDE):
            file[window] = view[window]
        return file.array()


@dataclass(frozen=True, eq=False)
class Enlarged:
    """Labels of a binned plane at the size of the image, made where they are read.

    Attributes
    ----------
    labels : (Y, X) int, read by windows
    binning : Binning
    """

    labels: Any
    binning: Binning

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the image (Y, X)."""
        return self.binning.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of pixels."""
        return math.prod(self.shape)

    def __getitem__(self, window: Window) -> NDArray[Any]:
        """Return the labels of a window."""
        rows, columns = (
            np.minimum(np.arange(*side.indices(n)) // self.binning.factor, small - 1)
            for side, n, small in zip(window, self.shape, self.labels.shape, strict=True)
        )
        seen = np.asarray(self.labels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
        found: NDArray[Any] = seen[(rows - rows[0])[:, None], columns - columns[0]]
        return found


def binned_params(params: Params, factor: int) -> Params:
    """Return the settings for the smaller image: what counts pixels counts fewer."""
    if factor == 1:
        return params
    smallest, largest = (round(size / factor**2) for size in (Objects.of(params).least_pixels, params.max_object))
    largest = max(1, largest) if params.max_object else 0
    return params.replace(min_object=max(1, smallest), max_object=largest).marked(params.given)


def binned_strokes(strokes: NDArray[Any], factor: int) -> NDArray[Any]:
    """Return strokes (..., Y, X) on a binned image: of each square of pixels the highest number that is drawn in it."""
    factors = (1,) * (strokes.ndim - len(PLANE)) + (factor,) * len(PLANE)
    whole = tuple(slice(0, n // f * f) for n, f in zip(strokes.shape, factors, strict=True))
    found: NDArray[Any] = block_reduce(strokes[whole], factors, np.max)
    return found

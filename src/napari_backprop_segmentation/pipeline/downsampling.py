"""Planes that show things larger than need be: seen at a fraction of their size, answered at their own."""

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.linking import LinkedTrees
from napari_backprop_segmentation.hierarchy.region_graph import border_faces, graph_of
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.network.step import Command, NewStrokes, Step
from napari_backprop_segmentation.pipeline.binning_factor import binned_strokes
from napari_backprop_segmentation.pipeline.segmentation import Offer, Segmentation

Steps = Generator[Step, Command | None, Segmentation]


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

    def reduced(self, command: Command | None) -> Command | None:
        """Return a command to a run on the image as one to a run on the binned image."""
        if isinstance(command, NewStrokes) and isinstance(command.strokes, np.ndarray):
            return NewStrokes(binned_strokes(command.strokes, self.factor))
        return command

    def tree(self, found: Hierarchy | LinkedTrees | None) -> Hierarchy | LinkedTrees | None:
        """Return a merge tree over the same regions at the size of the image."""
        if found is None:
            return None
        if isinstance(found, Hierarchy):
            return self._plane_tree(found)
        parts = (self.tree(part) for part in found.parts)
        return LinkedTrees([part for part in parts if part is not None])

    def offer(self, found: Offer) -> Offer:
        """Return a reading at the size of the image."""
        return replace(found, labels=lambda: self.enlarged(found.labels()))

    def agreement(self, found: Agreement | None) -> Agreement | None:
        """Return the agreement of runs on the same regions at the size of the image."""
        if found is None:
            return None
        tree = self._plane_tree(found.hierarchy)
        return Agreement(tree, found.saliencies * self.factor, border_faces(graph_of(tree.index)))

    def _plane_tree(self, found: Hierarchy) -> Hierarchy:
        # Altitudes weigh areas against lengths, so they grow with the side of a pixel.
        return replace(found, index=self.enlarged(found.index), altitudes=found.altitudes * self.factor)


def enlarged(steps: Steps, binning: Binning) -> Steps:
    """Take the steps of a run on a binned image; show and return everything at the size of the image."""
    if binning.factor == 1:
        return (yield from steps)
    command: Command | None = None
    try:
        while True:
            asked = yield steps.send(command).enlarged(binning.enlarged)
            command = binning.reduced(asked)
    except StopIteration as done:
        found: Segmentation = done.value
    finally:
        steps.close()
    return replace(
        found,
        labels=binning.enlarged(found.labels),
        hierarchy=binning.tree(found.hierarchy),
        agreement=binning.agreement(found.agreement),
        look=None if found.look is None else lambda: [binning.offer(each) for each in found.readings],
    )

"""What strokes have led to, at the size of the image."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.pipeline.binned import Binning
from napari_backprop_segmentation.teaching.strokes import Taught, most_doubtful


@dataclass(frozen=True)
class Answer:
    """What strokes have led to.

    Attributes
    ----------
    labels : (*spatial) int array
        What is drawn has the number it was drawn with; objects are numbered from 1, and 0 is the ground.
    binning : Binning
        How the image was seen.
    taught : sequence of Taught
        How sure this is, for each frame or slice as it was seen; empty where nothing was learned.
    """

    labels: NDArray[Any]
    binning: Binning
    taught: Sequence[Taught] = field(default=(), repr=False)

    @property
    def doubt(self) -> NDArray[np.float32] | None:
        """How doubtful each pixel (*spatial) is, from 0 to 1; None where nothing was learned."""
        if not self.taught:
            return None
        doubt = self.binning.enlarged(np.stack([each.doubt for each in self.taught]))
        return doubt.reshape(self.labels.shape)

    def doubtful_place(self, number: int = 0) -> tuple[int, ...] | None:
        """Return the most doubtful pixel, or that of the next doubtful region; None where nothing was learned.

        Parameters
        ----------
        number : int
            0 for the most doubtful region, 1 for the next one, and so on.
        """
        if not self.taught:
            return None
        part, pixel = most_doubtful(self.taught, number)
        outer = self.labels.shape[: self.labels.ndim - len(pixel)]
        first = tuple(int(i) for i in np.unravel_index(part, outer)) if outer else ()
        return first + self.binning.place(pixel)

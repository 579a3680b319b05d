"""What is asked of one run, settled: from here on nothing of it changes."""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.merge import Merge, merge_regions
from napari_backprop_segmentation.image.kept_blocks import HERE, Work
from napari_backprop_segmentation.image.output import Output
from napari_backprop_segmentation.image.ridges import Ridges
from napari_backprop_segmentation.image.source import ArraySource, Part, Place
from napari_backprop_segmentation.network.fallback import Less, Plan
from napari_backprop_segmentation.network.model import Model, Start
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.binned import Binning
from napari_backprop_segmentation.teaching.pointed import HOW_ALIKE, Example

Progress = Callable[[int, int], None]
READINGS = "readings"  # name of what is kept of which one a large image has


@dataclass(frozen=True)
class Job:
    """One run.

    Attributes
    ----------
    source : ArraySource
        The image, binned already where it is.
    image_shape : tuple of int
        (C, *spatial) of the image before it was binned.
    params : Params
        The settings that hold for `source`.
    recorded : Params
        The same for the image before it was binned.
    kind : str, optional
        The preset that was taken for this kind of image, where that was left open.
    iterated : str
        The axes that are gone through one by one, see `iterated_axes`.
    plan : Plan
        For one frame or slice.
    merges : bool
        Whether regions are merged; what was drawn keeps the numbers it was drawn with.
    in_blocks : bool
        Whether regions are merged block by block, as the image does not fit the memory or is written piece by piece.
    merge : Merge
        Who builds merge trees.
    ridges : Ridges, optional
        Where regions or objects are what lies between lines: which ones, decided once for all of the image.
    strokes : (*spatial) int array, optional
        On the image as it is seen.
    drawn : (*spatial) int array, optional
        The same on the image as it was given.
    model : Model, optional
        Trained before: nothing is trained.
    start : Model or Kept, optional
        What training goes on from.
    go_on : bool
        Whether it does; if not, its result is what a training that ended there would have had.
    keep_weights : bool
        Whether steps know what the network has learned.
    out : Output, optional
        Where labels are written piece by piece.
    progress : callable, optional
        Hears how many frames and slices of a series are labelled, and of how many.
    fixed : (*spatial) int64 array, optional
        Labels that stay as they are, on the image as it was given.
    judges : bool
        Whether the best of all readings is taken, as nothing of what is wanted was said.
    read_as : str
        Name of the reading that all frames of a series have, where one was found to be the best.
    sure : float, optional
        About which F1 to expect of what is found, where some frames or samples of the image were looked at.
    examples, counter_examples : sequence of masks (*spatial), pixels, and pixels with a size
        What the user has pointed at: all alike objects are wanted.
    how_alike : float
        From 0, everything, to 1.
    notes : tuple of str
        What is done otherwise than was asked for, beside what the plan says of it, in clauses.
    work : Work
        Who does the blocks of an image that is done in blocks.
    less : Less
        How the run goes on where memory runs out; the one thing here that comes to know something during the run.
    """

    source: ArraySource
    image_shape: tuple[int, ...]
    params: Params
    recorded: Params
    kind: str | None
    iterated: str
    plan: Plan
    merges: bool
    merge: Merge
    in_blocks: bool = False
    ridges: Ridges | None = None
    strokes: NDArray[np.integer[Any]] | None = None
    drawn: NDArray[np.integer[Any]] | None = None
    model: Model | None = None
    start: Start | None = None
    go_on: bool = True
    keep_weights: bool = False
    out: Output | None = None
    progress: Progress | None = None
    fixed: NDArray[np.int64] | None = None
    judges: bool = False
    read_as: str = ""
    sure: float | None = None
    examples: Sequence[Example] | None = None
    counter_examples: Sequence[Example] = ()
    how_alike: float = HOW_ALIKE
    notes: tuple[str, ...] = ()
    work: Work = HERE
    less: Less = field(default_factory=Less)

    @property
    def binning(self) -> Binning:
        """How the image is seen."""
        height, width = self.image_shape[-2:]
        return Binning(self.source.preparation.binning, (height, width))

    @property
    def seen_strokes(self) -> NDArray[np.integer[Any]] | None:
        """The strokes that the network sees while it is trained."""
        return self.strokes if self.params.strokes_as == "network" else None

    @property
    def judged(self) -> dict[str, Any]:
        """What is recorded of a reading that was chosen on some frames or samples."""
        reading = {"reading": self.read_as} if self.read_as else {}
        return reading if self.sure is None else {**reading, "sure": self.sure}

    @property
    def part(self) -> Part:
        """The first frame or slice; of a single image all of it."""
        return self.source.at((0,) * len(self.iterated))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Lengths of the axes that are gone through."""
        return self.source.shape[1 : 1 + len(self.iterated)]

    @property
    def learns(self) -> bool:
        """Whether there is a network."""
        return self.model is not None or self.params.trains

    def elsewhere(self) -> "Job":
        """Return what another process needs of it to look at a part of the image: the rest stays here."""
        return replace(
            self,
            merge=merge_regions,
            strokes=None,
            drawn=None,
            model=None,
            start=None,
            out=None,
            progress=None,
            fixed=None,
            examples=None,
            counter_examples=(),
            work=HERE,
            less=Less(),
        )

    def places(self) -> Iterator[Place]:
        """Yield all frames and slices in order, and tell of each once it is done with."""
        for number, place in enumerate(self.source.places(len(self.iterated)), start=1):
            yield place
            if self.progress is not None:
                self.progress(number, math.prod(self.sizes))

"""What is drawn, what is asked about it, and what that has come to, as values. No Qt and no layers here."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.pipeline.answer import Answer
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation


@dataclass(frozen=True, eq=False)
class Seen:
    """What is drawn, at one moment.

    Attributes
    ----------
    strokes : (*spatial) int array
        A copy, with the axes of the layer.
    counts : dict of int to int
        How many pixels of each number are drawn.
    """

    strokes: NDArray[Any] = field(default_factory=lambda: np.zeros(0, np.uint16), repr=False)
    counts: dict[int, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        """How many pixels are drawn."""
        return sum(self.counts.values())


@dataclass(frozen=True, eq=False)
class Question:
    """What is asked of who answers strokes.

    Attributes
    ----------
    segmentation : Segmentation
    seen : Seen
    strokes : (*spatial) int array
        The same on the image of the run.
    params : Params
    before : int array
        What is shown now, of any shape with as many pixels.
    comparable : bool
        Whether that is an answer of the same meaning.
    with_doubt : bool
        Whether doubt is shown.
    """

    segmentation: "Segmentation"
    seen: Seen
    strokes: NDArray[Any] = field(repr=False)
    params: Params
    before: NDArray[Any] = field(repr=False)
    comparable: bool = False
    with_doubt: bool = False

    @property
    def same(self) -> tuple[Any, ...]:
        """What must be the same for the same answer."""
        wanted = tuple(self.params.to_dict().items())
        return id(self.segmentation), id(self.seen), wanted, self.with_doubt


@dataclass(frozen=True, eq=False)
class Answered:
    """What strokes have led to.

    Attributes
    ----------
    question : Question
    answer : Answer
    labels : (*spatial) int array
        Of the answer, in the type of number that is shown already where that holds them: napari draws a layer anew for
        another one, which takes long.
    number : int
        Of objects, or of what was drawn.
    runs : dict
        What was drawn, in plain values; see `teaching.plain.runs_of`.
    changed : (*spatial) bool array
        Where the labels are others than before.
    share : float
        How much of the image that is, from 0 to 1.
    doubt : (*spatial) float32 array, optional
    """

    question: Question
    answer: "Answer"
    labels: NDArray[Any] = field(repr=False)
    number: int
    runs: dict[str, list[list[int]]] = field(repr=False)
    changed: NDArray[np.bool_] = field(repr=False)
    share: float
    doubt: NDArray[np.float32] | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a question has come to."""

    question: Question
    found: "Answered | Failure"

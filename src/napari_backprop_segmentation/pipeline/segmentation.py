"""The one result of a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Protocol

from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.consensus import Agreement
from napari_backprop_segmentation.hierarchy.linking import LinkedTrees
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.answer import Answer
from napari_backprop_segmentation.pipeline.finder import Finder
from napari_backprop_segmentation.teaching.lesson import Lesson


class Teaching(Protocol):
    """Answers strokes; see `pipeline.teacher.Teacher`."""

    def prepare(self) -> None:
        """Find out what the image looks like, which takes seconds and is done once."""
        ...

    def answer(self, strokes: NDArray[Any], params: Params) -> Answer:
        """Return what strokes (*spatial) lead to, by the settings of `Teaching` and `Objects`."""
        ...

    def lesson(self, strokes: NDArray[Any], params: Params) -> Lesson:
        """Return what strokes (*spatial) teach of kinds, for other images."""
        ...

    def follow(self, lesson: Lesson, params: Params) -> Answer:
        """Return the kinds that were taught on another image."""
        ...


@dataclass(frozen=True)
class Offer:
    """One way in which objects can be seen in an image.

    Attributes
    ----------
    name : str
        What they are: bright, dark, between bright lines, ...
    count : int
        How many there are.
    score : float
        How good it is by what can be measured without labels, about 0 to 1.
    labels : callable
        Returns the objects (*spatial), numbered from 1; 0 is the ground.
    """

    name: str
    count: int
    score: float
    labels: Callable[[], NDArray[Any]] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What a run ends with.

    Attributes
    ----------
    labels : (*spatial) int array
        Merged regions and objects are numbered 1, 2, 3, ... (0 is the ground of objects); labels as trained by channel
        of the network from 1, with gaps.
    model : Model or None
        The trained network, of several runs the first one; None for the methods without one.
    hierarchy : Hierarchy, LinkedTrees or None
        The merge tree that `labels` is one cut of, linked trees for a series; None where regions are not merged.
    agreement : Agreement or None
        How stable borders are from run to run, where there were several; `hierarchy` is then their consensus.
    recount : callable or None
        Counts objects again, under other settings of `Objects`, without another run; None where regions are shown, and
        for series.
    record : dict
        Everything needed to repeat the run: settings, axes, versions, device, why it stopped. Plain values only.
    """

    labels: NDArray[Any]
    model: Model | None = None
    hierarchy: Hierarchy | LinkedTrees | None = None
    agreement: Agreement | None = None
    record: dict[str, Any] = field(default_factory=dict)
    look: Callable[[], Sequence[Offer]] | None = field(default=None, repr=False, compare=False)
    recount: Callable[[Params], NDArray[Any]] | None = field(default=None, repr=False, compare=False)
    teach: Callable[[], Teaching] | None = field(default=None, repr=False, compare=False)
    find: Callable[[], Finder] | None = field(default=None, repr=False, compare=False)

    @cached_property
    def readings(self) -> tuple[Offer, ...]:
        """Other ways in which objects can be seen in the image, the best first; looked for when first asked.

        Empty for series, and where there is no merge tree. ``Params(reading=n)`` takes the n-th of them.
        """
        return () if self.look is None else tuple(self.look())

    @cached_property
    def teacher(self) -> Teaching | None:
        """Who answers strokes on this image in a moment, without another run; None where there is no merge tree."""
        return None if self.teach is None else self.teach()

    @cached_property
    def finder(self) -> Finder | None:
        """What finds objects like examples in the image; made when first asked, which takes seconds and memory.

        None for series, for classes, and where there is no merge tree.
        """
        return None if self.find is None else self.find()

    @property
    def stopped_by(self) -> str:
        """Why the run ended, in words."""
        return str(self.record["stopped_by"])

    def noted(self, facts: Mapping[str, Any]) -> "Segmentation":
        """Return this with further entries in its record."""
        return replace(self, record={**self.record, **facts})

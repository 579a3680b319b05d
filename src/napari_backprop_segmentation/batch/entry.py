"""How far one image of a batch is, and what was found in it: a row of a table, in the terminal and in the window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.image.labels import numbers_in, parts_of
from napari_backprop_segmentation.objects.measure import POWERS, length_unit
from napari_backprop_segmentation.pipeline.messages import noun

TIME = "T"
DONE_BEFORE = "done before, and nothing has changed since"


class State(Enum):
    """How far an image is."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped early"  # what was found so far is kept, and the next start does it again
    FAILED = "failed"


@dataclass(frozen=True)
class Found:
    """What was found in an image, in numbers.

    Attributes
    ----------
    count : int
        Of objects, regions or classes; of a series, over all frames.
    of : str
        What was counted: objects, labels, classes, ...
    mean_size : float, optional
        Area or volume of one in one frame; None where there is none.
    unit : str
        Of the size, such as µm² or px³.
    """

    count: int
    of: str
    mean_size: float | None
    unit: str

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, for a record."""
        return {"count": self.count, "of": self.of, "mean_size": self.mean_size, "unit": self.unit}

    @classmethod
    def from_dict(cls, told: Mapping[str, Any]) -> Self:
        """Return what `to_dict` has told.

        Raises
        ------
        KeyError
            If something is missing.
        """
        return cls(told["count"], told["of"], told["mean_size"], told["unit"])


def found_in(
    labels: NDArray[Any], record: Mapping[str, Any], spacing: Sequence[float] | None = None, unit: str = ""
) -> Found:
    """Count labels (*spatial), and return how large they are on average.

    Parameters
    ----------
    labels : (*spatial) int
        Without negative numbers.
    record : mapping
        Of the run.
    spacing : sequence of float, optional
        Size of a pixel along each of Z, Y, X that is there; 1 if left out.
    unit : str
        Of `spacing`.
    """
    series = TIME in record["axes"]
    frames = labels if series else labels[None]
    numbers: set[int] = set()
    pieces = pixels = 0
    for frame in frames:
        there = numbers_in(frame)
        there = there[there > 0]
        numbers.update(there.tolist())
        pieces, pixels = pieces + len(there), pixels + sum(int(np.count_nonzero(part)) for part in parts_of(frame))
    sizes = tuple(spacing or (1.0,))
    ndim = frames.ndim - 1
    mean = pixels / pieces * float(np.prod(sizes)) if pieces else None
    return Found(len(numbers), noun(0, record), mean, f"{length_unit(sizes, unit)}{POWERS[ndim]}")


@dataclass(frozen=True)
class Entry:
    """One image of a batch.

    Attributes
    ----------
    name : str
        What the user knows it by.
    state : State
    found : Found, optional
    seconds : float, optional
        How long it took.
    message : str
        Why it failed, or what else should be known.
    line : str
        What was written and found, all in one line.
    result : Segmentation, optional
        Where it is shown rather than written.
    """

    name: str
    state: State = State.WAITING
    found: Found | None = None
    seconds: float | None = None
    message: str = ""
    line: str = ""
    result: Any = field(default=None, repr=False, compare=False)

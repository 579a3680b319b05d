"""What is seen of a training run from outside, and what can be told to it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class NewStrokes:
    """Tells a run that the user has drawn something else.

    Attributes
    ----------
    strokes : (*spatial) int array, or a sequence of them and None
        From 1; 0 where nothing is drawn. Several where training sees several images, one for each.
    """

    strokes: NDArray[np.integer[Any]] | Sequence[NDArray[np.integer[Any]] | None]


Command = Literal["stop"] | NewStrokes


@dataclass(frozen=True)
class Step:
    """One training iteration: a snapshot, which says the same whenever it is asked.

    Numbers and labels stay on the device until they are asked for, so an unwatched run never waits for a copy.

    Attributes
    ----------
    iteration : int
        From 1.
    seconds : float
        Wall time since the run began.
    place : tuple of int
        Which frame or slice of a series is looked at: indices along the first axes of the label image. `labels` has
        the axes that are left. Empty for a single image.
    run : (int, int)
        Which training this is, and of how many with different seeds.
    """

    iteration: int
    seconds: float
    _render: Callable[[], NDArray[Any]] = field(repr=False)
    _numbers: Tensor = field(repr=False)  # number of labels, share that changed, then the losses
    _weights: Mapping[str, float] = field(repr=False)  # of each loss, in the same order
    place: tuple[int, ...] = ()
    run: tuple[int, int] = (1, 1)
    _learned: Mapping[str, Tensor] | None = field(default=None, repr=False)  # after the update

    @cached_property
    def _values(self) -> list[float]:
        return self._numbers.to("cpu", copy=True).tolist()  # waits for the device

    @property
    def n_labels(self) -> int:
        """How many labels are in use before the update of this iteration."""
        return int(self._values[0])

    @property
    def changed(self) -> float:
        """Share of pixels whose label differs from the previous iteration, from 0 to 1."""
        return self._values[1]

    @property
    def losses(self) -> dict[str, float]:
        """The unweighted losses by their names, see `network.losses`; 0 for those that have no part in the run."""
        return dict(zip(self._weights, self._values[2:], strict=True))

    @property
    def loss(self) -> float:
        """The weighted sum that is minimised."""
        return sum(self._weights[name] * value for name, value in self.losses.items())

    @property
    def labels(self) -> NDArray[Any]:
        """The label image (*spatial) before the update of this iteration, numbered from 1; a fresh copy.

        Where training sees crops of a large image, this is a coarse preview: the network as it was then, on a reduced
        copy.
        """
        return self._render()

    @property
    def weights(self) -> dict[str, NDArray[np.float32]] | None:
        """What the network has learned after the update, by the names of its parameters; None unless it is kept."""
        if self._learned is None:
            return None
        return {name: weight.cpu().numpy() for name, weight in self._learned.items()}  # waits for the device

    def enlarged(self, enlarge: Callable[[NDArray[Any]], NDArray[Any]]) -> "Step":
        """Return this step with `labels` at another size."""
        return replace(self, _render=lambda: enlarge(self._render()))

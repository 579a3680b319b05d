"""What a term of the loss is, and what it is computed from."""

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from napari_backprop_segmentation.params.sections import Training


@dataclass(frozen=True)
class Targets:
    """What each pixel's response is pulled towards.

    Attributes
    ----------
    labels : (*spatial) int64
        The target label: the voted one, or the user's where there is a stroke.
    stroked : (*spatial) bool, optional
        Where the user has drawn.
    dice : torch.Generator, optional
        Of the processor; what is drawn at random is drawn from it. Torch's own if left out.
    """

    labels: Tensor
    stroked: Tensor | None = None
    dice: torch.Generator | None = None


class Block:
    """Some lines of the responses.

    Parameters
    ----------
    response : (*spatial, Q) tensor
        All of it.
    labels : (*spatial) int64
        The targets of all of it.
    lines : slice
        Of the first axis: those of this block.
    dtype : torch.dtype
        To compute in.

    Attributes
    ----------
    values : (lines, ..., Q) tensor
    following : (0 or 1, ..., Q) tensor
        The line after the block, if there is one.
    gradient : (lines, ..., Q) tensor
        What all terms have added so far.
    """

    def __init__(self, response: Tensor, labels: Tensor, lines: slice, dtype: torch.dtype) -> None:
        self.lines = lines
        self.values = response[lines].to(dtype)
        self.following = response[lines.stop : lines.stop + 1].to(dtype)
        self.gradient: Tensor | None = None
        self._labels = labels[lines].unsqueeze(-1)

    @cached_property
    def surprise(self) -> tuple[Tensor, Tensor]:
        """The cross-entropy (lines, ..., 1) of each pixel with its target, and its gradient (lines, ..., Q)."""
        probability = torch.softmax(self.values, dim=-1)
        values = -probability.gather(-1, self._labels).clamp_(min=torch.finfo(probability.dtype).tiny).log_()
        probability.scatter_add_(-1, self._labels, probability.new_full((1,), -1.0).expand(self._labels.shape))
        return values, probability

    def add(self, gradient: Tensor) -> None:
        """Add the weighted gradient of a term."""
        self.gradient = gradient if self.gradient is None else self.gradient.add_(gradient)


class Loss:
    """One term of the sum that is minimised, for one iteration.

    Parameters
    ----------
    response : (*spatial, Q) tensor
    targets : Targets
    weight : float
    """

    name: ClassVar[str]

    def __init__(self, response: Tensor, targets: Targets, weight: float) -> None:
        self.weight = weight

    @classmethod
    def weight_of(cls, settings: Training, has_strokes: bool) -> float:
        """Return the weight of this term in a run; 0 where it has no part in it."""
        raise NotImplementedError

    def visit(self, block: Block) -> Tensor:
        """Add the weighted gradient to a block, and return the share of the unweighted loss; blocks come in order."""
        raise NotImplementedError

    def scatter(self, gradient: Tensor) -> Tensor | float:
        """Add the weighted gradient at single pixels (*spatial, Q) once blocks are through, and return their loss."""
        return 0.0

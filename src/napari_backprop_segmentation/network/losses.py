"""The losses, as named terms, and the gradient of their sum in one pass over the responses.

Autograd would write several full-size copies of the responses (one-hot labels, log-softmax, differences); here blocks
of lines small enough for the cache are visited once, and only the gradient is written. A new loss is one more class in
`LOSSES`, with a weight among the settings: log, chart and record show it under its name.
"""

from collections.abc import Mapping

import torch
from torch import Tensor

from napari_backprop_segmentation.network.batchnorm import cache_blocks
from napari_backprop_segmentation.network.cooccurrence import CoOccurrence
from napari_backprop_segmentation.network.loss_terms import Block, Loss, Targets
from napari_backprop_segmentation.params.sections import Training


class _CrossEntropy(Loss):
    """Cross-entropy with the target label, as the mean over some of the pixels."""

    share: Tensor | float  # of each pixel in the mean: (*spatial, 1), or one number where all pixels are alike

    def visit(self, block: Block) -> Tensor:
        """See `Loss`."""
        values, gradient = block.surprise
        share = self.share[block.lines] if isinstance(self.share, Tensor) else self.share
        block.add(gradient * (self.weight * share))
        return (values * share).sum()


class Similarity(_CrossEntropy):
    r"""How unsure the network is of the labels it has itself given, after they were made to agree.

    With responses :math:`r_{nk}` of pixel n, targets :math:`c_n` and pixels U without a stroke,
    :math:`L = \tfrac{1}{|U|} \sum_{n \in U} -\log \mathrm{softmax}(r_n)_{c_n}` (Kanezaki 2018, section 2; Kim, Kanezaki
    and Tanaka 2020, equation 2).
    """

    name = "similarity"

    def __init__(self, response: Tensor, targets: Targets, weight: float) -> None:
        super().__init__(response, targets, weight)
        self.share = 1.0 / targets.labels.numel()
        if targets.stroked is not None:
            free = 1 - targets.stroked.float().unsqueeze(-1)
            self.share = free / free.sum().clamp(min=1)

    @classmethod
    def weight_of(cls, settings: Training, has_strokes: bool) -> float:
        """See `Loss`."""
        return settings.similarity_weight


class Continuity(Loss):
    r"""How much neighbouring responses differ: :math:`L = \sum_{axes} \mathrm{mean} |r_{n+1} - r_n|`.

    Kim, Kanezaki and Tanaka 2020, equation 3.
    """

    name = "continuity"

    def __init__(self, response: Tensor, targets: Targets, weight: float) -> None:
        super().__init__(response, targets, weight)
        # Differences along each axis; at least 1, so that they can divide.
        self._counts = [max(1, response.numel() // size * (size - 1)) for size in response.shape[:-1]]
        self._owed: Tensor | None = None  # what the last difference of a block adds to the first line of the next

    @classmethod
    def weight_of(cls, settings: Training, has_strokes: bool) -> float:
        """See `Loss`; superpixels have no continuity term."""
        return settings.continuity_weight if settings.method == "continuity" else 0.0

    def visit(self, block: Block) -> Tensor:
        """See `Loss`."""
        part = torch.zeros_like(block.values) if block.gradient is None else block.gradient
        value = part.new_zeros(())
        if self._owed is not None:
            part[0] += self._owed
            self._owed = None
        for axis, count in enumerate(self._counts):
            difference = torch.diff(block.values, dim=axis, append=block.following if axis == 0 else None)
            value += difference.abs().sum() / count
            step = difference.sign_().mul_(self.weight / count)
            n = step.shape[axis]
            part.narrow(axis, 0, n).sub_(step)
            if axis == 0 and len(block.following):
                self._owed, step, n = step[-1], step[:-1], n - 1
            part.narrow(axis, 1, n).add_(step)
        block.gradient = part
        return value


class Strokes(_CrossEntropy):
    r"""How unsure the network is of what the user has drawn.

    With stroked pixels S and their kinds :math:`c_n`,
    :math:`L = \tfrac{1}{|S|} \sum_{n \in S} -\log \mathrm{softmax}(r_n)_{c_n}` (Kim, Kanezaki
    and Tanaka 2020, section on
    scribbles).
    """

    name = "strokes"

    def __init__(self, response: Tensor, targets: Targets, weight: float) -> None:
        super().__init__(response, targets, weight)
        self.share = 0.0
        if targets.stroked is not None:
            drawn = targets.stroked.float().unsqueeze(-1)
            self.share = drawn / drawn.sum().clamp(min=1)

    def visit(self, block: Block) -> Tensor:
        """See `Loss`; of several images that are trained on, nothing may be drawn in some."""
        return block.values.new_zeros(()) if isinstance(self.share, float) else super().visit(block)

    @classmethod
    def weight_of(cls, settings: Training, has_strokes: bool) -> float:
        """See `Loss`."""
        return settings.stroke_weight if has_strokes else 0.0


LOSSES: tuple[type[Loss], ...] = (Similarity, Strokes, Continuity, CoOccurrence)
LOSS_NAMES = tuple(loss.name for loss in LOSSES)


def loss_weights(settings: Training, has_strokes: bool) -> dict[str, float]:
    """Return the weight of each loss by its name; 0 for those that have no part in a run."""
    return {loss.name: loss.weight_of(settings, has_strokes) for loss in LOSSES}


def losses_and_gradient(response: Tensor, targets: Targets, weights: Mapping[str, float]) -> tuple[Tensor, Tensor]:
    """Return the unweighted losses and the gradient of their weighted sum.

    Parameters
    ----------
    response : (1, Q, *spatial) float32 or bfloat16
        Network output, channels last in memory (else it is copied).
    targets : Targets
    weights : mapping of str to float
        Of the losses by their names. What has none is not computed, and counts as 0; `Similarity` always is.

    Returns
    -------
    losses : (len(LOSSES),) float32
        In the order of `LOSSES`; on the device, not synchronised.
    gradient : like `response`
    """
    r = response.detach()[0].movedim(0, -1)  # (*spatial, Q)
    gradient = torch.empty_like(r, memory_format=torch.contiguous_format)
    dtype = torch.promote_types(r.dtype, torch.float32)
    sums = torch.zeros(len(LOSSES), dtype=dtype, device=r.device)
    terms = [
        (number, loss(r, targets, weights.get(loss.name, 0.0)))
        for number, loss in enumerate(LOSSES)
        if loss is Similarity or weights.get(loss.name)
    ]
    for lines in cache_blocks(r):
        block = Block(r, targets.labels, lines, dtype)
        for number, term in terms:
            sums[number] += term.visit(block)
        if block.gradient is not None:  # the first term always adds one
            gradient[lines] = block.gradient
    for number, term in terms:
        sums[number] += term.scatter(gradient)
    return sums, gradient[None].movedim(-1, 1)  # strides as torch has them: its fast kernels look at them

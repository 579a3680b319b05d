"""The three losses and their gradient in one pass over the responses.

Autograd would write several full-size copies of the responses (one-hot labels, log-softmax, differences); here blocks
of lines small enough for the cache are visited once, and only the gradient is written.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from napari_backprop_segmentation.network.batchnorm import cache_blocks


@dataclass(frozen=True)
class Targets:
    """What each pixel's response is pulled towards.

    Attributes
    ----------
    labels : (*spatial) int64
        The target label: the voted one, or the user's where there is a scribble.
    scribbled : (*spatial) bool, optional
        Where the user has drawn.
    """

    labels: Tensor
    scribbled: Tensor | None = None


@dataclass(frozen=True)
class Weights:
    """Weights of the losses; a continuity of zero leaves that term out."""

    similarity: float = 1.0
    continuity: float = 0.0
    scribble: float = 0.0


def losses_and_gradient(response: Tensor, targets: Targets, weights: Weights) -> tuple[Tensor, Tensor]:
    r"""Return the three unweighted losses and the gradient of their weighted sum.

    With responses :math:`r_{nk}` of pixel n, targets :math:`c_n`, unscribbled pixels U and scribbled pixels S,

    .. math::
        L_{sim} = \tfrac{1}{|U|} \sum_{n \in U} -\log \mathrm{softmax}(r_n)_{c_n}, \quad
        L_{scr} = \tfrac{1}{|S|} \sum_{n \in S} -\log \mathrm{softmax}(r_n)_{c_n}, \quad
        L_{con} = \sum_{axes} \mathrm{mean} |r_{n+1} - r_n|

    (Kim, Kanezaki and Tanaka 2020, equations 1 to 3 and section on scribbles).

    Parameters
    ----------
    response : (1, Q, *spatial) float32 or bfloat16
        Network output, channels last in memory (else it is copied).
    targets : Targets
    weights : Weights

    Returns
    -------
    losses : (3,) float32
        Similarity, continuity, scribble; on the device, not synchronised.
    gradient : like `response`
    """
    r = response.detach()[0].movedim(0, -1)  # (*spatial, Q)
    gradient = torch.empty_like(r, memory_format=torch.contiguous_format)
    pull = _pull(targets, weights)
    dtype = torch.promote_types(r.dtype, torch.float32)
    sums = torch.zeros(3, dtype=dtype, device=r.device)
    owed: Tensor | None = None  # what the last difference of a block adds to the first line of the next
    for lines in cache_blocks(r):
        block = r[lines].to(dtype)
        part = _softmax_gradient(block, targets.labels[lines], [_cut(p, lines) for p in pull], sums)
        if weights.continuity:
            if owed is not None:
                part[0] += owed
            following = r[lines.stop : lines.stop + 1].to(dtype)
            owed = _continuity_gradient(block, following, part, (weights.continuity, _n_differences(r)), sums)
        gradient[lines] = part
    return sums, gradient[None].movedim(-1, 1)  # strides as torch has them: its fast kernels look at them


def _n_differences(r: Tensor) -> list[int]:
    """Return how many differences there are along each axis of (*spatial, Q); at least 1, so that they can divide."""
    return [max(1, r.numel() // size * (size - 1)) for size in r.shape[:-1]]


def _cut(value: Tensor | float, lines: slice) -> Tensor | float:
    return value[lines].unsqueeze(-1) if isinstance(value, Tensor) else value


def _pull(targets: Targets, weights: Weights) -> list[Tensor | float]:
    """Return each pixel's [gradient weight, similarity share, scribble share]; numbers where all pixels are alike."""
    if targets.scribbled is None:
        share = 1.0 / targets.labels.numel()
        return [weights.similarity * share, share, 0.0]
    drawn = targets.scribbled.float()
    similarity = (1 - drawn) / (1 - drawn).sum().clamp(min=1)
    scribble = drawn / drawn.sum().clamp(min=1)
    return [weights.similarity * similarity + weights.scribble * scribble, similarity, scribble]


def _softmax_gradient(block: Tensor, labels: Tensor, pull: list[Tensor | float], sums: Tensor) -> Tensor:
    """Return the gradient of both cross-entropies on a block (lines, ..., Q) and add their values to `sums`."""
    weight, similarity, scribble = pull
    labels = labels.unsqueeze(-1)
    probability = torch.softmax(block, dim=-1)
    surprise = -probability.gather(-1, labels).clamp_(min=torch.finfo(block.dtype).tiny).log_()
    sums[0] += (surprise * similarity).sum()
    if isinstance(scribble, Tensor):
        sums[2] += (surprise * scribble).sum()
    probability.scatter_add_(-1, labels, probability.new_full((1,), -1.0).expand(labels.shape))
    return probability.mul_(weight)


def _continuity_gradient(
    block: Tensor, following: Tensor, part: Tensor, scale: tuple[float, list[int]], sums: Tensor
) -> Tensor | None:
    """Add the continuity loss of a block to `sums` and its gradient to `part`; return what the next block is owed."""
    weight, counts = scale
    owed = None
    for axis, count in enumerate(counts):
        difference = torch.diff(block, dim=axis, append=following if axis == 0 else None)
        sums[1] += difference.abs().sum() / count
        step = difference.sign_().mul_(weight / count)
        n = step.shape[axis]
        part.narrow(axis, 0, n).sub_(step)
        if axis == 0 and len(following):
            owed, step, n = step[-1], step[:-1], n - 1
        part.narrow(axis, 1, n).add_(step)
    return owed

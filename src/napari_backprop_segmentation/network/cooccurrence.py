"""A further term of the loss: pixels that occur near each other respond alike."""

import torch
from torch import Tensor
from torch.nn import functional

from napari_backprop_segmentation.network.loss_terms import Block, Loss, Targets
from napari_backprop_segmentation.params.sections import Training

PAIRS = 1500  # in each iteration: each is told from the partners of all others
NEAR, FAR = 4.0, 12.0  # pixels between the two of a pair
TEMPERATURE = 0.3


class CoOccurrence(Loss):
    r"""How badly the responses of a pixel say which of many pixels lies near it.

    With pairs n of pixels `NEAR` to `FAR` pixels apart, and responses of unit length :math:`u_n` and :math:`v_n`,
    :math:`L = \tfrac{1}{N} \sum_n -\log \mathrm{softmax}_m(u_n \cdot v_m / \tau)_n` (InfoNCE: van den Oord, Li and
    Vinyals 2018, equation 4). What lies near each other mostly belongs to one thing (Isola, Zoran, Krishnan and
    Adelson, ECCV 2014). In neither paper of the method; with weight 0 the loss is the published one.
    """

    name = "cooccurrence"

    def __init__(self, response: Tensor, targets: Targets, weight: float) -> None:
        super().__init__(response, targets, weight)
        self._response = response
        shape = torch.tensor(response.shape[:-1])
        one = (torch.rand(PAIRS, len(shape), generator=targets.dice) * shape).long()
        way = functional.normalize(torch.randn(one.shape, generator=targets.dice), dim=1)
        far = NEAR + (FAR - NEAR) * torch.rand(PAIRS, 1, generator=targets.dice)
        other = torch.minimum((one + (way * far).round().long()).clamp(min=0), shape - 1)
        steps = torch.tensor([int(shape[axis + 1 :].prod()) for axis in range(len(shape))])
        self._places = torch.stack([(one * steps).sum(1), (other * steps).sum(1)]).to(response.device)

    @classmethod
    def weight_of(cls, settings: Training, has_strokes: bool) -> float:
        """See `Loss`."""
        return settings.cooccurrence_weight

    def visit(self, block: Block) -> Tensor:
        """See `Loss`; it has no part in most pixels."""
        return block.values.new_zeros(())

    def scatter(self, gradient: Tensor) -> Tensor:
        """See `Loss`."""
        dtype = torch.promote_types(gradient.dtype, torch.float32)
        flat = self._response.reshape(-1, self._response.shape[-1])
        with torch.enable_grad():
            pairs = flat[self._places].to(dtype).requires_grad_(True)  # (2, PAIRS, Q)
            one, other = functional.normalize(pairs, dim=-1)
            value = functional.cross_entropy(one @ other.T / TEMPERATURE, torch.arange(PAIRS, device=flat.device))
            (slope,) = torch.autograd.grad(value, pairs)
        slope = slope.flatten(0, 1).mul_(self.weight).to(gradient.dtype)
        gradient.view(flat.shape).index_add_(0, self._places.flatten(), slope)
        return value.detach()

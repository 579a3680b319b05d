"""Convolutions whose weights learn as fast with 256-bit vectors as with 512-bit ones."""

from typing import Any, cast

import torch
from torch import Tensor
from torch.nn import functional

FEW_CHANNELS = 12  # of the input, below which a copy of what flows back takes longer than it saves
# Where torch's library takes three to five times as long for the gradient of the weights with channels last in memory.
SLOW_INSTRUCTIONS = "AVX2"


def convolved(convolution: Any, x: Tensor) -> Tensor:
    """Return ``convolution(x)``, whose backward pass is the fastest that this processor offers.

    Parameters
    ----------
    convolution : nn.Conv2d or nn.Conv3d
        With padding that keeps the size.
    x : (1, C, *spatial) tensor
    """
    learns = torch.is_grad_enabled() and x.dtype == convolution.weight.dtype == torch.float32
    on_cpu = x.device.type == "cpu" and not torch.is_autocast_enabled("cpu")
    if not (learns and on_cpu and x.shape[1] >= FEW_CHANNELS and _slow()):
        return cast("Tensor", convolution(x))
    mode = "constant" if convolution.padding_mode == "zeros" else convolution.padding_mode
    padded = functional.pad(x, [1, 1] * (x.ndim - 2), mode=mode)
    return cast("Tensor", Convolution.apply(padded, convolution.weight, convolution.bias))  # type: ignore[no-untyped-call]


class Convolution(torch.autograd.Function):
    """A convolution without padding; for the gradient of its weights, channels come first in memory."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """Return the convolution (1, C', *spatial)."""
        ctx.save_for_backward(x, weight)
        return (functional.conv2d if x.ndim == len("NCYX") else functional.conv3d)(x, weight, bias)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor, Tensor]:
        """Return the gradients of the input, the weights and the bias."""
        x, weight = ctx.saved_tensors
        to_input = _backward(gradient, x, weight, [True, False, False])[0] if ctx.needs_input_grad[0] else None
        first = gradient.contiguous(), x.contiguous(), weight.contiguous()
        _, to_weight, to_bias = _backward(*first, [False, True, True])
        return to_input, to_weight, to_bias


def _backward(gradient: Tensor, x: Tensor, weight: Tensor, wanted: list[bool]) -> tuple[Tensor, Tensor, Tensor]:
    ndim = x.ndim - 2
    once, none = [1] * ndim, [0] * ndim
    found = torch.ops.aten.convolution_backward(
        gradient, x, weight, [len(weight)], once, none, once, False, none, 1, wanted
    )
    return cast("tuple[Tensor, Tensor, Tensor]", found)


def _slow() -> bool:
    return torch.backends.cpu.get_cpu_capability() == SLOW_INSTRUCTIONS

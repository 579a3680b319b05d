"""ReLU and batch norm as one operation that visits memory as seldom as possible.

On the CPU, torch's own batch norm with channels last takes longer than the convolutions around it. Here blocks of
pixels that fit the cache are visited once for the statistics and once for the result, forward and backward.
"""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

CACHE_BYTES = 1 << 21  # per block of one tensor: small enough for the caches, large enough to share among cores
EPSILON = 1e-5  # torch's default, used by the published code


def rows(x: Tensor) -> Tensor:
    """Return (N, C, *spatial) as a matrix (pixels, C); no copy where channels are last in memory."""
    return x.movedim(1, -1).reshape(-1, x.shape[1])


def cache_blocks(x: Tensor) -> Iterator[slice]:
    """Yield slices of the first axis that fit the cache; on other devices than the CPU one of all of it."""
    n = len(x)
    step = max(1, CACHE_BYTES // (4 * x[0].numel())) if x.device.type == "cpu" else n
    for start in range(0, n, step):
        yield slice(start, start + step)


class BatchNorm(torch.autograd.Function):
    """Batch norm over the pixels of one image, or of several at once, of ``relu(x)`` or of ``x``.

    With mean m and biased variance v of each channel over all pixels, ``y = (r - m) / sqrt(v + eps) * gamma + beta``,
    where ``r = relu(x)`` or ``x``. The input is overwritten by ``r``, unknown to autograd: allowed because it is the
    output of a convolution, which does not keep its output.

    In bfloat16, torch's own kernels do it: they are twice as fast as converted blocks. In float32 they are no faster
    and lose four digits, because they add up all pixels of a thread in single precision.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, gamma: Tensor, beta: Tensor, relu: bool) -> tuple[Tensor, Tensor, Tensor]:
        """Return y, and the mean and variance of each channel (C,) in float32."""
        ctx.relu = relu
        if x.dtype == torch.bfloat16:
            r = x.relu_() if relu else x
            y, mean, inverse = torch.native_batch_norm(r, gamma, beta, None, None, True, 0.0, EPSILON)
            ctx.save_for_backward(r, gamma, mean, inverse)
            variance = inverse**-2 - EPSILON
            ctx.mark_non_differentiable(mean, variance)
            return y, mean, variance
        r = rows(x)
        wide = accumulator(x)
        total = torch.zeros(2, r.shape[1], dtype=wide, device=x.device)
        for part in cache_blocks(r):
            block = r[part]
            if relu:
                block.relu_()
            total[0] += block.sum(0)
            total[1] += (block * block).sum(0)
        mean = total[0] / len(r)
        variance = (total[1] / len(r) - mean**2).clamp_(min=0)
        inverse = (variance + EPSILON).rsqrt()
        scale = gamma * inverse.to(gamma.dtype)
        shift = beta - mean.to(gamma.dtype) * scale
        y = torch.empty_like(x)
        out = rows(y)
        for part in cache_blocks(r):
            torch.addcmul(shift, r[part], scale, out=out[part])
        ctx.save_for_backward(x, gamma, mean, inverse)
        mean, variance = mean.to(gamma.dtype), variance.to(gamma.dtype)
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx: Any, grad_y: Tensor, *_: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        """Return the gradients of x, gamma and beta."""
        x, gamma, mean, inverse = ctx.saved_tensors
        if x.dtype == torch.bfloat16:
            dx, d_gamma, d_beta = torch.ops.aten.native_batch_norm_backward(
                grad_y, x, gamma, None, None, mean, inverse, True, EPSILON, [True, True, True]
            )
            if ctx.relu:
                torch.ops.aten.threshold_backward(dx, x, 0, grad_input=dx)
            return dx, d_gamma, d_beta, None
        r, dy = rows(x), rows(grad_y)
        total = torch.zeros(2, r.shape[1], dtype=mean.dtype, device=x.device)
        for part in cache_blocks(r):
            block = dy[part]
            total[0] += block.sum(0)
            total[1] += (block * r[part]).sum(0)
        d_beta = total[0]
        d_gamma = (total[1] - mean * d_beta) * inverse
        # dx = a dy + b r + c, the textbook gradient with the terms of each channel collected.
        a = gamma.to(mean.dtype) * inverse
        b = -a * inverse * d_gamma / len(r)
        c = -a * d_beta / len(r) - b * mean
        a, b, c = (v.to(x.dtype) for v in (a, b, c))
        dx = torch.empty_like(x)
        out = rows(dx)
        for part in cache_blocks(r):
            block = torch.addcmul(c, r[part], b).addcmul_(dy[part], a)
            if ctx.relu:
                torch.ops.aten.threshold_backward(block, r[part], 0, grad_input=out[part])
            else:
                out[part] = block
        return dx, d_gamma.to(gamma.dtype), d_beta.to(gamma.dtype), None


def accumulator(x: Tensor) -> torch.dtype:
    """Return the dtype in which block sums are added up: double, but on MPS, which has none."""
    return torch.float32 if x.device.type == "mps" else torch.float64

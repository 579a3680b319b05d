import numpy as np
import pytest
import torch
from torch.nn import functional

from napari_backprop_segmentation.network import batchnorm
from napari_backprop_segmentation.network.losses import Targets, Weights, losses_and_gradient


def by_autograd(response, targets, weights):
    """The same three losses from torch's own functions, differentiated by autograd."""
    response = response.detach().clone().requires_grad_()
    entropy = functional.cross_entropy(response, targets.labels[None], reduction="none")[0]
    drawn = torch.zeros_like(entropy, dtype=torch.bool) if targets.scribbled is None else targets.scribbled
    similarity = entropy[~drawn].mean()
    scribble = entropy[drawn].mean() if drawn.any() else torch.zeros(())
    continuity = sum(torch.diff(response[0], dim=axis).abs().mean() for axis in range(1, response.ndim - 1))
    total = weights.similarity * similarity + weights.continuity * continuity + weights.scribble * scribble
    total.backward()
    return torch.stack([similarity, continuity * bool(weights.continuity), scribble]).detach(), response.grad


@pytest.mark.parametrize("spatial", [(7, 5), (4, 5, 6)], ids=["2d", "3d"])
@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("cache_bytes", [1, 1 << 19], ids=["line by line", "at once"])
@pytest.mark.parametrize("weights", [Weights(1, 0, 0), Weights(0.7, 5, 0.5)])
def test_values_and_gradient_equal_autograd(spatial, drawn, cache_bytes, weights, monkeypatch):
    monkeypatch.setattr(batchnorm, "CACHE_BYTES", cache_bytes)
    generator = torch.Generator().manual_seed(1)
    response = torch.randn((1, 6, *spatial), generator=generator)
    labels = torch.randint(6, spatial, generator=generator)
    targets = Targets(labels, torch.rand(spatial, generator=generator) < 0.3 if drawn else None)

    found, gradient = losses_and_gradient(response, targets, weights)
    expected, expected_gradient = by_autograd(response, targets, weights)

    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(gradient, expected_gradient, rtol=1e-5, atol=1e-8)


def test_continuity_of_a_ramp_by_hand():
    # One channel rising by 2 from line to line and constant along a line: the loss is 2 + 0.
    response = torch.arange(4.0)[:, None].mul(2).expand(4, 3)[None, None]
    found, _ = losses_and_gradient(response, Targets(torch.zeros(4, 3, dtype=torch.int64)), Weights(1, 1))
    np.testing.assert_allclose(found, [0, 2, 0], atol=1e-6)

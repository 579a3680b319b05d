import pytest
import torch

from napari_backprop_segmentation.network import batchnorm


@pytest.mark.parametrize("relu", [True, False])
@pytest.mark.parametrize("spatial", [(6, 5), (3, 4, 5)], ids=["2d", "3d"])
@pytest.mark.parametrize("cache_bytes", [1, 100, 1 << 19])
@pytest.mark.parametrize("images", [1, 3])
def test_equals_torch_forward_and_backward(relu, spatial, cache_bytes, images, monkeypatch):
    monkeypatch.setattr(batchnorm, "CACHE_BYTES", cache_bytes)
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((images, 4, *spatial), generator=generator, dtype=torch.float64)
    x = x.contiguous(memory_format=torch.channels_last if len(spatial) == 2 else torch.channels_last_3d)
    gradient = torch.randn(x.shape, generator=generator, dtype=torch.float64)
    gamma, beta = torch.rand(2, 4, generator=generator, dtype=torch.float64)

    def run(normalise):
        leaves = [t.clone().requires_grad_() for t in (x, gamma, beta)]
        y = normalise(leaves[0] * 1, *leaves[1:])  # a non-leaf may be overwritten
        y.backward(gradient)
        return y.detach(), *(leaf.grad for leaf in leaves)

    found = run(lambda a, g, b: batchnorm.BatchNorm.apply(a, g, b, relu)[0])
    expected = run(
        lambda a, g, b: torch.nn.functional.batch_norm(a.relu() if relu else a, None, None, g, b, training=True)
    )
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("relu", [True, False])
def test_bfloat16_differs_by_rounding_only(relu):
    generator = torch.Generator().manual_seed(0)
    x, gradient = torch.randn((2, 1, 16, 20, 30), generator=generator).bfloat16()

    def run(dtype):
        leaf = x.to(dtype).contiguous(memory_format=torch.channels_last).requires_grad_()
        gamma, beta = torch.full((16,), 2.0, requires_grad=True), torch.full((16,), 0.5, requires_grad=True)
        y, mean, variance = batchnorm.BatchNorm.apply(leaf * 1, gamma, beta, relu)
        y.backward(gradient.to(dtype))
        return [t.detach().float() for t in (y, mean, variance, leaf.grad, gamma.grad, beta.grad)]

    for short, exact in zip(run(torch.bfloat16), run(torch.float32), strict=True):
        torch.testing.assert_close(short, exact, rtol=0.02, atol=0.02)


def test_statistics_are_mean_and_biased_variance_of_the_rectified_input():
    x = torch.tensor([[-5.0, 1.0, 3.0], [2.0, 2.0, 2.0]]).view(1, 2, 1, 3).clone()
    _, mean, variance = batchnorm.BatchNorm.apply(x, torch.ones(2), torch.zeros(2), True)
    torch.testing.assert_close(mean, torch.tensor([4 / 3, 2.0]))
    torch.testing.assert_close(variance, torch.tensor([14 / 9, 0.0]))

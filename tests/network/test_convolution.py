import pytest
import torch
from torch import nn

from napari_backprop_segmentation.network import convolution
from napari_backprop_segmentation.network.convolution import Convolution, convolved


@pytest.mark.parametrize("padding_mode", ["zeros", "replicate"])
@pytest.mark.parametrize(("kind", "shape"), [(nn.Conv2d, (9, 14)), (nn.Conv3d, (4, 5, 6))])
def test_result_and_gradients_are_those_of_the_plain_convolution(monkeypatch, kind, shape, padding_mode):
    torch.manual_seed(0)
    plain = kind(16, 32, kernel_size=3, padding=1, padding_mode=padding_mode)
    x, pull = torch.randn(1, 16, *shape), torch.randn(1, 32, *shape)
    found = {}
    for slow in (False, True):
        monkeypatch.setattr(convolution, "_slow", lambda slow=slow: slow)
        plain.zero_grad()
        seen = x.clone().requires_grad_()
        y = convolved(plain, seen)
        assert isinstance(y.grad_fn, Convolution._backward_cls) == slow
        y.backward(pull)
        found[slow] = [y.detach(), seen.grad, plain.weight.grad.clone(), plain.bias.grad.clone()]
    for usual, ours in zip(found[False], found[True], strict=True):
        torch.testing.assert_close(ours, usual, rtol=1e-4, atol=1e-4)


def test_nothing_is_kept_where_nothing_is_learned(monkeypatch):
    monkeypatch.setattr(convolution, "_slow", lambda: True)
    plain = nn.Conv2d(16, 16, kernel_size=3, padding=1)
    with torch.no_grad():
        assert convolved(plain, torch.zeros(1, 16, 5, 5)).grad_fn is None
    assert convolved(plain, torch.zeros(1, 16, 5, 5, requires_grad=True)).shape == (1, 16, 5, 5)

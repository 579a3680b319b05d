import numpy as np
import pytest
import torch
from stepping import training_steps
from torch.nn import functional

from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.network import batchnorm, cooccurrence, losses
from napari_backprop_segmentation.network.cooccurrence import CoOccurrence
from napari_backprop_segmentation.network.loss_terms import Loss, Targets
from napari_backprop_segmentation.network.losses import LOSS_NAMES, losses_and_gradient
from napari_backprop_segmentation.params.params import Params


def by_autograd(response, targets, weights):
    """The same losses from torch's own functions, differentiated by autograd."""
    response = response.detach().clone().requires_grad_()
    entropy = functional.cross_entropy(response, targets.labels[None], reduction="none")[0]
    drawn = torch.zeros_like(entropy, dtype=torch.bool) if targets.stroked is None else targets.stroked
    similarity = entropy[~drawn].mean()
    strokes = entropy[drawn].mean() if drawn.any() else torch.zeros(())
    continuity = sum(torch.diff(response[0], dim=axis).abs().mean() for axis in range(1, response.ndim - 1))
    found = {"similarity": similarity, "strokes": strokes, "continuity": continuity, "cooccurrence": torch.zeros(())}
    found = {name: value * (name in weights) for name, value in found.items()}
    sum(weights[name] * found[name] for name in weights).backward()
    return torch.stack([found[name] for name in LOSS_NAMES]).detach(), response.grad


@pytest.mark.parametrize("spatial", [(7, 5), (4, 5, 6)], ids=["2d", "3d"])
@pytest.mark.parametrize("drawn", [False, True])
@pytest.mark.parametrize("cache_bytes", [1, 1 << 19], ids=["line by line", "at once"])
@pytest.mark.parametrize("weights", [{"similarity": 1}, {"similarity": 0.7, "continuity": 5, "strokes": 0.5}])
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
    targets = Targets(torch.zeros(4, 3, dtype=torch.int64))
    found, _ = losses_and_gradient(response, targets, {"similarity": 1, "continuity": 1})
    np.testing.assert_allclose(found, [0, 0, 2, 0], atol=1e-6)


def test_where_nothing_is_drawn_the_weight_of_strokes_changes_nothing():
    response = torch.randn((1, 6, 7, 5), generator=torch.Generator().manual_seed(2))
    targets = Targets(torch.randint(6, (7, 5), generator=torch.Generator().manual_seed(3)))
    for one, other in zip(
        losses_and_gradient(response, targets, {"similarity": 0.7}),
        losses_and_gradient(response, targets, {"similarity": 0.7, "strokes": 0.5}),
        strict=True,
    ):
        torch.testing.assert_close(one, other, rtol=0, atol=0)


class Size(Loss):
    """Half the mean of the squared responses; its gradient is the response by the number of responses."""

    name = "size"

    def __init__(self, response, targets, weight):
        super().__init__(response, targets, weight)
        self._n = response.numel()

    @classmethod
    def weight_of(cls, settings, has_strokes):
        return 0.25

    def visit(self, block):
        block.add(block.values * (self.weight / self._n))
        return (block.values**2).sum() / (2 * self._n)


@pytest.fixture
def with_size(monkeypatch):
    """One more loss, as if it had been written beside the others."""
    monkeypatch.setattr(losses, "LOSSES", (*losses.LOSSES, Size))


@pytest.mark.parametrize("cache_bytes", [1, 1 << 19], ids=["line by line", "at once"])
def test_a_new_loss_counts_in_the_gradient(with_size, cache_bytes, monkeypatch):
    monkeypatch.setattr(batchnorm, "CACHE_BYTES", cache_bytes)
    response = torch.randn((1, 6, 7, 5), generator=torch.Generator().manual_seed(2))
    targets = Targets(torch.randint(6, (7, 5), generator=torch.Generator().manual_seed(3)))
    known = {"similarity": 0.7, "continuity": 2.0}
    values, gradient = losses_and_gradient(response, targets, known)
    assert values[-1] == 0  # without a weight it has no part
    more, steeper = losses_and_gradient(response, targets, {**known, "size": 0.25})
    torch.testing.assert_close(more[:-1], values[:-1])
    torch.testing.assert_close(more[-1], (response**2).mean() / 2)
    torch.testing.assert_close(steeper, gradient + 0.25 * response / response.numel())


def test_a_new_loss_is_shown_with_the_others(with_size):
    image = np.add.outer(np.arange(24), np.arange(30)).astype(np.uint8)
    params = Params(n_channels=8, iterations=1, n_superpixels=20, device="cpu", precision="float32")
    step = next(training_steps(ArraySource(image), params))
    assert list(step.losses) == ["similarity", "strokes", "continuity", "cooccurrence", "size"]
    assert step.losses["size"] == pytest.approx(0.5, rel=1e-3)  # batch norm gives responses the variance 1
    assert step.loss == step.losses["similarity"] + 0.25 * step.losses["size"]


@pytest.mark.parametrize("spatial", [(40, 30), (12, 20, 18)], ids=["2d", "3d"])
def test_cooccurrence_is_that_of_pairs_that_are_so_far_apart(spatial, monkeypatch):
    monkeypatch.setattr(cooccurrence, "PAIRS", 20)
    response = torch.randn((1, 6, *spatial), generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    labels = torch.zeros(spatial, dtype=torch.int64)
    without = losses_and_gradient(response, Targets(labels), {"similarity": 1.0})
    dice = torch.Generator().manual_seed(5)
    values, gradient = losses_and_gradient(
        response, Targets(labels, dice=dice), {"similarity": 1.0, "cooccurrence": 0.4}
    )

    last = response[0].movedim(0, -1)
    term = CoOccurrence(last, Targets(labels, dice=torch.Generator().manual_seed(5)), 0.4)
    one, other = (np.stack(np.unravel_index(places, spatial), axis=1) for places in term._places.numpy())
    inner = ((other > 0) & (other < np.array(spatial) - 1)).all(axis=1)
    apart = np.linalg.norm(one - other, axis=1)
    assert inner.sum() > 3 and apart[inner].min() >= 4 - 1 and apart.max() <= 12 + 1

    own = response.clone().requires_grad_()
    seen = own[0].movedim(0, -1)
    total = 0
    for a in one:
        alike = [
            torch.cosine_similarity(seen[tuple(a)], seen[tuple(b)], dim=0) / cooccurrence.TEMPERATURE for b in other
        ]
        near = alike[[tuple(x) for x in one].index(tuple(a))]
        total = total + torch.logsumexp(torch.stack(alike), 0) - near
    (total / 20).backward()
    torch.testing.assert_close(values[-1], (total / 20).detach())
    assert torch.equal(values[:-1], without[0][:-1])
    torch.testing.assert_close(gradient, without[1] + 0.4 * own.grad)


def test_cooccurrence_makes_near_pixels_alike():
    image = np.random.default_rng(0).normal(0, 0.1, (48, 48))
    image[:, 24:] += 1
    settings = Params(iterations=30, n_channels=12, crop_pixels=0, min_labels=0)
    first, last = [], []
    for weight in (0.0, 2.0):
        steps = training_steps(ArraySource(image), settings.replace(cooccurrence_weight=weight))
        losses_of = [step.losses["cooccurrence"] for step in steps]
        first.append(losses_of[0])
        last.append(losses_of[-1])
    assert first[0] == last[0] == 0  # not computed
    assert last[1] < first[1]

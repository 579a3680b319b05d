"""THE loop: a generator of Steps that returns a Model. Everything else in the package drives this one."""

import copy
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.crops import Drawn, View, Views
from napari_backprop_segmentation.network.estimate import n_inputs
from napari_backprop_segmentation.network.losses import Targets, Weights, losses_and_gradient
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.network import Network, strongest
from napari_backprop_segmentation.network.planning import Plan
from napari_backprop_segmentation.network.superpixels import majority_vote
from napari_backprop_segmentation.params.params import Params

Command = Literal["stop"]


@dataclass(frozen=True)
class Step:
    """One training iteration, seen from outside.

    Numbers and labels stay on the device until they are asked for, so an unwatched run never waits for a copy.

    Attributes
    ----------
    iteration : int
        From 1.
    seconds : float
        Wall time since the run began.
    place : tuple of int
        Which frame or slice of a series is looked at: indices along the first axes of the label image. `labels` has
        the axes that are left. Empty for a single image.
    run : (int, int)
        Which training this is, and of how many with different seeds.
    """

    iteration: int
    seconds: float
    _render: Callable[[], NDArray[Any]] = field(repr=False)
    _numbers: Tensor = field(repr=False)  # n_labels, changed share, similarity, continuity, scribble
    _weights: Weights = field(repr=False)
    place: tuple[int, ...] = ()
    run: tuple[int, int] = (1, 1)

    @cached_property
    def _values(self) -> list[float]:
        return self._numbers.to("cpu", copy=True).tolist()  # waits for the device

    @property
    def n_labels(self) -> int:
        """How many labels are in use before the update of this iteration."""
        return int(self._values[0])

    @property
    def changed(self) -> float:
        """Share of pixels whose label differs from the previous iteration, from 0 to 1."""
        return self._values[1]

    @property
    def similarity(self) -> float:
        """Cross-entropy with the refined labels, unweighted."""
        return self._values[2]

    @property
    def continuity(self) -> float:
        """Mean absolute difference of neighbouring responses, summed over axes, unweighted."""
        return self._values[3]

    @property
    def scribble(self) -> float:
        """Cross-entropy with the scribbles, unweighted."""
        return self._values[4]

    @property
    def loss(self) -> float:
        """The weighted sum that is minimised."""
        w = self._weights
        return w.similarity * self.similarity + w.continuity * self.continuity + w.scribble * self.scribble

    @property
    def labels(self) -> NDArray[Any]:
        """The label image (*spatial) before the update of this iteration, numbered from 1; a fresh copy.

        Where training sees crops of a large image, this is a coarse preview: the present network on a reduced copy.
        """
        return self._render()

    def enlarged(self, enlarge: Callable[[NDArray[Any]], NDArray[Any]]) -> "Step":
        """Return this step with `labels` at another size."""
        return replace(self, _render=lambda: enlarge(self._render()))


def train(
    sources: Source | Sequence[Source],
    params: Params,
    plan: Plan,
    scribbles: Drawn | Sequence[Drawn] = None,
    start: Model | None = None,
) -> Generator[Step, Command | None, Model]:
    """Train a network on one image without labels (Kanezaki 2018, Algorithm 1; Kim et al. 2020, section 3).

    Parameters
    ----------
    sources : Source or sequence of Source
        The image, normalised; or several of one shape, which take turns.
    params : Params
    plan : Plan
        From `make_plan`.
    scribbles : (*spatial) int, optional
        Labels the user has drawn, from 1; 0 where nothing is drawn. For several images a sequence of them or None.
    start : Model, optional
        Whose weights to go on from; it stays as it is.

    Yields
    ------
    Step
        One an iteration. Sending ``"stop"`` ends training after that iteration; closing the generator abandons it.

    Returns
    -------
    Model
    """
    started = time.perf_counter()
    images = sources if isinstance(sources, Sequence) else [sources]
    drawn = scribbles if isinstance(scribbles, Sequence) else [scribbles] * len(images)
    views = Views(images, params, plan, drawn)
    network = copy.deepcopy(start.network).train() if start else new_network(images[0], params)
    network.to(plan.device)
    descent = SGD(list(network.parameters()), params.learning_rate, params.momentum)
    weights = loss_weights(params, any(strokes is not None for strokes in drawn))
    watch = _Watch(params, plan.device)
    reason = f"all {params.iterations} iterations done"
    iteration = 0
    for iteration in range(1, params.iterations + 1):
        view = views[iteration - 1]
        with plan.autocast():
            response = network(view.pixels)
        labels = strongest(response)
        losses, gradient = losses_and_gradient(response, _targets(labels, view, params), weights)
        KnownGradient.apply(response, gradient).backward()  # type: ignore[no-untyped-call]
        descent.step()
        numbers = torch.cat([watch.count(view, labels), losses])
        render = _renderer(views, view, labels, network)
        step = Step(iteration, time.perf_counter() - started, render, numbers, weights)
        command = yield step
        if command == "stop":
            reason = "stopped by you"
        elif (found := watch.reason(step)) is None:
            continue
        else:
            reason = found
        break
    network.freeze(views.pixels())
    return Model(network, params, plan, stopped_by=reason, iterations=iteration)


class KnownGradient(torch.autograd.Function):
    """A scalar whose gradient is already there: starts the backward pass.

    Passing the gradient to ``response.backward`` does the same, but imports a system for computer algebra first.
    """

    @staticmethod
    def forward(ctx: Any, response: Tensor, gradient: Tensor) -> Tensor:
        """Return zero."""
        ctx.gradient = gradient
        return response.new_zeros(())

    @staticmethod
    def backward(ctx: Any, _: Tensor) -> tuple[Tensor, None]:
        """Return the gradient of the response."""
        return ctx.gradient, None


class SGD:
    """Stochastic gradient descent with momentum m: ``v = m v + g``, ``p = p - rate v``.

    These two lines are torch.optim.SGD; creating that one imports torch's compiler, which takes seconds at the start of
    every first run.
    """

    def __init__(self, parameters: Sequence[Tensor], rate: float, momentum: float) -> None:
        self._parameters, self._rate, self._momentum = parameters, rate, momentum
        self._velocities = [torch.zeros_like(p) for p in parameters]

    @torch.no_grad()
    def step(self) -> None:
        """Move all parameters once and forget their gradients."""
        for parameter, velocity in zip(self._parameters, self._velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(self._momentum).add_(parameter.grad)
                parameter.sub_(velocity, alpha=self._rate)
                parameter.grad = None


def new_network(source: Source, params: Params) -> Network:
    """Return an untrained network for an image; the seed fixes its weights and leaves torch's own state alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(params.seed)
        return Network(
            n_inputs(source.shape[0], params), params.n_channels, params.n_layers, len(source.shape) - 1, params.padding
        )


def loss_weights(params: Params, has_scribbles: bool) -> Weights:
    """Return the weights of the three losses for a method: superpixels have no continuity term."""
    return Weights(
        similarity=params.similarity_weight,
        continuity=params.continuity_weight if params.method == "continuity" else 0.0,
        scribble=params.scribble_weight if has_scribbles else 0.0,
    )


def _targets(labels: Tensor, view: View, params: Params) -> Targets:
    """Return what the responses are pulled towards: the voted labels, or the user's where there are some."""
    if view.superpixels is not None:
        labels = majority_vote(labels, view.superpixels, view.n_superpixels, params.n_channels)
    if view.scribbles is None:
        return Targets(labels)
    scribbled = view.scribbles > 0
    return Targets(torch.where(scribbled, view.scribbles - 1, labels), scribbled)


def _renderer(views: Views, view: View, labels: Tensor, network: Network) -> Callable[[], NDArray[Any]]:
    """Return a function that makes the label image of this step when somebody wants to see it."""
    dtype = label_dtype(network.head.out_channels)
    if view.whole:
        return lambda: labels.cpu().numpy().astype(dtype) + dtype(1)
    return lambda: views.enlarge(_classify(network, views.overview).cpu().numpy().astype(dtype) + dtype(1))


@torch.no_grad()
def _classify(network: Network, pixels: Tensor) -> Tensor:
    return strongest(network(pixels))


class _Watch:
    """Counts labels and changes on the device and says when to stop."""

    def __init__(self, params: Params, device: torch.device) -> None:
        self._params = params
        self._device = device
        self._previous: dict[int, Tensor] = {}
        self._present: dict[int, Tensor] = {}
        self._quiet = 0

    def count(self, view: View, labels: Tensor) -> Tensor:
        """Return [number of labels, share of changed pixels] as a tensor on the device.

        With several views the labels of all views seen so far count, so that an empty crop does not end a run.
        """
        present = torch.zeros(self._params.n_channels, dtype=torch.bool, device=self._device)
        present[labels.flatten()] = True
        self._present[view.number] = present
        previous = self._previous.get(view.number)
        self._previous[view.number] = labels
        n_labels = torch.stack(list(self._present.values())).any(dim=0).sum()
        changed = (
            n_labels.new_ones((), dtype=torch.float32) if previous is None else (labels != previous).float().mean()
        )
        return torch.stack([n_labels.float(), changed])

    def reason(self, step: Step) -> str | None:
        """Return why training should stop now, or None. Waits for the device only if a rule needs a number."""
        if self._params.min_labels and step.n_labels <= self._params.min_labels:
            return f"{step.n_labels} labels left (minimum {self._params.min_labels})"
        if not self._params.plateau:
            return None
        self._quiet = self._quiet + 1 if step.changed <= self._params.plateau_tolerance else 0
        if self._quiet >= self._params.plateau:
            return f"labels unchanged for {self._quiet} iterations"
        return None

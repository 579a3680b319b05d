"""THE loop: a generator of Steps that returns a Model. Everything else in the package drives this one."""

import copy
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from napari_backprop_segmentation.image.labels import label_dtype
from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.crops import ONE_BY_ONE, Crop, Crops, Drawn
from napari_backprop_segmentation.network.model import Model, Start
from napari_backprop_segmentation.network.network import (
    Network,
    copied_parameters,
    give_weights,
    new_network,
    strongest,
)
from napari_backprop_segmentation.network.objective import objective
from napari_backprop_segmentation.network.planning import Fallback, Plan, no_fallback
from napari_backprop_segmentation.network.step import Command, NewStrokes, Step
from napari_backprop_segmentation.params.references import References
from napari_backprop_segmentation.params.sections import Input, Training

STOPPED = "stopped by you"


def train(
    sources: Source | Sequence[Source],
    training: Training,
    shown: Input,
    plan: Plan,
    strokes: Drawn | Sequence[Drawn] = None,
    *,
    start: Start | None = None,
    fallback: Fallback = no_fallback,
    keep_weights: bool = False,
    references: References = ONE_BY_ONE,
) -> Generator[Step, Command | None, Model]:
    """Train a network on one image without labels (Kanezaki 2018, Algorithm 1; Kim et al. 2020, section 3).

    Parameters
    ----------
    sources : Source or sequence of Source
        The image, normalised; or several of as many channels, which take turns.
    training : Training
    shown : Input
        How the network sees an image.
    plan : Plan
        From `make_plan`, of the largest image.
    strokes : (*spatial) int, optional
        Labels the user has drawn, from 1; 0 where nothing is drawn. For several images a sequence of them or None.
    start : Model or Kept, optional
        Whose weights to go on from; it stays as it is.
    fallback : callable
        Asked how to go on where memory runs out; training then goes on from the same iteration.
    keep_weights : bool
        Whether steps know what the network has learned, see `Step.weights`.
    references : References
        How several images take turns.

    Yields
    ------
    Step
        One an iteration. Sending ``"stop"`` ends training after that iteration, and `NewStrokes` count from the next
        one on; closing the generator abandons it.

    Returns
    -------
    Model
    """
    started = time.perf_counter()
    images = sources if isinstance(sources, Sequence) else [sources]
    crops = Crops(images, training, shown, plan, _each(strokes, len(images)), references=references)
    network = _network(images[0], training, shown, start).to(plan.device)
    sgd = SGD(list(network.parameters()), training.learning_rate, training.momentum)
    rule = StopRule(training, plan.device)
    reason, taught = f"all {crops.iterations} iterations done", crops.has_strokes
    iteration = 0
    for iteration in range(1, crops.iterations + 1):
        try:
            render, numbers, weights = _iterate(network, crops, sgd, rule, iteration)
        except (RuntimeError, MemoryError, OSError) as error:
            crops.let_go()
            sgd.forget()
            plan = fallback(plan, error, iteration)  # raises it where there is no other way
            crops, rule = crops.under(plan), StopRule(training, plan.device)
            sgd.to(network.to(plan.device))
            render, numbers, weights = _iterate(network, crops, sgd, rule, iteration)
        learned = copied_parameters(network) if keep_weights else None
        step = Step(iteration, time.perf_counter() - started, render, numbers, weights, _learned=learned)
        command = yield step
        if isinstance(command, NewStrokes):
            crops.draw(_each(command.strokes, len(images)))
            taught = taught or crops.has_strokes
        if command == "stop":
            reason = STOPPED
        elif (found := rule.reason(step)) is None:
            continue
        else:
            reason = found
        break
    network.freeze(crops.pixels())
    model = Model(network, training, shown, images[0].preparation, reason, iteration, taught)
    return model.by(references.statistics)


def _iterate(
    network: Network, crops: Crops, sgd: "SGD", rule: "StopRule", iteration: int
) -> tuple[Callable[[], NDArray[Any]], Tensor, Mapping[str, float]]:
    """Take one training step; return what makes its label image, its numbers and the weights of losses, see `Step`."""
    seen = crops[iteration - 1]
    with crops.plan.autocast():
        response = network(torch.cat([crop.pixels for crop in seen]) if len(seen) > 1 else seen[0].pixels)
    labels = strongest(response)
    losses, gradient, weights = objective(response, labels, seen, crops)
    render = _renderer(crops, seen[0], labels[0], network)
    KnownGradient.apply(response, gradient).backward()  # type: ignore[no-untyped-call]
    sgd.step()
    return render, torch.cat([rule.count(seen[0].number, labels), losses]), weights


def _each(strokes: Any, n_images: int) -> Sequence[Drawn]:
    """Return the strokes of each image, where those of a single one may stand alone."""
    given = strokes if isinstance(strokes, Sequence) else [strokes] * n_images
    return [drawn if drawn is not None and drawn.any() else None for drawn in given]


def _network(source: Source, training: Training, shown: Input, start: Start | None) -> Network:
    network = new_network(source.shape[0], len(source.shape) - 1, training, shown)
    if start is not None:
        give_weights(network, dict(start.network.named_parameters()) if isinstance(start, Model) else start.weights)
    return network


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

    def forget(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    def to(self, network: Network) -> None:
        """Go on where the network is now."""
        self._parameters = list(network.parameters())
        pairs = zip(self._velocities, self._parameters, strict=True)
        self._velocities = [velocity.to(parameter.device) for velocity, parameter in pairs]

    @torch.no_grad()
    def step(self) -> None:
        """Move all parameters once and forget their gradients."""
        for parameter, velocity in zip(self._parameters, self._velocities, strict=True):
            if parameter.grad is not None:
                velocity.mul_(self._momentum).add_(parameter.grad)
                parameter.sub_(velocity, alpha=self._rate)
                parameter.grad = None


def _renderer(crops: Crops, crop: Crop, labels: Tensor, network: Network) -> Callable[[], NDArray[Any]]:
    """Return a function that makes the label image of this step when somebody wants to see it."""
    dtype = label_dtype(network.head.out_channels)
    if crop.whole:
        return lambda: labels.cpu().numpy().astype(dtype) + dtype(1)
    weights = [parameter.detach().clone() for parameter in network.parameters()]  # a tenth of a megabyte

    def render() -> NDArray[Any]:
        then = copy.deepcopy(network)
        with torch.no_grad():
            for parameter, weight in zip(then.parameters(), weights, strict=True):
                parameter.copy_(weight)
            # In training mode it is normalised by the statistics of what it looks at.
            found = strongest(then.train()(crops.overview))[0].cpu().numpy().astype(dtype)
        return crops.enlarge(found + dtype(1))

    return render


class StopRule:
    """Counts labels and changes on the device and says when to stop."""

    def __init__(self, training: Training, device: torch.device) -> None:
        self._training = training
        self._device = device
        self._previous: dict[int, Tensor] = {}
        self._present: dict[int, Tensor] = {}
        self._quiet = 0

    def count(self, number: int, labels: Tensor) -> Tensor:
        """Return [number of labels, share of changed pixels] as a tensor on the device, of the crops of one number.

        With several crops the labels of all crops seen so far count, so that an empty crop does not end a run.
        """
        present = torch.zeros(self._training.n_channels, dtype=torch.bool, device=self._device)
        present[labels.flatten()] = True
        self._present[number] = present
        previous = self._previous.get(number)
        self._previous[number] = labels
        n_labels = torch.stack(list(self._present.values())).any(dim=0).sum()
        changed = (
            n_labels.new_ones((), dtype=torch.float32) if previous is None else (labels != previous).float().mean()
        )
        return torch.stack([n_labels.float(), changed])

    def reason(self, step: Step) -> str | None:
        """Return why training should stop now, or None. Waits for the device only if a rule needs a number."""
        rules = self._training
        if rules.min_labels and step.n_labels <= rules.min_labels:
            return f"{step.n_labels} labels left (minimum {rules.min_labels})"
        if not rules.plateau:
            return None
        self._quiet = self._quiet + 1 if step.changed <= rules.plateau_tolerance else 0
        if self._quiet >= rules.plateau:
            return f"labels unchanged for {self._quiet} iterations"
        return None

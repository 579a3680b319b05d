"""What a batch does in its thread: one image after the other, each told of as it begins and ends. No Qt here."""

import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from napari_backprop_segmentation.batch.entry import Entry, State, found_in
from napari_backprop_segmentation.errors import engine_errors, reason
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run import worker
from napari_backprop_segmentation.gui.run.cluster import Cluster, helping
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.iteration import total_steps

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

T = TypeVar("T")
YIELD_SECONDS = 1 / 20  # napari is asked so often whether the thread should end


@dataclass
class Control:
    """What window and batch tell each other; single attributes, so no lock.

    Attributes
    ----------
    run : WorkerControl
        Of all runs; a cancel ends the one that is under way.
    done, total : int
        Steps of the image that is under way, or of the training of one network for all.
    training : bool
        Whether one network is being trained for all.
    cluster : Cluster, optional
        Whose workers do the blocks of large images.
    """

    run: worker.WorkerControl = field(default_factory=worker.WorkerControl)
    done: int = 0
    total: int = 0
    training: bool = False
    cluster: Cluster | None = None

    @property
    def share(self) -> float:
        """How much of the image that is under way is done, from 0 to 1."""
        done, total = (self.done, self.total) if self.total else self.run.labelled
        return min(1.0, done / total) if total else 0.0

    def begin(self) -> None:
        """Begin with another image."""
        self.done = self.total = 0
        self.run.labelled = (0, 0)


Work = Callable[[Control], Generator[None, None, Entry]]
Shared = Callable[[Control], Generator[tuple[int, Entry] | None, None, None]]


@dataclass(frozen=True, eq=False)
class Plan:
    """What a batch is going to do.

    Attributes
    ----------
    names : sequence of str
        What the user knows the images by.
    works : sequence of callable
        One an image.
    shared : callable, optional
        Does all of them at once, and yields the number and the ending of each as it ends.
    note : callable
        Takes the entries of all images after each one.
    end : callable
        Takes them in the end, also after a cancel.
    """

    names: Sequence[str]
    works: Sequence[Work]
    shared: Shared | None = None
    note: Callable[[Sequence[Entry]], None] = lambda _: None
    end: Callable[[Sequence[Entry]], None] = lambda _: None


@dataclass(frozen=True, eq=False)
class News:
    """The images that have another state now, by their number; of all where the batch begins."""

    entries: dict[int, Entry]


Told = News | None
Outcome = worker.Failure | None


def batch(plan: Callable[[], Plan], control: Control) -> Generator[Told, None, Outcome]:
    """Do what is planned; an error that ends all of it is returned, see `worker.outcome`.

    Parameters
    ----------
    plan : callable
        Returns a `Plan`: files are looked for here, in the thread.
    control : Control

    Yields
    ------
    News or None
        None only gives napari a chance to end the thread.
    """
    yield None
    try:
        planned = plan()
        entries = [Entry(name) for name in planned.names]
        yield News(dict(enumerate(entries)))
        try:
            with closing((planned.shared or partial(_in_turn, planned))(control)) as steps:
                for ended in steps:
                    if not isinstance(ended, tuple):
                        yield ended
                        continue
                    number, entry = ended
                    yield News({number: entry})
                    entries[number] = entry
                    planned.note(entries)
        finally:
            planned.end(entries)
    except GeneratorExit:  # whoever waits has gone
        raise
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        return worker.Failure(error)
    return None


def _in_turn(planned: Plan, control: Control) -> Generator[tuple[int, Entry] | Told, None, None]:
    """Do one image after the other."""
    for number, work in enumerate(planned.works):
        if control.run.cancelled:
            break
        control.begin()
        yield News({number: Entry(planned.names[number], State.RUNNING)})
        entry = yield from work(control)
        yield number, entry


def segmented(
    run_input: RunInput, params: Params, model: "Model | None", control: Control
) -> Generator[None, None, "Segmentation | None"]:
    """Drive the run of one image; None after a cancel.

    Raises
    ------
    SegmentationError
        Also for every RuntimeError, see `worker.watched`.
    """
    control.done = 0
    control.total = 0 if model is not None else total_steps(params, run_input.axes, run_input.array.shape)
    with engine_errors(), suppress(worker.CancelledError):
        found: Segmentation | None = yield from followed(
            worker.start_steps(run_input, params, control.run, model, **helping(control.cluster, control.run)), control
        )
        return None if control.run.cancelled else found
    return None


def followed(steps: Generator[Any, Any, T], control: Control) -> Generator[None, None, T | None]:
    """Take all steps of a run, and return what it ends with; None where it was cancelled before."""
    yielded = time.monotonic()
    while not control.run.cancelled:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result
        control.done += 1
        if time.monotonic() - yielded >= YIELD_SECONDS:
            yield None
            yielded = time.monotonic()
    steps.close()
    return None


@dataclass(frozen=True, eq=False)
class LayerImage:
    """An image layer of a batch.

    Attributes
    ----------
    name : str
    run_input : RunInput, optional
    obstacle : str
        Why it cannot be segmented.
    done : Entry, optional
        What was found before, where that need not be done again.
    """

    name: str
    run_input: RunInput | None = None
    obstacle: str = ""
    done: Entry | None = None


Network = Callable[[Control], Generator[None, None, "Model | None"]]  # None where each image has its own, or a cancel


def plan_layers(images: Sequence[LayerImage], params: Params, network: Network) -> Plan:
    """Return what is to be done for layers; the entries carry the results."""
    return Plan([image.name for image in images], [partial(_layer, image, params, network) for image in images])


def _layer(image: LayerImage, params: Params, network: Network, control: Control) -> Generator[None, None, Entry]:
    if image.done is not None:
        return image.done
    if image.run_input is None:
        return Entry(image.name, State.FAILED, message=image.obstacle)
    began, run_input = time.perf_counter(), image.run_input
    try:
        model = yield from network(control)
        result = None if control.run.cancelled else (yield from segmented(run_input, params, model, control))
        if result is None:
            return Entry(image.name)
        seconds = round(time.perf_counter() - began, 3)
        found = found_in(result.labels, result.record, run_input.spacing, run_input.unit)
        return Entry(image.name, State.DONE, found, seconds, result.stopped_by, result=result)
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: it stands in the table
        return Entry(image.name, State.FAILED, seconds=round(time.perf_counter() - began, 3), message=reason(error))

"""What runs in the worker thread: the loop, watched and guarded; who hears of it. No Qt, no viewer, no layer here."""

import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakMethod

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import EngineError, SegmentationError, engine_errors
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run.engine import Steps, real_steps
from napari_backprop_segmentation.gui.run.remembering import Remembering, picture
from napari_backprop_segmentation.network.history import History
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model
    from napari_backprop_segmentation.network.step import Command, Step
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

MESSAGE_SECONDS = 1 / 20  # shortest time between two messages to the GUI
PREVIEW_SECONDS = 1 / 5  # and between two that carry a label image
PAUSE_SECONDS = 1 / 20  # how long a paused run sleeps before it looks whether it may go on
UNREAD_STEPS = 50  # steps hold memory of the device, so only so many are kept for reading their numbers later
SMOOTHING = 0.2  # weight of the newest step in the mean duration


@dataclass
class WorkerControl:
    """What GUI and run tell each other, mostly the GUI thread to the worker; single attributes, so no lock.

    A value sent to a generator that has not begun is an error, and one sent while it computes replaces the one
    before, hence attributes rather than ``worker.send``.

    Attributes
    ----------
    command : {"stop", "cancel"}, optional
        Stop ends training and labels every pixel, cancel drops the labels.
    pause : bool
        Whether the run should rest; a command ends the rest.
    resting : bool
        Whether it does. Written by the worker, which then yields now and then.
    message_seconds : float
        Shortest time between two messages; the GUI raises it where drawing is slow.
    heard : bool
        Whether the GUI has taken in the last message and drawn it. It gets no other before: napari's progress bars
        handle pending events inside an update, so that a queue of messages would be taken in one inside the other.
    labelled : (int, int)
        How many frames and slices of a series, or blocks of a large image, are labelled, and of how many. Written by
        the worker, read by the GUI: no message can be sent between two steps.
    new_strokes : int array, optional
        What is drawn since the run began; taken by the worker before the next iteration.
    history : History
        What is kept of the iterations. Filled by the worker, read by the GUI.
    """

    command: Literal["stop", "cancel"] | None = None
    pause: bool = False
    resting: bool = False
    message_seconds: float = MESSAGE_SECONDS
    heard: bool = True
    labelled: tuple[int, int] = (0, 0)
    new_strokes: NDArray[Any] | None = None
    history: History = field(default_factory=History)

    def take_strokes(self) -> "Command | None":
        """Return what is drawn since the last iteration, as a command to the loop; None where that is nothing new."""
        strokes, self.new_strokes = self.new_strokes, None
        if strokes is None:
            return None
        from napari_backprop_segmentation.network.step import NewStrokes

        return NewStrokes(strokes)

    def tell_labelled(self, done: int, total: int) -> None:
        """Take note of how many frames, slices or blocks are labelled; called by the worker."""
        self.labelled = done, total

    @property
    def cancelled(self) -> bool:
        """Whether the run should end and its labels be dropped."""
        return self.command == "cancel"


@dataclass(frozen=True)
class Point:
    """The numbers of one iteration.

    Attributes
    ----------
    iteration, n_labels : int
    losses : mapping of str to float
        Each term by its name; a new term appears by itself wherever losses are shown.
    """

    iteration: int
    n_labels: int
    losses: Mapping[str, float]


def point_of(step: "Step") -> Point:
    """Return the numbers of a step; asking for them waits for the device."""
    return Point(step.iteration, step.n_labels, step.losses)


@dataclass(frozen=True)
class Progress:
    """What the GUI hears of a run.

    Attributes
    ----------
    points : tuple of Point
        All iterations since the last message.
    step_seconds : float
        Smoothed duration of one iteration, pauses left out.
    labels : (*spatial) int array, optional
        A label image to show; only now and then.
    place : tuple of int
        Which frame or slice it is: indices along the first axes of the whole result.
    run : (int, int)
        Which training it is, and of how many.
    """

    points: tuple[Point, ...]
    step_seconds: float
    labels: NDArray[Any] | None = field(default=None, repr=False)
    place: tuple[int, ...] = ()
    run: tuple[int, int] = (1, 1)


class CancelledError(SegmentationError):
    """The user has cancelled the run between two steps."""


class Cancellable:
    """An array that cannot be read any more once the run is cancelled.

    Labelling a large image takes long, and has no steps at which a run could end.

    Attributes
    ----------
    wrapped : array
        The array itself.
    """

    def __init__(self, array: Any, control: WorkerControl) -> None:
        self.wrapped, self._control = array, control
        self.shape, self.dtype = array.shape, array.dtype

    def __reduce__(self) -> tuple[Any, ...]:
        """Be the array itself in another process, which hears of no cancel."""
        return itemgetter(0), ((self.wrapped,),)

    def __getitem__(self, key: Any) -> Any:
        """Return what the array returns."""
        if self._control.cancelled:
            raise CancelledError
        return self.wrapped[key]


def start_steps(
    run_input: RunInput,
    params: Params,
    control: WorkerControl,
    trained: "Model | None" = None,
    strokes: NDArray[Any] | None = None,
    **others: Any,
) -> Steps:
    """Run the loop; `others` are further arguments of `pipeline.run.run`."""
    array = Cancellable(run_input.array, control)
    given = {"model": trained, "strokes": strokes, "keep_weights": True, **others}
    return (yield from real_steps(array, run_input, params, control.tell_labelled, **given))


def watched(
    start: Callable[[], Steps], control: WorkerControl
) -> Generator[Progress | None, None, "Segmentation | None"]:
    """Drive a run, report now and then, and do what `control` says.

    Parameters
    ----------
    start : callable
        Returns the loop.
    control : WorkerControl

    Yields
    ------
    Progress or None
        The first one carries labels. None only gives napari a chance to pause or quit the worker.

    Returns
    -------
    Segmentation or None
        None after a cancel.

    Raises
    ------
    SegmentationError
        Also for every RuntimeError and MemoryError: napari's generator workers swallow RuntimeErrors.
    """
    with engine_errors(), suppress(CancelledError):
        return (yield from _drive(start(), control))
    return None


@dataclass(frozen=True)
class Failure:
    """An error as a value."""

    error: Exception


class Listener:
    """Calls methods with what a worker signals, as long as their object is there and has not left.

    Qt is not given the methods themselves: PySide6 calls one after its object was collected, or it was disconnected,
    where the thread had sent the signal before. The former ends the process.

    Parameters
    ----------
    **methods : callable
        By the names of the signals; they do not keep their object alive.
    """

    def __init__(self, **methods: Callable[..., None]) -> None:
        self._methods = {name: WeakMethod(method) for name, method in methods.items()}

    @property
    def slots(self) -> dict[str, Callable[..., None]]:
        """What to connect with each signal."""
        return {name: partial(self._call, name) for name in self._methods}

    def leave(self) -> None:
        """Hear nothing any more, not even what was sent before."""
        self._methods.clear()

    def _call(self, name: str, *signalled: Any) -> None:
        known = self._methods.get(name)
        if known is not None and (method := known()) is not None:
            method(*signalled)


if TYPE_CHECKING:
    Outcome = Segmentation | Failure | None  # None after a cancel
    Ended = Segmentation | Exception | None


def outcome(start: Callable[[], Steps], control: WorkerControl) -> Generator[Progress | None, None, "Outcome"]:
    """Do what `watched` does, but return an error instead of raising it.

    Where Qt comes from PySide6, napari 0.9 itself fails on the signal of a worker that raises or returns an exception.
    """
    try:
        return (yield from watched(start, control))
    except GeneratorExit:  # whoever waits has gone
        raise
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever started the run is told
        return Failure(error)
    except BaseException as error:  # noqa: BLE001 - it would end the thread, and nobody would ever hear of it
        return Failure(EngineError(f"the run was ended by {type(error).__name__}; run it again"))


def _drive(steps: Steps, control: WorkerControl) -> Generator[Progress | None, None, "Segmentation | None"]:
    messages = _Messages(control)
    command: Command | None = None
    while not control.cancelled:
        began = time.monotonic()
        try:
            step = steps.send(command)
        except StopIteration as done:
            if messages.pending:
                yield messages.take()
            result: Segmentation = done.value
            return None if control.cancelled else result
        messages.add(step, time.monotonic() - began)
        if messages.due():
            yield messages.take()
        elif messages.quiet():
            yield None
        yield from _rest(control)
        command = "stop" if control.command == "stop" else control.take_strokes()
    steps.close()
    return None


def _rest(control: WorkerControl) -> Generator[None]:
    """Wait while the run is paused; whoever started it is asked now and then whether it should end."""
    while control.pause and not control.command:
        control.resting = True
        yield None
        time.sleep(PAUSE_SECONDS)
    control.resting = False


class _Messages:
    """Collects steps and decides when they become a message and when a label image goes with it."""

    def __init__(self, control: WorkerControl) -> None:
        self._control = control
        self._remembering = Remembering(control.history)
        self._unread: list[Step] = []
        self._points: list[Point] = []
        self._newest: Step | None = None
        self._step_seconds = 0.0
        self._last_yield = self._last_message = self._last_preview = -float("inf")

    @property
    def pending(self) -> bool:
        return bool(self._unread or self._points)

    def add(self, step: "Step", seconds: float) -> None:
        self._newest = step
        self._unread.append(step)
        if len(self._unread) >= UNREAD_STEPS:
            self._read()
        # The first iteration also reads the image and makes the superpixels, so it says little about the next.
        weight = 1.0 if step.iteration <= 2 else SMOOTHING
        self._step_seconds += weight * (seconds - self._step_seconds)

    def due(self) -> bool:
        if self._control.command:
            return True
        return self._control.heard and time.monotonic() - self._last_message >= self._control.message_seconds

    def quiet(self) -> bool:
        """Return whether nothing has been yielded for a while, and take note that something is now."""
        if time.monotonic() - self._last_yield < MESSAGE_SECONDS:
            return False
        self._last_yield = time.monotonic()
        return True

    def take(self) -> Progress:
        now = time.monotonic()
        labels = None
        place, run = ((), (1, 1)) if self._newest is None else (self._newest.place, self._newest.run)
        if self._newest is not None and now - self._last_preview >= PREVIEW_SECONDS:
            labels = picture(self._newest)
            self._last_preview = now
        self._read(labels)
        points, self._points = tuple(self._points), []
        self._last_message = self._last_yield = now
        self._control.heard = False
        return Progress(points, self._step_seconds, labels, place, run)

    def _read(self, newest: NDArray[Any] | None = None) -> None:
        """Read the numbers of steps, and let them be remembered; of the newest one the labels may be there already."""
        self._points += [point_of(step) for step in self._unread]
        for step in self._unread:
            self._remembering.take(step, newest if step is self._newest else None)
        self._unread = []

"""Drives a run in a terminal: progress bar, log, and a Ctrl-C that keeps what is there."""

import csv
import signal
import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Self

from tqdm import tqdm

from napari_backprop_segmentation.network.losses import LOSS_NAMES
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.pipeline.segmentation import Segmentation

LOG_COLUMNS = ("iteration", "n_labels", "loss", *LOSS_NAMES, "seconds")
Watcher = Callable[[Step], None]


class Tally:
    """Hears how many frames and slices of a series are labelled, and passes it on to whoever wants to show it."""

    def __init__(self) -> None:
        self.show: Callable[[str], None] | None = None

    def __call__(self, done: int, total: int) -> None:
        """Take note of how many there are now."""
        if self.show is not None:
            self.show(f"labelled {done} of {total}")


def watch(
    steps: Generator[Step, Command | None, Segmentation],
    total: int,
    *,
    name: str = "",
    log: Path | None = None,
    quiet: bool = False,
    tally: Tally | None = None,
) -> tuple[Segmentation, bool]:
    """Drive a run to its end with a progress bar and a log; the first Ctrl-C ends it early and keeps its result.

    Parameters
    ----------
    steps : generator
        From `run`.
    total : int
        The most steps there can be; 0 if that is not known.
    name : str
        What the progress bar says.
    log : Path, optional
        A CSV file to write, one row an iteration.
    quiet : bool
        Whether to leave out the progress bar; it is left out too where stderr is no terminal.
    tally : Tally, optional
        Of the run, for the progress bar to show.

    Returns
    -------
    result : Segmentation
    interrupted : bool
    """
    with ExitStack() as stack:
        watchers: list[Watcher] = [] if log is None else [_csv_log(log, stack)]
        if not quiet and sys.stderr.isatty():
            watchers.append(_progress(total, name, stack, tally))
        interruption = stack.enter_context(_Interruption())
        while True:
            try:
                step = steps.send("stop" if interruption.asked else None)
            except StopIteration as done:
                return done.value, interruption.asked
            interruption.arm()
            for watcher in watchers:
                watcher(step)


def _csv_log(path: Path, stack: ExitStack) -> Watcher:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Line by line, so that the log can be followed and survives whatever happens to the run.
    rows = csv.writer(stack.enter_context(path.open("w", newline="", encoding="utf-8", buffering=1)))
    rows.writerow(LOG_COLUMNS)

    def write(step: Step) -> None:
        values = (step.iteration, step.n_labels, step.loss, *step.losses.values(), step.seconds)
        rows.writerow([f"{v:.6g}" if isinstance(v, float) else v for v in values])

    return write


def _progress(total: int, name: str, stack: ExitStack, tally: Tally | None) -> Watcher:
    bar = stack.enter_context(tqdm(total=total or None, desc=name, unit="it", file=sys.stderr))
    if tally is not None:
        tally.show = bar.set_postfix_str

    def update(step: Step) -> None:
        # Reading the numbers waits for the device, so only as often as the bar is drawn.
        if bar.update():
            number, n_runs = step.run
            run = {"run": f"{number}/{n_runs}"} if n_runs > 1 else {}
            bar.set_postfix(**run, labels=step.n_labels, loss=f"{step.loss:.3f}")

    return update


class _Interruption:
    """Ctrl-C while armed asks the run to stop at its next step; a second one aborts as usual."""

    def __init__(self) -> None:
        self.asked = False
        self._armed = False

    def __enter__(self) -> Self:
        self._previous = signal.getsignal(signal.SIGINT)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._previous)

    def arm(self) -> None:
        """Take over Ctrl-C, once; before the first step there is nothing to keep."""
        if not self._armed:
            self._armed = True
            signal.signal(signal.SIGINT, self._ask)

    def _ask(self, _signal: int, _frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

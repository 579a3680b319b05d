"""Drives a run in a terminal: progress bar, log, and a Ctrl-C that keeps what is there."""

import csv
import sys
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path
from typing import TextIO, TypeVar

from tqdm import tqdm

from napari_backprop_segmentation.batch.jobs import LOG_COLUMNS
from napari_backprop_segmentation.cli.signals import Interruption
from napari_backprop_segmentation.cli.terminal import Steady, complain, in_a_line, is_terminal
from napari_backprop_segmentation.network.losses import LOSS_NAMES
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.pipeline.unfinished import Unfinished

EVERY = 30.0  # seconds from line to line where there is no bar

Watcher = Callable[[Step], None]
Result = TypeVar("Result")


class Tally:
    """Hears how much of a series or of a large image is labelled, and passes it on to whoever wants to know it.

    Attributes
    ----------
    show : callable, optional
        Is told in words.
    then : callable
        Is called without them, before.
    """

    def __init__(self) -> None:
        self.show: Callable[[str], None] | None = None
        self.then: Callable[[], object] = lambda: None
        self._done, self._passes = 0, 1

    def __call__(self, done: int, total: int) -> None:
        """Take note of how many frames or slices there are now, or in one of several passes, blocks."""
        self.then()
        self._passes += done < self._done
        self._done = done
        if self.show is not None:
            self.show(f"labelled {done} of {total}" if self._passes == 1 else f"pass {self._passes}, {done} of {total}")


def watch(
    steps: Generator[Step, Command | None, Result],
    total: int,
    interruption: Interruption,
    *,
    name: str = "",
    log: Path | None = None,
    quiet: bool = False,
    tally: Tally | None = None,
    files: "FilesBar | None" = None,
    kept: Unfinished | None = None,
) -> Result:
    """Drive a run to its end with a progress bar and a log; the first Ctrl-C ends it early and keeps its result.

    Where finished blocks are kept, it ends at once after training: another start goes on behind them.

    Parameters
    ----------
    steps : generator
        From `run` or `train_together`.
    total : int
        The most steps there can be; 0 if that is not known.
    interruption : Interruption
        Asks the run to stop, and knows afterwards whether it did.
    name : str
        What the progress bar says.
    log : Path, optional
        A CSV file to write, one row an iteration; the run goes on without it where the disk is full.
    quiet : bool
        Whether to leave out the progress bar; where stderr is no terminal there are lines instead, one in `EVERY`
        seconds at most.
    tally : Tally, optional
        Of the run, for the progress bar to show.
    files : FilesBar, optional
        Is moved instead of a bar of this run.
    kept : Unfinished, optional
        Where blocks are kept that are finished after training, if any are.

    Returns
    -------
    Segmentation or Model
    """
    with ExitStack() as stack:
        watchers: list[Watcher] = [] if log is None else [_Log(log, stack)]
        if files is not None and files.shown:
            watchers.append(files.watcher(total, name, tally))
        elif not quiet and is_terminal(sys.stderr):
            watchers.append(_progress(total, name, stack, tally))
        elif not quiet:
            watchers.append(_Lines(total, name, tally))
        stopping = False

        def begin_blocks() -> None:
            if kept is not None and kept.begun and not stopping:  # one that was stopped is to be labelled as it is
                interruption.end()

        if tally is not None:
            tally.then = begin_blocks
        while True:
            stopping = bool(interruption.asked)
            try:
                step = steps.send("stop" if stopping else None)
            except StopIteration as done:
                interruption.defer()
                result: Result = done.value
                return result
            interruption.arm()
            for watcher in watchers:
                watcher(step)


class FilesBar:
    """One progress bar for all files of a command; none for one file, or where nobody looks.

    Parameters
    ----------
    n_files : int
    quiet : bool
    """

    def __init__(self, n_files: int, quiet: bool) -> None:
        wanted = n_files > 1 and not quiet and is_terminal(sys.stderr)
        self._bar = tqdm(total=n_files, unit="file", file=Steady(sys.stderr)) if wanted else None

    @property
    def shown(self) -> bool:
        """Whether there is a bar."""
        return self._bar is not None

    def watcher(self, total: int, name: str, tally: Tally | None) -> Watcher:
        """Return what moves the bar with the steps of one file, of which there are at most so many."""
        bar, steps = self._bar, count(1)
        if bar is None:
            return lambda _: None
        begun = int(bar.n)
        bar.set_description_str(name)
        if tally is not None:
            tally.show = bar.set_postfix_str

        def update(step: Step) -> None:
            share = min(1.0, next(steps) / total) if total else 0.0
            if bar.update(round(begun + share, 2) - bar.n):
                bar.set_postfix(labels=step.n_labels, loss=f"{step.loss:.3f}")

        return update

    def show(self, n_files: int) -> None:
        """Show how many files have ended."""
        if self._bar is not None:
            self._bar.update(n_files - self._bar.n)

    def clear(self) -> None:
        """Give way to a line of text."""
        if self._bar is not None:
            self._bar.clear()

    def close(self) -> None:
        """Leave the bar as it is."""
        if self._bar is not None:
            self._bar.close()


class _Log:
    """Writes a row a step, line by line: it can be followed, and survives whatever happens to the run."""

    def __init__(self, path: Path, stack: ExitStack) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: TextIO | None = opened(path)
        stack.callback(self._close)
        self._write(LOG_COLUMNS)

    def __call__(self, step: Step) -> None:
        """Write the row of a step."""
        values = (step.iteration, step.n_labels, step.loss, *(step.losses[n] for n in LOSS_NAMES), step.seconds)
        self._write([f"{v:.6g}" if isinstance(v, float) else v for v in values])

    def _write(self, row: object) -> None:
        if self._file is None:
            return
        try:
            csv.writer(self._file).writerow(row)  # type: ignore[arg-type]
        except OSError as error:
            complain(f"log {self._path} ends early ({in_a_line(error)}); the run goes on without it")
            self._close()

    def _close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()


class _Lines:
    """Says now and then how far a run is, where lines are kept: in a file, or in what a cluster writes of a job."""

    def __init__(self, total: int, name: str, tally: Tally | None) -> None:
        self._total, self._name, self._done, self._next = total, name, 0, time.monotonic() + EVERY
        if tally is not None:
            tally.show = self._say

    def __call__(self, step: Step) -> None:
        """Hear of one more step."""
        self._done += 1
        of = f" of {max(self._total, self._done)}" if self._total else ""
        last = ", labelling" if self._done == self._total else ""
        self._say(f"{self._done}{of} iterations{last}")

    def _say(self, how_far: str) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY
            complain(f"{self._name}: {how_far}")


def opened(path: Path) -> TextIO:
    """Return a file that is written line by line."""
    return path.open("w", newline="", encoding="utf-8", buffering=1)


def _progress(total: int, name: str, stack: ExitStack, tally: Tally | None) -> Watcher:
    bar = stack.enter_context(tqdm(total=total or None, desc=name, unit="it", file=Steady(sys.stderr)))
    if tally is not None:
        tally.show = bar.set_postfix_str

    def update(step: Step) -> None:
        if total and bar.n == total:  # the run is made once more, as an image of another kind
            bar.total = 2 * total
        # Reading the numbers waits for the device, so only as often as the bar is drawn.
        if bar.update():
            number, n_runs = step.run
            run = {"run": f"{number}/{n_runs}"} if n_runs > 1 else {}
            bar.set_postfix(**run, labels=step.n_labels, loss=f"{step.loss:.3f}")

    return update

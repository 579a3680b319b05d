"""The commands `run` and `apply`: each file in its turn."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Any

from napari_backprop_segmentation.batch.entry import Entry, State
from napari_backprop_segmentation.batch.folder import listed
from napari_backprop_segmentation.batch.jobs import Job, plan_files, prepare
from napari_backprop_segmentation.batch.on_workers import finished, on_workers, process
from napari_backprop_segmentation.batch.sheets import Sheets
from napari_backprop_segmentation.batch.wanted import AS_FILES_SAY, Reading, Wanted
from napari_backprop_segmentation.cli.one_file import Terminal, segment_alone
from napari_backprop_segmentation.cli.outcome import Outcome
from napari_backprop_segmentation.cli.progress import FilesBar
from napari_backprop_segmentation.cli.signals import Interruption

__all__ = ["AS_FILES_SAY", "Job", "Outcome", "Reading", "Sheets", "Wanted", "listed", "plan_files", "run_files"]

NO_SHEETS = Sheets()


def run_files(
    jobs: Sequence[Job],
    wanted: Wanted,
    quiet: bool = False,
    say: Callable[[str], None] = lambda _: None,
    *,
    overwrite: bool = False,
    sheets: Sheets = NO_SHEETS,
    client: Any = None,
) -> Iterator[Outcome]:
    """Segment file after file, and yield how each one ended; one that fails does not keep the others from running.

    `say` is called with a line that tells how a file is understood, before its run begins. What was done before, and
    has not changed, is left as it is. Files that are no result of ours, or were edited since, are overwritten only if
    `overwrite` says so; then everything is done again. Tables of all are written as far as the run has come. The
    workers of a `client` do several files at once, or the blocks of one.
    """
    sheets.check(overwrite)
    prepare(jobs, sheets.written)
    entries = [Entry(str(job.image)) for job in jobs]
    files = FilesBar(len(jobs), quiet)
    with closing(files):
        try:
            if client is not None and len(jobs) > 1:
                for n_ended, (number, entry) in enumerate(
                    on_workers(jobs, wanted, segment_alone, client, overwrite=overwrite), start=1
                ):
                    entries[number] = entry
                    sheets.note(entries)
                    files.show(n_ended)
                    files.clear()
                    yield _outcome(jobs[number], entry, 0, 0)
                return
            for number, job in enumerate(jobs):
                with Interruption() as interruption:
                    terminal = Terminal(quiet, say, interruption, files, client)
                    stopped = _asked(interruption)
                    steps = process(job, wanted, terminal.segment, overwrite=overwrite, stopped=stopped)
                    entries[number] = finished(steps)
                    sheets.note(entries)
                files.show(number + 1)
                files.clear()
                yield _outcome(job, entries[number], interruption.asked, len(jobs) - number - 1)
                if interruption.asked:
                    return
        finally:
            sheets.write_summary(entries)
            sheets.write_table([(str(job.image), job.table) for job in _ended(jobs, entries) if job.table])


def _asked(interruption: Interruption) -> Callable[[], object]:
    return lambda: interruption.asked


def _ended(jobs: Sequence[Job], entries: Sequence[Entry]) -> list[Job]:
    """Return the jobs whose results are there."""
    return [job for job, entry in zip(jobs, entries, strict=True) if entry.state in (State.DONE, State.STOPPED)]


def _outcome(job: Job, entry: Entry, signal: int, left: int) -> Outcome:
    failed = entry.state is State.FAILED
    message = f"{job.image}: {entry.message}"
    if not failed:
        message = f"{job.image} -> {entry.line or f'{job.labels}: {entry.message}'}"
    if not signal:
        return Outcome(message, error=failed)
    said = "interrupted" if failed else "interrupted, the result so far is kept"
    more = f"; {left} more images not started" if left else ""
    return Outcome(f"{said}: {message}{more}", error=failed, signal=signal)

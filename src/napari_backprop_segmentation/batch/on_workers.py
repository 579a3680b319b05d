"""Many files on the workers of a dask cluster: one task a file. dask has the queue, and tries again by itself."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from napari_backprop_segmentation.batch.entry import Entry, State
from napari_backprop_segmentation.batch.jobs import Job
from napari_backprop_segmentation.batch.process import Segment, finished, process
from napari_backprop_segmentation.batch.wanted import Wanted
from napari_backprop_segmentation.errors import reason
from napari_backprop_segmentation.pipeline.workers import called, check_client, killed, scheduler_errors, worker_errors

__all__ = ["finished", "on_workers", "process"]

LOOK_SECONDS = 1 / 20


def on_workers(
    jobs: Sequence[Job],
    wanted: Wanted,
    segment: Segment,
    client: Any,
    *,
    names: Sequence[str] | None = None,
    overwrite: bool = False,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[tuple[int, Entry]]:
    """Segment files, and yield the number of each and how it ended, as they end; one that fails stops no other.

    Workers must see the files under the same names.

    Parameters
    ----------
    jobs : sequence of Job
    wanted : Wanted
    segment : callable
        See `process`; of a module, as workers have to find it.
    client : distributed.Client
    names : sequence of str, optional
        What the user knows the files by; their paths if left out.
    overwrite : bool
        See `process`.
    stopped : callable
        Asked while nothing has ended; once it says so, what has not ended is taken back.

    Raises
    ------
    WorkersError
        If the scheduler is lost; what is finished stays, and is left as it is by the next start.
    ParameterError
        If it is no client, or its workers have another version of this program.
    """
    from distributed import as_completed

    check_client(client)
    names = names or [str(job.image) for job in jobs]
    numbers: dict[Any, int] = {}
    try:
        with scheduler_errors(client):
            common = client.scatter((wanted, segment, overwrite), broadcast=True, hash=False)
            for number, each in enumerate(zip(jobs, names, strict=True)):
                numbers[client.submit(called, segmented_file, common, each, pure=False)] = number
        ending = as_completed(list(numbers), loop=client.loop)
        while ending.count():
            if not ending.has_ready():
                if stopped():
                    return
                time.sleep(LOOK_SECONDS)
                continue
            future = next(ending)
            number = numbers[future]
            with worker_errors(client):
                entry = _ending(future, names[number])
            yield number, entry
            future.release()
    finally:
        _let_go(client, list(numbers))


def segmented_file(common: tuple[Wanted, Segment, bool], each: tuple[Job, str]) -> Entry:
    """Return how one file ended."""
    wanted, segment, overwrite = common
    job, name = each
    return finished(process(job, wanted, segment, name=name, overwrite=overwrite))


def _ending(future: Any, name: str) -> Entry:
    """Return how a file ended, also where its worker did not outlive it."""
    from distributed import KilledWorker

    error = future.exception() if future.status == "error" else None
    if error is None:
        entry: Entry = future.result()
        return entry
    told = killed(error) if isinstance(error, KilledWorker) else error
    return Entry(name, State.FAILED, message=reason(told))


def _let_go(client: Any, futures: Sequence[Any]) -> None:
    if getattr(client, "status", "") == "running":
        client.cancel([future for future in futures if future.status == "pending"])

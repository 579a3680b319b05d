"""Blocks of an image that are done by the workers of a dask cluster. dask has the queue, and tries again by itself."""

import asyncio
import logging
import time
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any

from napari_backprop_segmentation.errors import ParameterError, WorkersError
from napari_backprop_segmentation.image.each import T
from napari_backprop_segmentation.network.allocator import reused_memory

logger = logging.getLogger(__name__)
# Whose versions decide whether workers find the same as this process; the first must be the same.
OWN = "napari-backprop-segmentation"
DECIDING = (OWN, "torch", "numpy", "scipy", "scikit-image", "scikit-learn", "higra", "zarr", "tifffile")
AHEAD = 2  # blocks a worker has waiting, so that it never waits for this process
ASK_SECONDS = 1.0
SIZE_WARNING, MOST_SENT = "distributed.admin.large-graph-warning-threshold", "1GB"
START_SECONDS = 60  # for the first worker to come


class Workers:
    """The workers of a cluster, see `Each`.

    Parameters
    ----------
    client : distributed.Client

    Raises
    ------
    ParameterError
        If it is no client, or its workers have another version of this program.
    WorkersError
        If there are no workers.
    """

    def __init__(self, client: Any) -> None:
        self.remarks = check_client(client)
        self._client = client
        self._n_waiting, self._asked_at = 0, -ASK_SECONDS
        with scheduler_errors(client):  # nobody waits for it: it goes on while this process trains
            self._preparing = [client.submit(prepare, workers=[each], pure=False) for each in client.nthreads()]

    def __call__(self, function: Callable[[Any, Any], T], common: Any, items: Iterable[Any]) -> Iterator[T]:
        """Yield ``function(common, item)`` for each item, in their order."""
        client, waiting = self._client, deque[Any]()
        try:
            with scheduler_errors(client):
                shared = client.scatter(common, broadcast=True, hash=False)
            for item in items:
                with scheduler_errors(client):
                    waiting.append(_submitted(client, function, shared, item))
                    enough = len(waiting) > self._ahead()
                if enough:
                    yield result_of(client, waiting.popleft())
            while waiting:
                yield result_of(client, waiting.popleft())
        finally:
            if client.status == "running":
                with suppress(Exception):  # the scheduler may go at any time
                    client.cancel(list(waiting))

    def _ahead(self) -> int:
        """Return how many items may wait; workers come and go, but to ask each time would take longer than a block."""
        if time.monotonic() > self._asked_at + ASK_SECONDS:
            self._n_waiting, self._asked_at = AHEAD * sum(self._client.nthreads().values()), time.monotonic()
        return self._n_waiting


def _submitted(client: Any, function: Callable[[Any, Any], T], shared: Any, item: Any) -> Any:
    import dask

    # a block of pixels is what a worker needs, and larger than what dask expects of a task
    with dask.config.set({SIZE_WARNING: MOST_SENT}):
        return client.submit(called, function, shared, item, pure=False)


def result_of(client: Any, future: Any) -> Any:
    """Return what a worker has found, or raise what it has raised."""
    with worker_errors(client):
        return future.result()


def prepare() -> None:
    """Import on a worker what its first block needs, which takes seconds."""
    import napari_backprop_segmentation.hierarchy.build_in_blocks  # noqa: F401


def called(function: Callable[[Any, Any], T], common: Any, item: Any) -> T:
    """Call a function on a worker."""
    import dask

    warnings.filterwarnings("ignore", "Got image with third dimension", RuntimeWarning)  # of any number of channels
    # A lazy image that asked the cluster for its pixels would wait for the worker that waits for it.
    # dask has the C library give back what is freed at once, which takes as long again as the work.
    with dask.config.set(scheduler="synchronous"), reused_memory():
        return function(common, item)


def check_client(client: Any) -> tuple[str, ...]:
    """Return in words what is different on the workers of a client; refuse what cannot work.

    Raises
    ------
    ParameterError
        If it is no client, or its workers have another version of this program.
    WorkersError
        If no worker comes.
    """
    if not all(hasattr(client, name) for name in ("submit", "scatter", "get_versions")):
        raise ParameterError(
            f"client must be a Client of dask.distributed, got {type(client).__name__}; make one with "
            "distributed.Client(ADDRESS)"
        )
    with scheduler_errors(client):
        try:
            client.wait_for_workers(1, timeout=START_SECONDS)
        except TimeoutError as error:
            raise WorkersError(
                f"cluster must have workers, got none within {START_SECONDS} s at {address_of(client)}; start some "
                "with: dask worker ADDRESS --nthreads 1"
            ) from error
        found = client.get_versions(packages=list(DECIDING))
    remarks = tuple(_differences(found))
    for remark in remarks:
        logger.warning("%s", remark)
    return remarks


def _differences(found: Any) -> Iterator[str]:
    here = found["client"]["packages"]
    for name, version in here.items():
        others: dict[Any, list[str]] = {}
        for address, told in found["workers"].items():
            others.setdefault(told["packages"].get(name), []).append(address)
        for other in (each for each in others if each != version):
            said = f"{name} is {version or 'missing'} here and {other or 'missing'} on {len(others[other])} workers"
            if name == OWN:
                raise ParameterError(
                    f"workers must have the version of {OWN} that is here, got {other or 'none'} instead of {version} "
                    f"on {others[other][0]}; install the same everywhere"
                )
            yield f"{said}, which may give other numbers; install the same everywhere"


@contextmanager
def worker_errors(client: Any) -> Iterator[None]:
    """Turn what dask raises where workers or the scheduler are lost into an error of this package."""
    from distributed import KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        yield
    except KilledWorker as error:
        raise killed(error) from error
    except (CancelledError, CommClosedError, TimeoutError, asyncio.CancelledError) as error:
        raise lost(client, error) from error


@contextmanager
def scheduler_errors(client: Any) -> Iterator[None]:
    """Do the same where the scheduler is asked, which can fail in further ways."""
    try:
        with worker_errors(client):
            yield
    except (OSError, RuntimeError) as error:  # RuntimeError: of a client that has given up
        raise lost(client, error) from error
    except Exception as error:
        if type(error).__name__ == "ClosedClientError":  # not in all versions of distributed
            raise lost(client, error) from error
        raise


def lost(client: Any, error: BaseException) -> WorkersError:
    """Return in words that the scheduler does not answer any more."""
    return WorkersError(
        f"cluster must stay there until the end, got no answer from {address_of(client)} any more "
        f"({type(error).__name__}); start it and the run again: what is finished is kept"
    )


def killed(error: Any) -> WorkersError:
    """Return in words that workers have ended during the same piece of work, as often as dask tries again."""
    return WorkersError(
        f"workers must outlive their work, got {error.allowed_failures + 1} that ended during the same part of it, "
        "perhaps as their memory ran out; give each more memory, and start again to go on"
    )


def address_of(client: Any) -> str:
    """Return where the scheduler of a client is."""
    scheduler = getattr(client, "scheduler", None)
    return str(getattr(scheduler, "address", None) or getattr(client, "_start_arg", None) or "its address")

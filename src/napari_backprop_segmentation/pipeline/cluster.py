"""Who is to do the work: processes of this machine, or the workers of a cluster."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from napari_backprop_segmentation.errors import ParameterError

CONNECT_SECONDS = 30
ANY_PORT = ":0"  # for what dask listens on even without a dashboard: its usual one may be another cluster's
# How often dask looks at itself: by default a hundred times a second at what a worker is doing, fifty times how late it
# is, and ten times at its memory, for which three processes take a tenth of a core.
SELDOM = {
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.worker.memory.monitor-interval": "1s",
}
NOISY = ("distributed", "tornado", "asyncio")


@contextmanager
def client_of(n_workers: int | None, cluster: str | None) -> Iterator[Any]:
    """Give a client of a cluster; None where this process is to do everything.

    Parameters
    ----------
    n_workers : int, optional
        So many processes of this machine, of one thread each.
    cluster : str, optional
        Address of a scheduler, or the file in which one has written where it is.

    Raises
    ------
    ParameterError
        If dask.distributed is not there, or no scheduler.
    """
    if n_workers is None and cluster is None:
        yield None
        return
    if n_workers is not None and n_workers < 1:
        raise ParameterError(f"workers must be at least 1, got {n_workers}; leave it out to use this process alone")
    check_installed()
    _silence()
    with ExitStack() as stack:
        yield stack.enter_context(_local(n_workers, stack) if n_workers is not None else connect(str(cluster)))


def installed() -> bool:
    """Return whether dask.distributed is there."""
    return find_spec("distributed") is not None


def check_installed() -> None:
    """Refuse what needs workers where dask.distributed is not there.

    Raises
    ------
    ParameterError
    """
    if not installed():
        raise ParameterError(
            "workers must have dask.distributed, got none; install it with: pip install "
            '"napari-backprop-segmentation[cluster]"'
        )


def connect(cluster: str) -> Any:
    """Return a client of a cluster, for whoever asks it and for nobody else in this process.

    Parameters
    ----------
    cluster : str
        See `client_of`.

    Raises
    ------
    ParameterError
        If dask.distributed is not there, or no scheduler.
    """
    check_installed()
    _silence()
    from distributed import Client

    try:
        if Path(cluster).is_file():
            return Client(scheduler_file=cluster, timeout=CONNECT_SECONDS, set_as_default=False)
        return Client(cluster, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        told = " ".join(str(error).split())
        raise ParameterError(
            f"cluster must be the address of a dask scheduler that can be reached, such as tcp://10.0.0.1:8786, got "
            f"{cluster!r} ({told}); start one with: dask scheduler"
        ) from error


def _silence() -> None:
    """Let dask say nothing itself: what matters of it is said in words of ours."""
    import distributed  # noqa: F401 - which gives each of its loggers a level of its own

    for name in [*logging.root.manager.loggerDict]:
        if name.split(".")[0] in NOISY:
            logging.getLogger(name).setLevel(logging.CRITICAL)


def _local(n_workers: int, stack: ExitStack) -> Any:
    import dask
    from distributed import Client, LocalCluster

    stack.enter_context(dask.config.set(SELDOM))  # workers get what holds when they are started, or started again
    local = LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        dashboard_address=None,
        scheduler_kwargs={"dashboard_address": ANY_PORT},
        silence_logs=logging.CRITICAL,
    )
    return Client(stack.enter_context(local))

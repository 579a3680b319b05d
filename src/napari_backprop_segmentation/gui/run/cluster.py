"""The workers of a dask cluster: connected to once, and used until the end of the session. No Qt here."""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_backprop_segmentation.gui.run.worker import CancelledError, Failure
from napari_backprop_segmentation.pipeline.messages import count

if TYPE_CHECKING:
    from napari_backprop_segmentation.gui.run.worker import WorkerControl


@dataclass(frozen=True, eq=False)
class Cluster:
    """Workers that do the blocks of large images, and the files of batches.

    Attributes
    ----------
    address : str
        Of the scheduler, or the file that says where it is.
    n_workers : int
        When it was connected to.
    client : distributed.Client
    remarks : tuple of str
        What is different on the workers.
    """

    address: str
    n_workers: int
    client: Any = field(repr=False)
    remarks: tuple[str, ...] = ()

    def in_words(self) -> str:
        """Return who that is.

        Examples
        --------
        >>> Cluster("tcp://10.0.0.1:8786", 2, None).in_words()
        '2 workers at tcp://10.0.0.1:8786'
        """
        return f"{count(self.n_workers, 'worker')} at {self.address}"

    def close(self) -> None:
        """Let go of the workers; what they do for others goes on."""
        with suppress(Exception):  # the scheduler may be gone
            self.client.close(timeout=1)


_session: list[Cluster] = []  # at most one: a widget that is closed and opened again finds it


def session() -> Cluster | None:
    """Return the cluster of this session, if there is one."""
    return _session[0] if _session else None


def use(cluster: Cluster | None) -> Cluster | None:
    """Take another cluster, or none, for the rest of the session; return the one before, which is to be closed."""
    before = session()
    _session[:] = [] if cluster is None else [cluster]
    return before if before is not cluster else None


def connected(address: str) -> Cluster | Failure:
    """Connect to a cluster, in a thread: it takes seconds, and half a minute where nobody answers."""
    client = None
    try:
        from napari_backprop_segmentation.pipeline.cluster import connect
        from napari_backprop_segmentation.pipeline.workers import check_client, scheduler_errors

        client = connect(address)
        remarks = check_client(client)
        with scheduler_errors(client):
            return Cluster(address, len(client.nthreads()), client, remarks)
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        if client is not None:
            Cluster(address, 0, client).close()
        return Failure(error)


class Interruptible:
    """A client that asks its workers for nothing more once the run is cancelled.

    Parameters
    ----------
    client : distributed.Client
    control : WorkerControl
    """

    def __init__(self, client: Any, control: "WorkerControl") -> None:
        self._client, self._control = client, control

    def submit(self, *args: Any, **kwargs: Any) -> Any:
        """Ask for a piece of work."""
        if self._control.cancelled:
            raise CancelledError
        return self._client.submit(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        """Do everything else as the client does."""
        return getattr(self._client, name)


def helping(cluster: Cluster | None, control: "WorkerControl") -> dict[str, Any]:
    """Return further arguments of `pipeline.run.run`: whose workers do the blocks of a large image."""
    return {} if cluster is None else {"client": Interruptible(cluster.client, control)}

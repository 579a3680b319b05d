"""Workers of this machine, for tests that may go on beside other clusters."""

from typing import Any

from distributed import LocalCluster

from napari_backprop_segmentation.pipeline.cluster import ANY_PORT


def two_workers(**named: Any) -> LocalCluster:
    """Return two workers of one thread each, on a port of their own."""
    free = {"dashboard_address": ANY_PORT}
    return LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, scheduler_kwargs=free, **named)

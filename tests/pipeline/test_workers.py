"""Blocks on the workers of a dask cluster: the same numbers as in this process, and lost workers in words."""

import dask
import numpy as np
import pytest
from clusters import two_workers
from distributed import Client, wait
from skimage import data

from napari_backprop_segmentation import Params, finish, run
from napari_backprop_segmentation.errors import ParameterError, WorkersError
from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.pipeline import workers
from napari_backprop_segmentation.pipeline.cluster import SELDOM, client_of

DASK_PORT = 8787
COINS = data.coins()[:96, :120]
QUICK = Params(n_channels=8, iterations=2, n_superpixels=60, device="cpu", detail=70.0)


@pytest.fixture(scope="module")
def client():
    with (
        two_workers(processes=False) as cluster,
        Client(cluster) as made,
    ):
        yield made


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 48)
    monkeypatch.setitem(BLOCK_SIDE, 2, 20)


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("settings", [{}, {"regions": "trained"}, {"objects": "bright", "min_object": 10}])
def test_workers_find_what_this_process_finds(client, settings):
    params = QUICK.replace(**settings)
    whole = finish(run(COINS, params))
    out = np.zeros(COINS.shape, np.int32)
    found = finish(run(COINS, params, out=out, client=client))
    np.testing.assert_array_equal(out, whole.labels)
    assert found.record["regions"] == whole.record["regions"]
    assert found.record["notes"] == []
    assert len(np.unique(out)) > 3


def test_a_second_cluster_of_this_machine_says_nothing():
    with client_of(1, None) as one, client_of(1, None) as other:  # a warning would be an error
        ports = {each.scheduler_info()["services"].get("dashboard") for each in (one, other)}
        assert len(ports) == 2
        assert DASK_PORT not in ports
        assert other.submit(int, 3).result() == 3


def test_workers_of_this_machine_hardly_look_at_themselves():
    before = dask.config.get("distributed.admin.tick.interval")
    with client_of(1, None) as client:
        for name, value in SELDOM.items():
            assert set(client.run(dask.config.get, name).values()) == {value}
    assert dask.config.get("distributed.admin.tick.interval") == before


def test_workers_import_what_they_need_before_the_first_block():
    def imported():  # here, so that workers need not import this file for it
        import sys

        return {"torch", "skimage.segmentation"} <= set(sys.modules)

    with client_of(1, None) as client:
        assert not any(client.run(imported).values())
        wait(workers.Workers(client)._preparing)
        assert all(client.run(imported).values())


def test_what_is_no_client_is_refused():
    out = np.zeros(COINS.shape, np.int32)
    with pytest.raises(ParameterError, match=r"^client must be a Client of dask.distributed, got str; make one"):
        finish(run(COINS, QUICK, out=out, client="tcp://here"))


class Told:
    """A client whose workers have other versions."""

    def __init__(self, **others):
        self._others = others

    def submit(self):
        raise AssertionError

    scatter = submit

    def wait_for_workers(self, n, timeout):
        if self._others.get("late"):
            raise TimeoutError(f"{n} {timeout}")

    def get_versions(self, packages):
        here = dict.fromkeys(packages, "1.0")
        return {"client": {"packages": here}, "workers": {"tcp://a": {"packages": {**here, **self._others}}}}


def test_versions_that_differ_are_told():
    assert workers.check_client(Told()) == ()
    assert workers.check_client(Told(torch="2.0", numpy=None)) == (
        "torch is 1.0 here and 2.0 on 1 workers, which may give other numbers; install the same everywhere",
        "numpy is 1.0 here and missing on 1 workers, which may give other numbers; install the same everywhere",
    )
    with pytest.raises(ParameterError, match=r"^workers must have the version of .* got 0.9 instead of 1.0 on tcp://a"):
        workers.check_client(Told(**{workers.OWN: "0.9"}))


def test_a_cluster_without_workers_is_told():
    with pytest.raises(WorkersError, match=r"^cluster must have workers, got none within 60 s"):
        workers.check_client(Told(late=True))


def test_a_client_that_was_closed_is_told():
    error = type("ClosedClientError", (Exception,), {})
    with (
        pytest.raises(WorkersError, match=r"^cluster must stay there until the end, .*ClosedClientError"),
        workers.scheduler_errors(object()),
    ):
        raise error

"""The window *Compute on...*, and a real cluster that does the blocks of an image and the files of a batch."""

import pickle

import numpy as np
import pytest
import tifffile

from napari_backprop_segmentation.gui.run import cluster, compute_on
from napari_backprop_segmentation.gui.run.worker import Cancellable, CancelledError, WorkerControl
from napari_backprop_segmentation.hierarchy import initial_regions
from napari_backprop_segmentation.image.blocks import BLOCK_SIDE
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline import estimate

PATIENCE_MS = 300_000
QUICK = {"n_channels": 8, "iterations": 2, "n_superpixels": 50, "min_labels": 0, "min_region": 1, "device": "cpu"}


@pytest.fixture(autouse=True)
def alone():
    """No cluster is left to the next test."""
    yield
    left = cluster.use(None)
    if left is not None:
        left.close()


@pytest.fixture
def dialog(widget):
    widget.compute_button.native.click()
    return widget.compute


def ask(dialog, qtbot, address):
    dialog.where.value = compute_on.CLUSTER
    dialog.address.value = address
    dialog.connect_button.native.click()
    qtbot.waitUntil(lambda: not dialog.connecting, timeout=PATIENCE_MS)


def test_what_cannot_be_is_one_sentence(dialog, widget, qtbot, notes, monkeypatch):
    assert dialog.isVisible()
    assert not dialog.address.native.isVisibleTo(dialog)
    ask(dialog, qtbot, "")
    assert dialog.status == compute_on.NO_ADDRESS
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.cluster.CONNECT_SECONDS", 0.2)
    ask(dialog, qtbot, "tcp://127.0.0.1:1")
    assert dialog.status.startswith("Cluster must be the address of a dask scheduler that can be reached, such as")
    assert dialog.connect_button.enabled
    assert widget.state.cluster is cluster.session() is None
    monkeypatch.setattr("napari_backprop_segmentation.pipeline.cluster.find_spec", lambda _: None)
    without = compute_on.ComputeOn(widget.native, widget.state)
    assert without.where.choices == (compute_on.HERE,)
    assert without.status.startswith("For a cluster, install dask.distributed first: pip install")
    without.abandon()
    assert notes == []


def test_a_cluster_is_told_in_the_window_and_remembered_for_the_session(dialog, widget, viewer, qtbot, monkeypatch):
    from napari_backprop_segmentation.gui.widget import BackpropWidget

    closed = []
    made = cluster.Cluster("tcp://here:1", 2, None, ("numpy is 1 here and 2 on 1 workers",))
    monkeypatch.setattr(cluster, "connected", lambda _: made)
    monkeypatch.setattr(cluster.Cluster, "close", lambda self: closed.append(self.address))
    ask(dialog, qtbot, "tcp://here:1")
    assert dialog.status == "Connected to 2 workers at tcp://here:1. Numpy is 1 here and 2 on 1 workers."
    told = "Images too large for the memory, and batches of files, are computed by 2 workers at tcp://here:1."
    assert widget.status == f"Ready. {told}"
    other = BackpropWidget(viewer)
    viewer.window.add_dock_widget(other, name="another")
    assert other.state.cluster is made
    assert told in other.status
    dialog.where.value = compute_on.HERE
    assert widget.status == "Ready."
    assert cluster.session() is None
    qtbot.waitUntil(lambda: closed == [made.address])


def test_a_cancelled_run_asks_workers_for_nothing_more():
    control = WorkerControl()

    class Client:
        status = "running"

        def submit(self, value):
            return value

    asked = cluster.helping(cluster.Cluster("here", 1, Client()), control)["client"]
    assert (asked.submit(3), asked.status) == (3, "running")
    control.command = "cancel"
    with pytest.raises(CancelledError):
        asked.submit(3)
    array = np.arange(6).reshape(2, 3)  # workers get the array itself, which needs nothing of napari
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(Cancellable(array, control))), array)
    assert cluster.helping(None, control) == {}


@pytest.mark.slow
def test_blocks_and_files_are_done_by_a_cluster(dialog, widget, viewer, image, qtbot, tmp_path, monkeypatch, notes):
    from clusters import two_workers

    monkeypatch.setattr(estimate, "MOST_TREE_PIXELS", 500)
    monkeypatch.setattr(initial_regions, "LEAF_BLOCK", 16)
    monkeypatch.setitem(BLOCK_SIDE, 2, 16)
    widget.state.fill(Params(**QUICK))

    def found():
        widget.run()
        qtbot.waitUntil(lambda: not widget.running, timeout=PATIENCE_MS)
        return viewer.layers["cells labels"].data.copy()

    alone = found()
    folder = tmp_path / "images"
    folder.mkdir()
    for number in range(3):
        tifffile.imwrite(folder / f"{number}.tif", np.roll(image, number))
    with two_workers() as local:
        ask(dialog, qtbot, local.scheduler_address)
        assert dialog.status.startswith("Connected to 2 workers at ")
        submitted = []
        client = widget.state.cluster.client
        submit = client.submit
        monkeypatch.setattr(client, "submit", lambda *a, **k: submitted.append(a) or submit(*a, **k))
        np.testing.assert_array_equal(found(), alone)
        n_blocks = len(submitted)
        assert n_blocks > 4

        def loaded():  # here, so that workers need not import this file for it
            import sys

            return {"napari", "qtpy"} & set(sys.modules)

        assert not any(client.run(loaded).values())
        widget.open_batch()
        form = widget.batch.form
        form.source.value, form.folder.value, form.output.value = "files", str(folder), str(tmp_path / "out")
        widget.batch.start_button.click()
        qtbot.waitUntil(lambda: not widget.batch.running, timeout=PATIENCE_MS)
        assert widget.batch.status == "3 of 3 images done."
        assert len(submitted) == n_blocks + 3
        assert {path.name for path in (tmp_path / "out").glob("*.tif")} == {f"{n}_labels.tif" for n in range(3)}
    widget.run()  # the scheduler is gone
    qtbot.waitUntil(lambda: not widget.running, timeout=PATIENCE_MS)
    assert "Failed: cluster must stay there until the end, got no answer from" in widget.status
    assert len(notes) == 1

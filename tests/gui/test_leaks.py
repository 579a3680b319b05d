"""Nothing of a run or a measurement is left once it has ended: no image, no layer, no generator, no process."""

import gc
from weakref import ref

import numpy as np
import psutil
import pytest
from napari.layers import Labels
from qtpy.QtCore import QObject, QThreadPool

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.measuring import Tables
from napari_backprop_segmentation.hierarchy.merge import MergeProcess  # the real one, whatever else stands for it
from napari_backprop_segmentation.params.params import Params

SHAPE = (24, 32)


@pytest.fixture
def parent():
    return QObject()


def threads_done(qtbot):
    assert QThreadPool.globalInstance().waitForDone(20_000)
    qtbot.wait(20)  # for what they have told


def measured(viewer, parent, qtbot):
    """Measure labels in an image that nobody else has; return what would be kept of both."""
    labels = viewer.add_labels(np.eye(*SHAPE, dtype=np.uint8), name="measured")
    run_input = RunInput("alone", np.eye(*SHAPE), "YX", {}, SHAPE, (1.0, 1.0))
    tables = Tables(viewer, parent)
    done = []
    tables.measure(labels, run_input, lambda *_: done.append(True))
    qtbot.waitUntil(lambda: bool(done))
    tables.close()
    return ref(run_input), ref(run_input.array)


def test_nothing_of_a_measurement_is_kept(viewer, parent, qtbot):
    kept = measured(viewer, parent, qtbot)
    threads_done(qtbot)
    gc.collect()
    assert [each() for each in kept] == [None, None]


def test_nothing_of_what_was_asked_and_not_waited_for_is_kept(viewer, parent, qtbot):
    tables = Tables(viewer, parent)
    labels = Labels(np.eye(*SHAPE, dtype=np.uint8))
    run_input = RunInput("alone", np.eye(*SHAPE), "YX", {}, SHAPE, (1.0, 1.0))
    kept = [ref(labels), ref(run_input)]
    tables.measure(labels, run_input)
    del labels, run_input
    threads_done(qtbot)
    gc.collect()
    assert [each() for each in kept] == [None, None]


@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("how", ["quit", "close"])
def test_a_run_whose_viewer_goes_ends_at_once(widget, viewer, engine, qtbot, paused, how):
    widget.run()
    engine.allow()
    qtbot.waitUntil(lambda: len(widget.chart.points) == 1)
    if paused:
        widget.pause()
        engine.allow()
        qtbot.waitUntil(lambda: widget.pause_button.text == "Resume" and widget.state.phase.value == "paused")
    if how == "quit":
        widget._runs._controller._worker.quit()  # what napari does with its tasks when its window closes
    else:
        viewer.close()
    engine.allow(2)
    threads_done(qtbot)
    assert engine.closed.is_set()


@pytest.mark.parametrize("paused", [False, True])
def test_the_process_of_a_run_that_is_quit_has_ended(widget, viewer, qtbot, monkeypatch, paused):
    monkeypatch.setattr("napari_backprop_segmentation.hierarchy.merge.MergeProcess", MergeProcess)
    before = {child.pid for child in psutil.Process().children(recursive=True)}
    widget.controls.fill(Params(n_channels=8, iterations=100_000, n_superpixels=50, min_labels=0))
    widget.run()
    qtbot.waitUntil(lambda: len(widget.chart.points) > 2, timeout=120_000)
    assert {child.pid for child in psutil.Process().children(recursive=True)} - before
    if paused:
        widget.pause()
        qtbot.waitUntil(lambda: widget.state.phase.value == "paused", timeout=20_000)
    widget._runs._controller._worker.quit()
    threads_done(qtbot)
    assert {child.pid for child in psutil.Process().children(recursive=True)} <= before

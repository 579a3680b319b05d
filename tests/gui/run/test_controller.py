"""A run from Run to its end, with a stand-in for the engine and no window."""

import gc
from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.run.controller import RunController
from napari_backprop_segmentation.gui.run.job import Job
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.state import Phase


@pytest.fixture
def start(model, state, chosen, image, engine, qtbot):
    """Start runs on an image; return the controller of each."""
    parent = QWidget()
    qtbot.addWidget(parent)
    chosen(image, name="cells")
    kept = []  # as a widget does

    def begin():
        made = RunController(model, state, Job(state.input.run_input, state.settings, state.input.layers))
        kept.append(made)
        made.start(parent)
        return made

    yield begin
    engine.allow(1000)
    assert QThreadPool.globalInstance().waitForDone(10_000)
    state.close()


def step(engine, state, qtbot, number=1):
    before = len(state.run.points)
    engine.allow(number)
    qtbot.waitUntil(lambda: len(state.run.points) > before)


def test_a_run_ends_with_a_result_in_its_layer(start, state, model, engine, qtbot):
    state.change("iterations", 3)
    start()
    assert (state.phase, state.run.layer) == (Phase.RUNNING, model.layers[-1])
    step(engine, state, qtbot)
    assert state.status.startswith("Iteration 1 of 3, 5 labels")
    engine.allow(2)
    qtbot.waitUntil(lambda: not state.busy)
    layer = model.layers[-1]
    assert state.phase is Phase.DONE
    assert state.result is result_of(layer)
    assert state.result.layer is layer
    assert (layer.data == 203).all()
    assert layer.metadata[METADATA]["image"]["layers"] == ["cells"]
    assert [point.losses["similarity"] for point in state.points] == [0.5] * 3
    assert gc.get_freeze_count() == 0


def test_a_run_that_is_made_once_more_goes_on_where_it_was(start, state, engine, qtbot, monkeypatch):
    from tests.gui.conftest import FakeStep

    def steps(run_input, params, *_, **__):
        for number in range(1, 7):
            assert engine.gate.acquire(timeout=20)
            yield FakeStep(number, run_input.shape, run=(1, 1) if number <= 3 else (2, 2))
        record = {
            "params": params.to_dict(),
            "stopped_by": "all done",
            "iterations": 20,
            "seconds": 0.1,
            "kind": "fast",
        }
        nothing = dict.fromkeys(("hierarchy", "agreement", "look", "find", "teach", "recount", "model"))
        labels = np.ones(run_input.shape, np.uint8)
        return SimpleNamespace(labels=labels, record=record | {"mistaken": "em"}, stopped_by="", **nothing)

    monkeypatch.setattr("napari_backprop_segmentation.gui.run.worker.start_steps", steps)
    state.change("iterations", 3)
    run = start()
    step(engine, state, qtbot)
    assert state.status.startswith("Iteration 1 of 3, 5 labels")
    told = []
    state.events.run.connect(lambda now: told.append(now.told))
    engine.allow(5)
    qtbot.waitUntil(lambda: not state.busy)
    assert "Taken for Electron microscopy at first" in state.status
    assert "Once more, as any image: Iteration 6 of 6, 5 labels. Labelling every pixel..." in told
    assert (run._bar.n, run._bar.total) == (6, 6)
    assert not state.result.history


def test_pausing_is_told_when_the_iteration_has_ended(start, state, engine, qtbot):
    run = start()
    step(engine, state, qtbot)
    run.toggle_pause()
    assert state.phase is Phase.PAUSING
    engine.allow(1)
    qtbot.waitUntil(lambda: state.phase is Phase.PAUSED)
    seen = len(state.points)
    engine.allow(5)
    qtbot.wait(120)
    assert len(state.points) == seen
    run.toggle_pause()
    assert state.phase is Phase.RUNNING
    engine.allow(100)
    qtbot.waitUntil(lambda: state.phase is Phase.DONE)
    assert len(state.points) == state.settings.iterations


@pytest.mark.parametrize(("end", "phase", "layers"), [("stop", Phase.DONE, 2), ("cancel", Phase.IDLE, 1)])
def test_a_paused_run_ends_without_another_iteration(start, state, model, engine, qtbot, end, phase, layers):
    run = start()
    step(engine, state, qtbot)
    run.toggle_pause()
    engine.allow(1)
    qtbot.waitUntil(lambda: state.phase is Phase.PAUSED)
    getattr(run, end)()
    qtbot.waitUntil(lambda: not state.busy)
    assert state.phase is phase
    assert len(model.layers) == layers
    assert engine.closed.is_set()
    assert len(state.run.points) <= 2


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ImageError("image must hold pixels"), "image must hold pixels"),
        (RuntimeError("shapes cannot be multiplied"), "the engine stopped: shapes cannot be multiplied"),
        (MemoryError("8 GB"), "image must fit the memory, got: 8 GB; choose a faster preset"),
        (ZeroDivisionError("a defect"), "a defect"),
    ],
)
@pytest.mark.parametrize("steps", [0, 1])
def test_every_error_ends_in_words_and_keeps_labels_that_have_formed(
    start, state, model, engine, qtbot, notes, error, text, steps
):
    start()
    for _ in range(steps):
        step(engine, state, qtbot)
    qtbot.waitUntil(lambda: model.layers[-1].data.max() == steps)
    engine.fail_with = error
    engine.allow(1)
    qtbot.waitUntil(lambda: not state.busy)
    assert (state.phase, state.result) == (Phase.FAILED, None)
    assert text in state.status
    assert [severity for severity, _ in notes] == ["error"]
    assert text in notes[0][1]
    assert [layer.name for layer in model.layers] == ["cells", "cells labels"][: 1 + steps]
    assert model.layers[-1].editable


def test_two_runs_overlap_and_the_last_one_unfreezes(start, state, engine, qtbot):
    first = start()
    step(engine, state, qtbot)
    second = start()
    assert gc.get_freeze_count() > 0
    first.abandon()
    assert gc.get_freeze_count() > 0  # the second still needs it
    second.abandon()
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("paused", [True, False])
def test_an_abandoned_run_ends_by_itself_and_leaves_nothing_switched(start, state, model, engine, qtbot, paused):
    run = start()
    step(engine, state, qtbot)
    qtbot.waitUntil(lambda: model.layers[-1].data.max() == 1)
    if paused:
        run.toggle_pause()
        engine.allow(1)
        qtbot.waitUntil(lambda: state.phase is Phase.PAUSED)
    run.abandon()
    run.release()
    assert (state.busy, gc.get_freeze_count()) == (False, 0)
    if not paused:
        engine.allow(1)  # which is waited for already
    assert engine.closed.wait(10), "the generator was not closed, so that it keeps its memory"
    assert QThreadPool.globalInstance().waitForDone(10_000)
    qtbot.wait(10)  # late signals find nobody
    assert model.layers[-1].editable
    assert np.isin(model.layers[-1].data, (1, 2)).all()
    assert not state.busy

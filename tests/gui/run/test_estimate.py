"""The line that says what a run will take; no window is needed."""

import math
import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from napari_backprop_segmentation.gui.input import run_input
from napari_backprop_segmentation.gui.run import estimate as run_estimate
from napari_backprop_segmentation.gui.run.estimate import RunEstimate, free_memory
from napari_backprop_segmentation.gui.state import Input
from napari_backprop_segmentation.network.estimate import Costs
from napari_backprop_segmentation.params.params import Params

pytestmark = pytest.mark.usefixtures("qapp")
FAST = Params.preset("auto")


@pytest.fixture
def line(state, qtbot):
    state.fill(FAST)
    found = RunEstimate(state)
    qtbot.addWidget(found.label)
    return found


def test_time_and_memory_follow_the_settings(line, state, chosen, image, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", object())  # imported already
    chosen(image)
    assert line.label.text() == "Takes less than a second and 0.2 GB on the processor (float32)."
    monkeypatch.delitem(sys.modules, "torch")  # else it is still to be imported, which takes a second here
    line.show()
    assert line.label.text() == "Takes about 1 s and 0.2 GB on the processor (float32)."
    chosen(np.zeros((2000, 2000), np.uint8))
    before = line.label.text()
    assert before.startswith("Takes about ")
    state.change("iterations", 4000)
    assert line.label.text() != before
    assert "min" in line.label.text()
    state.change("method", "kmeans")
    assert line.label.text() == ""
    assert line.label.isHidden()


def test_what_will_be_done_instead_is_said_before_the_run(line, state, chosen, monkeypatch):
    monkeypatch.setattr(run_estimate, "free_memory", lambda device: 2e8)
    chosen(np.zeros((1000, 1000), np.uint8))
    state.change("crop_pixels", 0)
    instead = "; trains on crops of 32768 pixels, as 2.5 GB would be needed and 0.2 GB are free"
    assert instead in line.label.text()


@pytest.fixture
def graphics_card(monkeypatch):
    """A machine whose memory is nearly full, with a graphics card of which torch says how much is free."""
    monkeypatch.setattr(run_estimate, "psutil", SimpleNamespace(virtual_memory=lambda: SimpleNamespace(available=1e6)))
    planning = ModuleType(run_estimate.PLANNING)
    planning.free_memory = lambda device: {"cuda:0": 2e8}[device]
    return planning


def test_of_a_graphics_card_its_own_memory_counts(graphics_card, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(device=str))
    monkeypatch.setitem(sys.modules, run_estimate.PLANNING, graphics_card)
    assert free_memory("cuda:0") == 2e8
    assert free_memory("cpu") == free_memory("mps") == 1e6


@pytest.mark.parametrize("half_loaded", [False, True])
def test_free_memory_of_a_graphics_card_is_not_told_before_torch_is_there(
    line, state, chosen, graphics_card, half_loaded, monkeypatch
):
    monkeypatch.delitem(sys.modules, "torch", raising=False)
    monkeypatch.delitem(sys.modules, run_estimate.PLANNING, raising=False)
    if half_loaded:
        monkeypatch.setitem(sys.modules, run_estimate.PLANNING, ModuleType(run_estimate.PLANNING))
    assert free_memory("cuda") == math.inf
    line._costs = Costs("cuda", "float32", 1.0, 1e-9, 1e-11, 1e-9, 1e-11, 1e-7, 1e-9, 1e-7)
    chosen(np.zeros((1000, 1000), np.uint8))
    state.change("crop_pixels", 0)
    assert line.label.text().endswith("2.7 GB on the graphics card (float32).")
    assert "torch" not in sys.modules


def test_a_series_takes_longer_than_a_plane(line, chosen):
    film = np.zeros((2000, 200, 200), np.uint8)
    chosen(film[0])
    assert "about 1 s" in line.label.text() or "less than a second" in line.label.text()
    chosen(film, "TYX")
    assert "min" in line.label.text()


def test_nothing_is_said_of_an_image_that_cannot_be_segmented(line, state, chosen, image):
    chosen(image)
    assert line.label.text()
    state.choose(Input())
    assert line.label.text() == ""


@pytest.mark.parametrize(("axes", "shape", "n"), [("YX", (4, 4), 1), ("YXS", (4, 4, 4), 3), ("CYX", (7, 4, 4), 7)])
def test_channels_of_an_image(axes, shape, n):
    assert run_input.RunInput("", np.zeros(shape), axes, {}, (4, 4), (1, 1)).n_channels == n


def test_an_unknown_machine_is_measured_once_apart_from_the_window(costs, state, chosen, image, qtbot, monkeypatch):
    costs.unlink()
    line = RunEstimate(state)
    qtbot.addWidget(line.label)
    chosen(image)
    assert line.label.text() == ""
    script = f"import pathlib, shutil; shutil.copy({str(costs) + '.known'!r}, {str(costs)!r})"
    Costs("cpu", "float32", 1.0, 0, 0, 0, 0, 0, 0, 0).save(costs.with_name(costs.name + ".known"))
    monkeypatch.setattr(run_estimate, "PROBE", script)
    monkeypatch.setattr(run_estimate, "ARGUMENTS", ["-c"])
    line.measure()
    qtbot.waitUntil(lambda: bool(line.label.text()))
    assert line._costs == Costs.load()
    monkeypatch.setattr(run_estimate, "_probe", None)  # measuring again would fail
    line.measure()


@pytest.mark.parametrize(("seconds", "again"), [(0.1, False), (0.9, False), (60.0, True)])
def test_a_wrong_estimate_is_measured_anew(seconds, again, line, chosen, shown, image, regions, monkeypatch):
    measured = []
    monkeypatch.setattr(RunEstimate, "measure", lambda self: measured.append(True))
    chosen(image)
    record = {**regions.record, "seconds": seconds}
    shown(SimpleNamespace(labels=regions.labels, record=record, model=None, hierarchy=None, agreement=None, look=None))
    assert bool(measured) == again

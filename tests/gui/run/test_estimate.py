"""The line that says what a run will take."""

import sys

import numpy as np
import pytest

from napari_backprop_segmentation.gui.input import run_input
from napari_backprop_segmentation.gui.run import estimate as run_estimate
from napari_backprop_segmentation.gui.run import worker
from napari_backprop_segmentation.gui.run.estimate import RunEstimate
from napari_backprop_segmentation.network import estimate as module
from napari_backprop_segmentation.network.estimate import Costs


def line(widget):
    return widget._run_estimate.label.text()


def test_time_and_memory_follow_the_settings(widget, viewer, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", object())  # imported already
    widget._describe_image()
    assert line(widget) == "Takes less than a second and 0.2 GB on the processor (float32)."
    monkeypatch.delitem(sys.modules, "torch")  # else it is still to be imported, which takes a second here
    widget._describe_image()
    assert line(widget) == "Takes about 1 s and 0.2 GB on the processor (float32)."
    viewer.add_image(np.zeros((2000, 2000), np.uint8), name="large")
    assert line(widget).startswith("Takes about ")
    before = line(widget)
    widget.controls["iterations"].value = 4000
    assert line(widget) != before
    assert "min" in line(widget)
    widget.controls["method"].value = "kmeans"
    assert line(widget) == ""
    assert widget._run_estimate.label.isHidden()


def test_what_will_be_done_instead_is_said_before_the_run(widget, viewer, monkeypatch):
    monkeypatch.setattr(run_estimate, "_free_memory", lambda: 2e8)
    viewer.add_image(np.zeros((1000, 1000), np.uint8), name="large")
    widget.controls["crop_pixels"].value = 0
    assert "; trains on crops of 32768 pixels, as 2.5 GB would be needed and 0.2 GB are free." in line(widget)


def test_a_series_takes_longer_than_a_plane(widget, viewer):
    viewer.add_image(np.zeros((2000, 200, 200), np.uint8), name="movie", axis_labels=["t", "y", "x"])
    widget.input_form.roi.range.value = "T"
    assert "about 1 s" in line(widget) or "less than a second" in line(widget)
    widget.input_form.roi.range.value = ""
    assert "min" in line(widget)


def test_nothing_is_said_of_an_image_that_cannot_be_segmented(widget, viewer):
    viewer.add_image(np.zeros((4, 3, 20, 20), np.uint8), name="series")
    assert line(widget) == ""


@pytest.mark.parametrize(("axes", "shape", "n"), [("YX", (4, 4), 1), ("YXS", (4, 4, 4), 3), ("CYX", (7, 4, 4), 7)])
def test_channels_of_a_picture(axes, shape, n):
    assert run_input.RunInput("", np.zeros(shape), axes, {}, (4, 4), (1, 1)).n_channels == n


def test_an_unknown_machine_is_measured_once_apart_from_the_window(costs, qtbot, monkeypatch):
    from qtpy.QtWidgets import QWidget

    costs.unlink()
    parent = QWidget()
    qtbot.addWidget(parent)
    told = []
    line = RunEstimate(lambda: told.append(True))
    script = f"import pathlib, shutil; shutil.copy({str(costs) + '.known'!r}, {str(costs)!r})"
    Costs("cpu", "float32", 1.0, 0, 0, 0, 0, 0, 0, 0).save(costs.with_name(costs.name + ".known"))
    monkeypatch.setattr(run_estimate, "PROBE", script)
    monkeypatch.setattr(run_estimate, "ARGUMENTS", ["-c"])
    line.measure(parent)
    qtbot.waitUntil(lambda: bool(told))
    assert line._costs == module.Costs.load()
    line.measure(parent)
    assert len(told) == 1


@pytest.mark.parametrize(("seconds", "again"), [(0.1, False), (0.9, False), (60.0, True)])
def test_a_wrong_estimate_is_measured_anew(seconds, again, widget, engine, qtbot, monkeypatch):
    measured = []
    monkeypatch.setattr(RunEstimate, "measure", lambda self, parent: self._costs or measured.append(parent))
    fake = worker.start_steps

    def slow(*args):
        result = yield from fake(*args)
        result.record["seconds"] = seconds
        return result

    monkeypatch.setattr(worker, "start_steps", slow)
    engine.allow(20)
    widget.run()
    qtbot.waitUntil(lambda: not widget.running)
    assert bool(measured) == again

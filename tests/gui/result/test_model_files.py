"""Trained networks as files, through the buttons of the widget."""

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog, QWidget

from napari_backprop_segmentation.gui.result import model_files
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.io.model_file import model_provenance
from napari_backprop_segmentation.params.params import Params

QUICK = Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0, min_region=1, precision="float32")


@pytest.fixture
def path(tmp_path, monkeypatch):
    """The file that is chosen in every dialog."""
    path = tmp_path / "cells.safetensors"
    monkeypatch.setattr(model_files, "ask_where_to_save", lambda *_: str(path))
    monkeypatch.setattr(model_files, "ask_what_to_load", lambda *_: str(path))
    return path


def press(widget, qtbot, button):
    button.native.click()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)


def test_a_model_is_saved_loaded_and_applied(widget, viewer, qtbot, path, notes):
    files = widget.model_files
    widget.controls.fill(QUICK)
    assert not files.save_button.enabled
    assert files.apply_button.native.isHidden()
    press(widget, qtbot, widget.run_button)
    layer = viewer.layers["cells labels"]
    assert files.save_button.enabled
    files.save_button.native.click()
    qtbot.waitUntil(lambda: widget.status.startswith("Saved the model as cells.safetensors."))
    assert model_provenance(path)["params"] == layer.metadata[METADATA]["params"]
    files.load_button.native.click()
    qtbot.waitUntil(lambda: widget.status.startswith("Loaded the model cells.safetensors."))
    assert not files.apply_button.native.isHidden()
    press(widget, qtbot, files.apply_button)
    assert widget.status.startswith("Done in ")
    assert layer not in viewer.layers  # nobody has touched it
    np.testing.assert_array_equal(viewer.layers["cells labels"].data, layer.data)
    assert widget.chart.points == ()  # nothing was trained
    assert notes == []


def test_a_model_that_does_not_suit_the_image_is_refused_in_words(widget, viewer, qtbot, path, image):
    widget.controls.fill(QUICK)
    press(widget, qtbot, widget.run_button)
    widget.model_files.save_button.native.click()
    qtbot.waitUntil(path.exists)
    widget.model_files.load_button.native.click()
    qtbot.waitUntil(lambda: widget.state.model is not None)
    viewer.add_image(np.stack([image] * 2), name="two", axis_labels=["c", "y", "x"])
    press(widget, qtbot, widget.model_files.apply_button)
    assert widget.status.startswith("Failed: ")
    assert "channel" in widget.status


def test_errors_are_told_in_a_sentence(widget, engine, qtbot, path):
    path.write_bytes(b"no model")
    widget.model_files.load_button.native.click()
    qtbot.waitUntil(lambda: widget.status.startswith("cells.safetensors was not loaded. Model file must be one that"))
    assert widget.state.model is None
    widget.run()
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    widget.model_files.save_button.native.click()  # of a model that is none
    qtbot.waitUntil(lambda: widget.status.startswith("The model was not saved. "))


def test_nothing_happens_where_no_file_is_chosen(widget, engine, qtbot, monkeypatch):
    for name in ("ask_where_to_save", "ask_what_to_load"):
        monkeypatch.setattr(model_files, name, lambda *_: "")
    widget.run()
    assert not widget.model_files.load_button.enabled
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    before = widget.status
    widget.model_files.save_button.native.click()
    widget.model_files.load_button.native.click()
    assert widget.status == before
    widget.apply_model()
    assert not widget.running


@pytest.mark.parametrize(("accepted", "name"), [(True, "cells.safetensors"), (False, "")])
def test_the_dialog_suggests_a_name(qtbot, monkeypatch, tmp_path, accepted, name):
    parent = QWidget()
    qtbot.addWidget(parent)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(QFileDialog, "exec", lambda _: accepted)
    found = model_files.ask_where_to_save(parent, "cells")
    assert found.rpartition("/")[2] == name

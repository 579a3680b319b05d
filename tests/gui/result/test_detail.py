from importlib import import_module

import numpy as np
import pytest

from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.params.params import Params


@pytest.fixture
def finished(widget, viewer, qtbot):
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0, min_region=1))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=300_000)
    return widget


def test_the_slider_cuts_the_result_anew(finished, viewer):
    layer = viewer.layers["cells labels"]
    counts = []
    for detail in (20, 50, 100):
        finished.controls["detail"].value = detail
        counts.append(len(np.unique(layer.data)))
        assert finished.status == f"Detail {detail}: {counts[-1]} label{'' if counts[-1] == 1 else 's'}."
    assert counts[0] == 2  # the bright object and the ground
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert layer.metadata[METADATA]["params"]["detail"] == 100


def test_edited_labels_are_left_alone(finished, viewer):
    layer = viewer.layers["cells labels"]
    layer.data_setitem((np.array([0]), np.array([0])), 99)
    edited = layer.data.copy()
    finished.controls["detail"].value = 3
    np.testing.assert_array_equal(layer.data, edited)
    assert "have been edited" in finished.status


def test_nothing_happens_once_the_layer_is_gone(finished, viewer):
    viewer.layers.remove("cells labels")
    before = finished.status
    finished.controls["detail"].value = 3
    assert finished.status == before


def test_the_slider_rests_while_objects_are_looked_for(widget):
    slider = widget.controls["detail"]
    assert slider.enabled
    widget.controls["objects"].value = "bright"
    assert not slider.enabled
    assert "Objects are the same at every detail. Set Objects to 'off'" in slider.tooltip
    title = widget.controls.titles["detail"]
    assert (title.isEnabled(), title.toolTip()) == (False, slider.tooltip)
    widget.controls["n_runs"].value = 2  # the map of their borders has a detail
    assert slider.enabled
    widget.controls["n_runs"].value = 1
    assert not slider.enabled
    widget.controls["objects"].value = "off"
    assert slider.enabled
    assert "Set Objects" not in slider.tooltip
    assert title.isEnabled()
    widget.controls["regions"].value = "trained"
    assert not slider.enabled
    assert "for merged regions" in slider.tooltip
    widget.controls["regions"].value = "merged"
    widget.controls["method"].value = "kmeans"
    assert not slider.enabled


def test_the_slider_rests_after_a_run_that_found_objects(widget, viewer, qtbot, monkeypatch, image):
    slider = widget.controls["detail"]
    monkeypatch.setattr(import_module("napari_backprop_segmentation.pipeline.run"), "recognise", lambda *_: "nuclei")
    widget.controls.fill(Params.preset("auto", n_channels=8, iterations=3, n_superpixels=50))
    assert slider.enabled
    widget.run()
    assert not slider.enabled
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert widget.controls["objects"].value == "off"
    assert not slider.enabled
    assert "The labels of the last run are objects" in slider.tooltip
    viewer.add_image(image, name="another")
    assert slider.enabled
    viewer.layers.selection.active = viewer.layers["cells"]
    assert slider.enabled


def test_the_detail_that_suits_one_image_is_not_taken_for_the_next(widget, qtbot, monkeypatch):
    kinds, taken = iter(["brightfield", "fast", "brightfield", "fast"]), []
    monkeypatch.setattr(import_module("napari_backprop_segmentation.pipeline.run"), "recognise", lambda *_: next(kinds))
    kept = type(widget).kept
    monkeypatch.setattr(type(widget), "kept", lambda self, *end: (taken.append(end[1]), kept(self, *end)))
    widget.controls.fill(Params.preset("auto", n_channels=8, iterations=3, n_superpixels=50))

    def press():
        widget.run()
        qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
        return taken[-1].record["params"]["detail"]

    assert press() == widget.controls["detail"].value == 65
    assert "detail" not in widget._about_preset.text()
    assert press() == widget.controls["detail"].value == 40
    widget.controls["detail"].value = 55
    assert press() == 55  # what the user has set counts on any image
    assert press() == 55


def test_the_slider_changes_a_result_that_is_there_whatever_the_settings_say(finished, viewer):
    slider, layer = finished.controls["detail"], viewer.layers["cells labels"]
    finished.controls["objects"].value = "bright"
    assert slider.enabled
    slider.value = 20
    assert len(np.unique(layer.data)) == 2
    viewer.layers.remove(layer)
    assert not slider.enabled


def test_settings_that_are_changed_during_a_run_do_not_wake_the_slider(widget, viewer, engine, qtbot):
    widget.run()
    viewer.layers.remove("cells")
    assert not widget.controls["detail"].enabled
    widget.cancel()
    engine.allow(100)
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert widget.controls["detail"].enabled

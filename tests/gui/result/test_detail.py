"""The Detail slider: on layers without a window, and in the widget."""

from importlib import import_module
from types import SimpleNamespace

import numpy as np
import pytest
from magicgui.widgets import FloatSlider
from qtpy.QtWidgets import QLabel

from napari_backprop_segmentation.gui.result.detail import DetailSlider, obstacle
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.params.params import Params


@pytest.fixture
def slider(qapp, model, state):
    return DetailSlider(model, state, FloatSlider(tooltip="tip"), QLabel())


@pytest.fixture
def layer(slider, chosen, shown, image, regions):
    """A layer that shows the regions of the image of cells."""
    chosen(image, name="cells")
    return shown(regions)


def test_the_slider_cuts_the_result_anew(layer, state):
    counts = []
    for detail in (20, 50, 100):
        state.change("detail", float(detail))
        counts.append(len(np.unique(layer.data)))
        assert state.status == f"Detail {detail}: {counts[-1]} label{'' if counts[-1] == 1 else 's'}."
    assert counts[0] == 2  # the bright object and the ground
    assert counts == sorted(counts)
    assert counts[-1] > counts[0]
    assert layer.metadata[METADATA]["params"]["detail"] == 100


def test_edited_labels_are_left_alone(layer, state):
    layer.data_setitem((np.array([0]), np.array([0])), 99)
    edited = layer.data.copy()
    state.change("detail", 3.0)
    np.testing.assert_array_equal(layer.data, edited)
    assert "have been edited" in state.status


def test_nothing_happens_once_the_layer_is_gone(layer, model, state):
    model.layers.remove(layer)
    state.keep(model.layers)
    before = state.status
    state.change("detail", 3.0)
    assert state.status == before
    assert state.result is None


def test_the_slider_works_on_the_labels_that_are_selected(layer, model, state, chosen, shown, image, regions):
    second = shown(regions)
    assert state.target is second
    state.select(layer)
    before = second.data.copy()
    state.change("detail", 20.0)
    assert len(np.unique(layer.data)) == 2
    np.testing.assert_array_equal(second.data, before)
    state.select(None)  # an image, say: then it is the last result again
    state.change("detail", 100.0)
    assert len(np.unique(second.data)) > 2
    assert len(np.unique(layer.data)) == 2


def test_the_end_of_a_run_changes_no_other_result(layer, model, state, shown, regions):
    """The slider goes to what suits the new result, while labels of before may be selected."""
    before = layer.data.copy()
    state.fill(Params.preset("auto"))
    state.select(layer)
    state.begin("cells", state.input.layers)
    found = result_of(layer)
    other = type(found)(found.run_input, found.segmentation, found.layers, found.asked)
    other.show_in(model.add_labels(before.copy(), name="other"))
    other.detail = 5.0
    state.end(state.phase.DONE, "Done.", other)
    assert state.detail == 5
    assert state.settings.detail == Params.preset("auto").detail
    np.testing.assert_array_equal(layer.data, before)


def test_of_labels_of_others_it_says_that_they_have_no_regions(layer, model, state):
    own = model.add_labels(np.ones((24, 32), int), name="own")
    state.select(own)
    state.change("detail", 12.0)
    assert state.status.startswith("'own' has no regions to merge or divide")
    assert state.settings.detail == 12
    assert (own.data == 1).all()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({}, ""),
        ({"objects": "bright"}, "Objects are the same at every detail. Choose Regions"),
        ({"objects": "bright", "n_runs": 2}, ""),  # the map of their borders has a detail
        ({"regions": "trained"}, "for merged regions"),
        ({"method": "kmeans"}, "for merged regions"),
    ],
)
def test_the_slider_rests_where_the_next_run_does_not_depend_on_it(slider, state, settings, text):
    state.fill(Params(**settings))
    assert text in obstacle(state.params)
    assert slider._control.enabled == (not text)
    assert slider._title.isEnabled() == (not text)
    assert slider._control.tooltip == slider._title.toolTip()
    assert slider._control.tooltip.startswith("tip")
    assert text in slider._control.tooltip


def test_the_slider_rests_at_objects_until_the_next_run_is_another(slider, state, chosen, shown, objects, image):
    state.fill(Params(n_runs=2))  # as if these settings had adapted to the image
    pixels = chosen(np.zeros((64, 64), np.uint8), name="nuclei")
    chosen_nuclei = state.input
    shown(SimpleNamespace(**{**vars(objects), "agreement": None}))
    assert not slider._control.enabled
    assert "The labels of the last run are objects" in slider._control.tooltip
    chosen(image, name="cells")
    assert slider._control.enabled
    state.choose(chosen_nuclei)
    assert pixels in state.input.layers
    assert not slider._control.enabled
    state.change("iterations", 7)
    assert slider._control.enabled


def test_the_slider_changes_a_result_that_is_there_whatever_the_settings_say(layer, slider, model, state):
    state.change("objects", "bright")
    assert slider._control.enabled
    state.change("detail", 20.0)
    assert len(np.unique(layer.data)) == 2
    model.layers.remove(layer)
    state.keep(model.layers)
    assert not slider._control.enabled


def test_the_slider_rests_during_a_run(layer, slider, state):
    state.begin("cells", state.input.layers)
    assert not slider._control.enabled
    state.keep(())
    assert not slider._control.enabled
    state.end(state.phase.IDLE, "Cancelled.")
    assert slider._control.enabled


def test_the_detail_that_suits_one_image_is_not_taken_for_the_next(widget, qtbot, monkeypatch):
    kinds = iter(["brightfield", "fast", "brightfield", "fast"])
    monkeypatch.setattr(
        import_module("napari_backprop_segmentation.pipeline.automatic"), "kind_of", lambda *_: next(kinds)
    )
    widget.controls.fill(Params.preset("auto", n_channels=8, iterations=3, n_superpixels=50))

    def press():
        widget.run()
        qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
        return widget.state.result.segmentation.record["params"]["detail"]

    assert press() == widget.controls["detail"].value == 65
    assert "detail" not in widget._about_preset.text()
    assert press() == widget.controls["detail"].value == 40
    widget.controls["detail"].value = 55
    assert press() == 55  # what the user has set counts on any image
    assert press() == 55


def test_the_slider_of_the_widget_changes_its_layer(widget, viewer, qtbot):
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0, min_region=1))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    for detail in (20, 100):
        widget.controls["detail"].value = detail
        number = len(np.unique(viewer.layers["cells labels"].data))
        assert widget.status == f"Detail {detail}: {number} labels."
    assert number > 2

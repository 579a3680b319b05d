"""What can be done with labels: measured, and corrected by a click; without a window where none is needed."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from napari.layers import Image
from qtpy.QtWidgets import QWidget
from tests.gui.conftest import CENTRES, nuclei

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.result import measuring
from napari_backprop_segmentation.gui.result.curation import Curation
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.state import Input
from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.params.params import Params

UM = {"scale": (0.5, 0.5), "units": ("um", "um")}
OBJECTS = Params(n_channels=8, iterations=3, n_superpixels=100, objects="bright")


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(measuring, "EDIT_MS", 1)


@pytest.fixture
def curation(model, state, qtbot):
    found = Curation(model, state)
    window = QWidget()
    found.row.setParent(window)
    found.tools.row.setParent(window)
    qtbot.addWidget(window)
    model.layers.selection.events.changed.connect(lambda _: state.select(_labels(model)))
    yield found
    found.tables.close()
    state.close()


def _labels(model):
    active = model.layers.selection.active
    return None if isinstance(active, Image) else active


@pytest.fixture
def counted(curation, chosen, shown, objects, qtbot):
    """The layer of a run that has found three objects."""
    chosen(nuclei(), name="nuclei", **UM)
    layer = shown(objects)
    qtbot.waitUntil(lambda: len(layer.features) == 3)
    return layer


def event_at(position, dims_displayed, **more):
    """A press of the mouse that is released where it was pressed."""
    given = {"type": "mouse_release", "button": 1, "pos": (0, 0), "modifiers": ()}
    return SimpleNamespace(position=position, dims_displayed=dims_displayed, **given, **more)


def run_to_end(widget, qtbot, params=OBJECTS):
    widget.controls.fill(params)
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=120_000)


# Measuring


def test_objects_are_measured_in_units_of_the_layer(counted):
    assert counted.features["index"].tolist() == [1, 2, 3]
    area = [(counted.data == number).sum() / 4 for number in (1, 2, 3)]
    np.testing.assert_allclose(counted.features["area (µm²)"], area)
    assert (counted.features["mean"] > 190).all()


def test_layers_that_are_the_channels_of_one_image_are_measured(widget, viewer, qtbot, notes):
    layers = [viewer.add_image(nuclei() // (1 + i), name=f"channel {i}") for i in range(2)]
    viewer.layers.selection = set(layers)
    run_to_end(widget, qtbot)
    layer = widget.state.result.layer
    qtbot.waitUntil(lambda: len(layer.features) == 3)
    assert notes == []
    np.testing.assert_allclose(layer.features["mean channel 0"], 2 * layer.features["mean channel 1"], rtol=0.02)


def test_edits_count_when_measured_again_and_the_table_opens(widget, viewer, qtbot):
    viewer.add_image(nuclei(), name="nuclei", **UM)
    run_to_end(widget, qtbot)
    layer = viewer.layers["nuclei labels"]
    layer.data_setitem(np.nonzero(layer.data == 2), 0)
    widget.curation.measure_button.native.click()
    qtbot.waitUntil(lambda: len(layer.features) == 2)
    assert layer.features["index"].tolist() == [1, 3]
    qtbot.waitUntil(lambda: widget.status == "Measured 2 labels of 'nuclei labels' in the image 'nuclei'.")
    assert any("Measurements" in name for name in viewer.window.dock_widgets)


@pytest.mark.parametrize("select", [True, False])
def test_what_is_selected_is_measured_in_its_own_image(counted, curation, model, state, chosen, image, select, qtbot):
    chosen(image, name="another")
    counted.features = None
    if select:
        model.layers.selection.active = counted
    else:  # an image is selected: then the last result is meant
        assert state.labels is None
    layer = state.target
    assert layer is counted
    curation.tables.measure(layer, measuring.image_for(layer, state))
    qtbot.waitUntil(lambda: len(counted.features) == 3)
    assert "area (µm²)" in counted.features


def test_labels_of_others_are_measured_in_the_chosen_image(curation, model, state, chosen, qtbot):
    chosen(nuclei(), name="nuclei", **UM)
    own = np.zeros((64, 64), int)
    own[:10, :10] = 4
    layer = model.add_labels(own, name="from disk")
    assert state.target is layer
    assert not curation.row.isHidden()
    done = []
    curation.tables.measure(layer, measuring.image_for(layer, state), lambda *told: done.append(told[1:]))
    qtbot.waitUntil(lambda: len(layer.features) == 1)
    assert layer.features["area (µm²)"].tolist() == [100 / 4]
    assert (done[0][0].name, done[0][1]) == ("nuclei", 1)


def test_labels_that_fit_only_all_of_the_image_are_measured_there(model, state, image):
    from napari_backprop_segmentation.gui.input.layers import run_input_of
    from napari_backprop_segmentation.gui.input.run_input import LayerSelection, Part

    layers = (model.add_image(image),)
    part = LayerSelection(layers, "YX", part=Part({0: (4, 20)}))
    whole = LayerSelection(layers, "YX")
    state.choose(Input(layers, run_input_of(part), whole=whole))
    assert measuring.image_for(model.add_labels(np.ones((16, 32), int)), state).shape == (16, 32)
    assert measuring.image_for(model.add_labels(np.ones((24, 32), int)), state).shape == (24, 32)


def test_what_fits_no_image_is_said(counted, curation, model, state):
    small = model.add_labels(np.ones((9, 8), int), name="small")
    curation.measure()
    assert "labels of the size of the chosen image 'nuclei' (64 x 64); 'small' has 9 x 8." in state.status
    assert len(small.features) == 0
    state.choose(Input())
    model.layers.selection.active = counted
    state._set(result=None)
    model.layers.selection.active = small
    curation.measure()
    needs = "Measure needs the image that the labels 'small' (9 x 8) belong to. "
    assert state.status == needs + "Choose it above."
    state.choose(Input(state.run.layers, obstacle=ImageError("each axis must be depth")))
    curation.measure()
    assert state.status == needs + "Each axis must be depth."


def test_undo_and_redo_are_measured_again(counted, curation, qtbot):
    areas = counted.features["area (µm²)"].tolist()
    curation.tools.correct(CENTRES[1])
    qtbot.waitUntil(lambda: len(counted.features) == 2)
    counted.undo()
    qtbot.waitUntil(lambda: len(counted.features) == 3)
    assert counted.features["area (µm²)"].tolist() == areas
    counted.redo()
    qtbot.waitUntil(lambda: len(counted.features) == 2)


def test_what_is_painted_is_measured_again(counted, qtbot):
    counted.selected_label = 9
    counted.paint((5, 5), 9)
    qtbot.waitUntil(lambda: len(counted.features) == 4)


def test_nothing_is_measured_again_where_nothing_has_changed(counted, curation, model, qtbot, monkeypatch):
    calls = []
    monkeypatch.setattr("napari_backprop_segmentation.objects.measure.measure", lambda *_, **__: calls.append(_))
    counted.refresh()
    model.dims.ndisplay = 3
    model.dims.ndisplay = 2
    qtbot.waitUntil(lambda: not curation.tables._touched and not curation.tables._measuring)
    assert calls == []
    assert len(counted.features) == len(CENTRES)


def test_a_table_of_others_is_left_alone(counted, curation, qtbot):
    counted.features = pd.DataFrame({"index": [1, 2, 3], "theirs": [7, 8, 9]})
    curation.tools.correct(CENTRES[1])
    qtbot.wait(30)
    assert counted.features["theirs"].tolist() == [7, 8, 9]


def test_other_labels_empty_the_table(counted, curation, qtbot):
    counted.data = counted.data.astype(np.uint16)  # the same ones
    qtbot.waitUntil(lambda: not curation.tables._compared)
    assert len(counted.features) == len(CENTRES)
    counted.data = np.zeros_like(counted.data)
    qtbot.waitUntil(lambda: len(counted.features) == 0)


def test_another_detail_empties_the_table(curation, model, state, chosen, shown, image, regions, qtbot):
    from napari_backprop_segmentation.gui.result.detail import cut

    chosen(image)
    layer = shown(regions)
    curation.tables.measure(layer, state.input.run_input)
    qtbot.waitUntil(lambda: len(layer.features) == layer.data.max())
    cut(model, result_of(layer), 100.0)
    qtbot.waitUntil(lambda: len(layer.features) == 0)


def test_a_widget_that_was_closed_measures_nothing_any_more(counted, curation, qtbot):
    curation.disconnect()
    before = len(counted.features)
    counted.data_setitem(np.nonzero(counted.data == 2), 0)
    qtbot.wait(30)
    assert len(counted.features) == before


# Clicks


def test_a_click_removes_an_object_and_another_brings_it_back(counted, curation):
    before = np.array(counted.data)
    number = before[CENTRES[1]]
    curation.tools.correct(CENTRES[1])
    assert number not in counted.data
    assert (counted.data[before != number] == before[before != number]).all()
    curation.tools.correct((CENTRES[1][0] + 2.4, CENTRES[1][1] - 1.6))
    added = counted.data == counted.data[CENTRES[1]]
    np.testing.assert_array_equal(added, before == number)
    counted.undo()
    counted.undo()
    np.testing.assert_array_equal(counted.data, before)


def test_an_object_that_was_missed_is_added_and_ground_is_not(counted, curation, state):
    before = np.array(counted.data)
    counted.data = np.where(before == before[CENTRES[2]], 0, before)  # as if it had not been found
    curation.tools.correct(CENTRES[2])
    added, missed = counted.data == counted.data[CENTRES[2]], before == before[CENTRES[2]]
    assert (added & missed).sum() / (added | missed).sum() > 0.8
    there = np.array(counted.data)
    curation.tools.correct((40, 10))
    np.testing.assert_array_equal(counted.data, there)
    assert state.status == "There is no object to be told apart here."


def test_more_objects_than_the_type_of_number_holds_keep_their_table(counted, curation, qtbot):
    number = counted.data[CENTRES[2]]
    curation.tools.correct(CENTRES[2])
    qtbot.waitUntil(lambda: len(counted.features) == 2)
    counted.data_setitem((np.array([0]), np.array([0])), np.iinfo(counted.data.dtype).max)
    qtbot.waitUntil(lambda: len(counted.features) == 3)
    curation.tools.correct(CENTRES[2])
    assert counted.data[CENTRES[2]] > number
    assert counted.data.dtype == np.int32
    qtbot.waitUntil(lambda: len(counted.features) == 4)


def test_clicks_go_into_the_labels_that_are_selected(counted, curation, model, state, shown, objects):
    second = shown(objects)  # a second run, whose layer is then hidden
    second.visible = False
    before = second.data.copy()
    model.layers.selection.active = counted
    curation.tools.correct_button.native.setChecked(True)
    assert curation.tools.dragged in counted.mouse_drag_callbacks
    assert curation.tools.dragged not in second.mouse_drag_callbacks
    assert model.layers.selection.active is counted
    curation.tools.correct(CENTRES[1])
    assert counted.data[CENTRES[1]] == 0
    np.testing.assert_array_equal(second.data, before)
    model.layers.selection.active = second  # the button follows
    assert curation.tools.dragged in second.mouse_drag_callbacks
    assert curation.tools.dragged not in counted.mouse_drag_callbacks


def test_in_labels_of_others_a_click_removes_and_adds_in_the_chosen_image(curation, model, state, chosen):
    chosen(nuclei(), name="nuclei")
    own = np.zeros((64, 64), int)
    own[:10, :10] = 4
    layer = model.add_labels(own, name="from disk")
    curation.tools.correct_button.native.setChecked(True)
    assert state.status == "Click on an object of 'from disk' to remove it, or on one that was missed to add it."
    curation.tools.correct((5, 5))
    assert state.status == "Removed object 4."
    assert not layer.data.any()
    curation.tools.correct((5, 5))
    assert (layer.data[:10, :10] > 0).all()
    curation.tools.correct(CENTRES[1])
    assert state.status == f"Added object {layer.data[CENTRES[1]]}."
    state.choose(Input())
    curation.tools.correct((60, 8))
    assert "objects can be added only with the image that the labels belong to" in state.status


def test_labels_that_are_a_pyramid_are_not_edited(curation, model, state):
    labels = np.ones((64, 64), int)
    model.add_labels([labels, labels[::2, ::2]], multiscale=True, name="slide")
    curation.tools.correct((60, 60))
    assert state.status.startswith("These labels are a pyramid")
    assert labels.all()


def test_a_click_with_a_brush_in_hand_only_paints(counted, curation):
    curation.tools.correct_button.native.setChecked(True)
    before = np.array(counted.data)
    event = event_at((20 * 0.5, 20 * 0.5), [0, 1])
    counted.mode = "paint"
    list(curation.tools.dragged(counted, event))
    np.testing.assert_array_equal(counted.data, before)
    counted.mode = "pan_zoom"
    list(curation.tools.dragged(counted, event))
    assert (counted.data == 0).sum() > (before == 0).sum()


def test_a_click_outside_does_nothing(counted, curation):
    before = np.array(counted.data)
    curation.tools.correct((-1, 5))
    np.testing.assert_array_equal(counted.data, before)


def test_clicks_are_heard_only_while_the_button_is_down(counted, curation):
    button = curation.tools.correct_button.native
    n = len(counted.mouse_drag_callbacks)
    button.setChecked(True)
    assert len(counted.mouse_drag_callbacks) == n + 1
    assert counted.mode == "pan_zoom"
    button.setChecked(False)
    assert len(counted.mouse_drag_callbacks) == n


def test_a_run_ends_listening_for_clicks(counted, curation, state):
    curation.tools.correct_button.native.setChecked(True)
    state.begin("nuclei", state.input.layers)
    assert not curation.tools.correct_button.native.isChecked()
    assert curation.tools.dragged not in counted.mouse_drag_callbacks


def test_the_buttons_go_with_the_layer(counted, curation, model, state):
    assert not curation.row.isHidden()
    model.layers.remove(counted)
    state.keep(model.layers)
    assert curation.row.isHidden()
    curation.tools.correct((1, 1))
    curation.measure()


def test_regions_can_be_measured_but_not_clicked(curation, chosen, shown, image, regions):
    chosen(image)
    shown(regions)
    assert not curation.row.isHidden()
    assert curation.tools.row.isHidden()


def test_in_the_3d_view_a_click_removes_what_it_meets_first(widget, viewer, qtbot):
    volume = np.random.default_rng(0).integers(0, 20, (24, 40, 40)).astype(np.uint8)
    volume[3:9, 10:22, 10:22] += 180
    volume[14:20, 16:28, 16:28] += 180
    viewer.add_image(volume, name="volume", axis_labels=["z", "y", "x"], scale=(2, 1, 1))
    run_to_end(widget, qtbot)
    layer = viewer.layers["volume labels"]
    front, behind = layer.data[6, 12, 12], layer.data[17, 20, 20]
    assert 0 < front != behind > 0
    viewer.dims.ndisplay = 3
    widget.curation.tools.correct_button.native.setChecked(True)
    away = {"position": (-300.0, 18.0, 18.0), "view_direction": np.array([1.0, 0, 0]), "dims_displayed": [0, 1, 2]}
    event = event_at(**away)
    list(widget.curation.tools.dragged(layer, event))
    assert widget.status == f"Removed object {front}."
    assert set(np.unique(layer.data)) == {0, behind}
    list(widget.curation.tools.dragged(layer, event))
    assert not layer.data.any()
    list(widget.curation.tools.dragged(layer, event))
    assert "switch the display to 2D and click on it" in widget.status
    viewer.dims.ndisplay = 2
    flat = event_at((12.0, 12.0, 12.0), [1, 2])
    list(widget.curation.tools.dragged(layer, flat))
    assert layer.data[6, 12, 12] > 0


# In the widget


def test_a_widget_that_is_opened_again_finds_the_results(widget, viewer, qtbot):
    viewer.add_image(nuclei(), name="nuclei", **UM)
    run_to_end(widget, qtbot)
    layer = viewer.layers["nuclei labels"]
    viewer.window.remove_dock_widget(widget.native)
    widget.native.deleteLater()
    again = BackpropWidget(viewer)
    viewer.window.add_dock_widget(again, name="Backprop Segmentation again")
    assert again.state.target == layer
    assert not again.curation.tools.row.isHidden()
    layer.features = None
    again.curation.measure_button.native.click()
    qtbot.waitUntil(lambda: len(layer.features) == 3)
    before = np.array(layer.data)
    layer.data = np.where(before == before[CENTRES[2]], 0, before)
    again.curation.tools.correct(CENTRES[2])
    assert again.status.startswith("Added object ")
    viewer.layers.selection.active = viewer.layers["cells"]
    assert again.state.target == layer  # the last result, of a widget before


def test_the_automatic_preset_says_what_it_took_the_image_for(widget, viewer, qtbot):
    viewer.add_image(nuclei(), name="nuclei", **UM)
    run_to_end(widget, qtbot, Params.preset("auto", n_channels=8, iterations=2, n_superpixels=100))
    assert widget.status.startswith("Done in ")
    assert ": 3 objects. " in widget.status
    assert (
        " Taken for Nuclei (fluorescence), so bright objects of 30 pixels or more were looked for, 100 % sure. If this"
        in widget.status
    )
    assert viewer.layers["nuclei labels"].metadata[METADATA]["kind"] == "nuclei"
    assert viewer.layers["nuclei labels"].data.max() == len(CENTRES)


def test_where_no_object_is_found_it_says_what_to_change(widget, viewer, qtbot):
    viewer.add_image(nuclei(), name="nuclei", **UM)
    run_to_end(widget, qtbot, OBJECTS.replace(iterations=2, min_object=5000))
    assert ": 0 objects. To find some, lower Smallest object (min_object, now" in widget.status

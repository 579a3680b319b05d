"""Strokes that count in runs: parts of images, series, runs under way; real engine, no mouse."""

import numpy as np
import pytest
from qtpy.QtWidgets import QApplication
from skimage.draw import disk

from napari_backprop_segmentation.gui.input.remembered import chosen
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.teach.asked import Seen
from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.params.params import Params

SHAPE, RADIUS = (64, 96), 11
CENTRES = ((20, 20), (20, 70), (46, 46))
LONG = 60_000  # ms; nothing takes so long, but other work may have the processor


def discs(seed=0):
    pixels = np.full(SHAPE, 30.0)
    for centre in CENTRES:
        pixels[disk(centre, RADIUS)] = 200
    return (pixels + np.random.default_rng(seed).normal(0, 4, SHAPE)).astype(np.uint8)


def opened(viewer, image, **placement):
    viewer.add_image(image, name="discs", **placement)
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    quick = {"n_channels": 8, "iterations": 3, "n_superpixels": 150, "min_labels": 0, "min_region": 1}
    widget.state.fill(Params(**quick))
    widget.strokes.button.native.click()
    return widget


def wait(qtbot, done):
    qtbot.waitUntil(done, timeout=LONG)


def settle(widget, qtbot):
    QApplication.processEvents()
    wait(qtbot, lambda: widget.strokes.live.settled)


def press_run(widget, qtbot):
    widget.run()
    wait(qtbot, lambda: not widget.running)
    settle(widget, qtbot)
    return widget.state.result.layer


def stroke(widget, number, *index):
    layer = widget.state.drawing.layer
    there = np.zeros(layer.data.shape, bool)
    there[index] = True
    layer.data_setitem(np.nonzero(there), number)


def test_a_part_of_the_image_takes_the_strokes_on_it(viewer, qtbot):
    widget = opened(viewer, discs(), scale=(2, 2), translate=(10, 20))
    widget.input_form.update()
    stroke(widget, 1, slice(44, 49), slice(40, 52))
    stroke(widget, 2, slice(30, 33), slice(30, 90))
    stroke(widget, 1, slice(1, 3), slice(1, 3))
    box = viewer.add_shapes([np.array([(28, 30), (28, 92), (62, 92), (62, 30)])], scale=(2, 2), translate=(10, 20))
    viewer.layers.selection = {widget.state.drawing.layer}
    QApplication.processEvents()
    widget.input_form.roi.area.value = box
    assert widget.state.input.run_input.shape == (35, 63)
    layer = press_run(widget, qtbot)
    assert layer.data.shape == (35, 63)
    assert layer.data[46 - 28, 46 - 30] == 1
    assert layer.data[3, 3] == 2
    drawn = layer.metadata[METADATA]["drawn"]
    assert sum(length for _, length in drawn["1"]) == 5 * 12
    stroke(widget, 3, slice(55, 58), slice(34, 38))
    settle(widget, qtbot)
    assert layer.data[56 - 28, 36 - 30] == 3


def test_the_whole_image_follows_when_the_network_is_applied_to_it(viewer, qtbot):
    widget = opened(viewer, discs())
    stroke(widget, 1, slice(44, 49), slice(40, 52))
    stroke(widget, 1, slice(18, 23), slice(64, 76))
    stroke(widget, 2, slice(30, 33), slice(30, 90))
    box = viewer.add_shapes([np.array([(5, 30), (5, 92), (62, 92), (62, 30)])])
    QApplication.processEvents()
    widget.input_form.roi.area.value = box
    press_run(widget, qtbot)
    widget.apply()
    wait(qtbot, lambda: not widget.running)
    settle(widget, qtbot)
    layer = widget.state.result.layer
    assert layer.data.shape == SHAPE
    assert [layer.data[centre] for centre in CENTRES] == [1, 1, 1]
    assert layer.data[60, 5] == 2


def test_strokes_on_one_frame_count_for_all(viewer, qtbot):
    series = np.stack([discs(0), discs(1)[::-1]])
    widget = opened(viewer, series, axis_labels=("t", "y", "x"))
    assert widget.state.drawing.layer.data.shape == series.shape
    stroke(widget, 1, 0, slice(18, 23), slice(14, 26))
    stroke(widget, 2, 0, slice(32, 34), slice(0, 96))
    layer = press_run(widget, qtbot)
    assert layer.data.shape == series.shape
    assert [layer.data[1, SHAPE[0] - 1 - y, x] for y, x in CENTRES] == [1, 1, 1]
    assert layer.data[1, 2, 2] == 2
    widget.strokes.meaning.value = "pieces"
    settle(widget, qtbot)
    assert "must lie on one image to show one thing each, got 2 frames" in widget.status
    stroke(widget, 3, 1, slice(58, 62), slice(4, 8))
    widget.strokes.meaning.value = "kinds"
    settle(widget, qtbot)
    assert layer.data[1, 60, 6] == 3


def test_strokes_during_a_run_are_told_to_it_and_the_brush_stays_in_hand(viewer, qtbot, engine):
    widget = opened(viewer, discs())
    drawn = widget.state.drawing.layer
    widget.run()
    wait(qtbot, lambda: widget.state.run.layer is not None and bool(engine.runs))
    assert viewer.layers.selection.active == drawn
    stroke(widget, 1, slice(18, 23), slice(14, 26))  # the first step is still held back
    wait(qtbot, lambda: engine.runs[-1].control.new_strokes is not None)
    engine.allow(3)
    wait(qtbot, lambda: not widget.running)
    told = [each for each in engine.heard if each is not None]
    assert len(told) == 1
    np.testing.assert_array_equal(told[0].strokes, drawn.data)
    assert widget.state.result.layer is not drawn


def test_a_cancelled_run_leaves_the_strokes(viewer, qtbot, engine):
    widget = opened(viewer, discs())
    stroke(widget, 1, slice(18, 23), slice(14, 26))
    stroke(widget, 2, slice(32, 34), slice(0, 96))
    drawn = widget.state.drawing.layer
    before = drawn.data.copy()
    widget.run()
    engine.allow(1)
    wait(qtbot, lambda: bool(engine.heard))
    widget.cancel()
    engine.allow(2)
    wait(qtbot, lambda: not widget.running)
    assert widget.state.drawing.layer is drawn
    np.testing.assert_array_equal(drawn.data, before)
    np.testing.assert_array_equal(engine.runs[-1].strokes, before)


def test_what_cannot_take_strokes_is_refused_before_the_run(viewer, qtbot, engine, notes):
    widget = opened(viewer, discs())
    stroke(widget, 1, slice(18, 23), slice(14, 26))
    stroke(widget, 2, slice(32, 34), slice(0, 96))
    widget.controls["n_runs"].value = 3
    widget.run()
    assert not engine.runs
    assert widget.status.startswith("N_runs must be 1 with strokes, got 3") or "must be 1 with strokes" in widget.status


def test_what_is_drawn_already_is_not_overlooked_when_strokes_are_taken_up_again(viewer, qtbot):
    widget = opened(viewer, discs())
    assert "Nothing is drawn" in widget.status
    stroke(widget, 1, slice(18, 23), slice(14, 26))
    settle(widget, qtbot)
    widget.strokes.button.native.click()
    widget.state.drawing.see(Seen())
    widget.state.note("")
    widget.strokes.button.native.click()
    assert "Nothing is drawn" not in widget.status


@pytest.mark.parametrize("there", [False, True])
def test_where_there_is_no_image_nothing_can_be_drawn(viewer, there):
    viewer.add_image(np.zeros((3, 4, 5, 6), np.uint8))
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    if not there:
        viewer.layers.clear()
    widget.strokes.button.native.click()
    assert not widget.strokes.button.native.isChecked()
    assert widget.state.drawing.layer is None
    assert ("choose at axes what each axis is" if there else "choose an image first") in widget.status.lower()


def test_strokes_on_objects_give_objects_and_on_regions_kinds_until_the_user_has_chosen(viewer, qtbot):
    widget = opened(viewer, discs())
    meaning, button = widget.strokes.meaning, widget.strokes.button.native
    assert meaning.value == "kinds"
    widget.state.change("objects", "bright")
    layer = press_run(widget, qtbot)
    assert (meaning.value, "strokes_as" in widget.state.params.given) == ("objects", False)
    assert "strokes_as" not in chosen("auto", widget.state.params).given
    stroke(widget, 1, 20, slice(14, 26))
    stroke(widget, 2, slice(2, 60), 90)
    settle(widget, qtbot)
    assert np.unique(layer.data).tolist() == [0, 1, 2, 3]
    press_run(widget, qtbot)
    assert widget.status.startswith("Done in ")  # the same strokes lead to the same
    widget.state.drawing.layer.data = np.zeros(SHAPE, np.uint16)
    settle(widget, qtbot)
    button.click()
    widget.state.change("objects", "off")
    press_run(widget, qtbot)
    button.click()
    assert meaning.value == "kinds"
    meaning.value = "pieces"
    button.click()
    button.click()
    assert meaning.value == "pieces"


def test_an_iteration_that_is_used_has_the_strokes_of_now_and_what_they_show(viewer, qtbot):
    widget = opened(viewer, discs())
    widget.strokes.button.native.click()
    press_run(widget, qtbot)
    widget.strokes.button.native.click()
    widget.strokes.meaning.value = "objects"
    for centre in CENTRES:
        stroke(widget, 1, slice(centre[0] - 2, centre[0] + 2), slice(centre[1] - 4, centre[1] + 4))
    stroke(widget, 2, slice(0, 3), slice(0, 90))
    settle(widget, qtbot)
    assert widget.state.result.asked.strokes_as == "kinds"
    widget.history.slider.setValue(1)
    said = []
    widget.state.events.run.connect(lambda run: said.append(run.ending))
    widget.history.use_button.native.click()
    wait(qtbot, lambda: not widget.running)
    assert ": 3 objects" in said[-1]
    assert widget.state.result.strokes_as == "objects"
    before = widget.state.result.layer.data.copy()
    settle(widget, qtbot)
    np.testing.assert_array_equal(widget.state.result.layer.data, before)


def test_the_image_of_selected_labels_is_drawn_on(viewer, qtbot):
    widget = opened(viewer, discs())
    labels = press_run(widget, qtbot)
    other = viewer.add_image(discs(1), name="other")
    assert widget.state.input.layers == (other,)
    viewer.layers.selection = {labels}
    assert [layer.name for layer in widget.state.input.layers] == ["discs"]
    assert widget.input_form.image.value == viewer.layers["discs"]
    assert widget.state.target is labels
    widget.input_form.image.value = other  # as before: what the user chooses there counts
    assert widget.state.input.layers == (other,)

"""The result of one run gives way to that of the next of the same image, and nothing that is anybody's is lost."""

from types import SimpleNamespace

import numpy as np
import pytest
from napari.layers import Labels
from qtpy.QtCore import QThreadPool

from napari_backprop_segmentation.gui.result.layer_result import LayerResult, result_of

LABELS = "cells labels"


def run_to_end(widget, engine, qtbot, steps=1000):
    widget.run()
    engine.allow(steps)
    qtbot.waitUntil(lambda: not widget.running)
    engine.gate = type(engine.gate)(0)


def names(viewer):
    return [layer.name for layer in viewer.layers]


@pytest.fixture
def first(widget, viewer, engine, qtbot):
    """The layer of a first run, with a layer of the user's above it."""
    widget.controls["iterations"].value = 2
    run_to_end(widget, engine, qtbot)
    layer = viewer.layers[LABELS]
    assert (layer.data == 202).all()
    viewer.add_points(name="theirs")
    widget.controls["iterations"].value = 3
    return layer


def test_the_next_run_takes_place_name_and_looks_of_an_untouched_result(first, widget, viewer, engine, qtbot):
    first.opacity, first.contour = 0.3, 2
    run_to_end(widget, engine, qtbot)
    assert names(viewer) == ["cells", LABELS, "theirs"]
    assert first not in viewer.layers
    layer = viewer.layers[LABELS]
    assert (layer.data == 203).all()
    assert (layer.opacity, layer.contour, layer.visible) == (0.3, 2, True)
    assert widget.state.result.layer == layer
    run_to_end(widget, engine, qtbot)  # and so does the one after it
    assert names(viewer) == ["cells", LABELS, "theirs"]


def test_it_is_hidden_meanwhile(first, widget, viewer, engine, qtbot):
    widget.run()
    assert not first.visible
    assert names(viewer) == ["cells", LABELS, "theirs", f"{LABELS} [1]"]
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)


@pytest.mark.parametrize("end", ["cancel", "fail", "close"])
def test_it_comes_back_where_the_next_run_has_no_result(first, widget, viewer, engine, qtbot, end, notes):
    before = first.data.copy()
    if end == "fail":
        engine.fail_with = RuntimeError("a defect")
    widget.run()
    assert not first.visible
    if end == "cancel":
        widget.cancel()
    elif end == "close":
        viewer.window.remove_dock_widget(widget.native)
    engine.allow(2)
    qtbot.waitUntil(lambda: not widget.running)
    assert QThreadPool.globalInstance().waitForDone(10_000)
    assert first in viewer.layers
    assert first.visible
    np.testing.assert_array_equal(first.data, before)
    if end == "close":
        widget.native.deleteLater()
        qtbot.wait(10)


@pytest.mark.parametrize("hidden", [False, True])
def test_one_that_the_user_has_hidden_stays_hidden_where_it_comes_back(first, widget, viewer, engine, qtbot, hidden):
    first.visible = not hidden
    widget.run()
    widget.cancel()
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert first.visible is not hidden


def edit(layer, widget):
    layer.data_setitem((np.array([3]), np.array([4])), 7)


def rename(layer, widget):
    layer.name = "my best"


def keep(layer, widget):
    widget._viewer.layers.selection.active = layer
    widget.curation.keep_button.native.click()


def test_all_that_was_found_before_comes_back_where_the_next_run_has_no_result(first, widget, viewer, engine, qtbot):
    edit(first, widget)
    run_to_end(widget, engine, qtbot)
    second = widget.state.result.layer
    first.visible = True
    widget.run()
    assert (first.visible, second.visible) == (False, False)
    widget.cancel()
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert (first.visible, second.visible) == (True, True)


@pytest.mark.parametrize("touch", [edit, rename, keep])
@pytest.mark.parametrize("when", ["before", "during"])
def test_one_that_is_edited_renamed_or_kept_stays(first, widget, viewer, engine, qtbot, touch, when):
    if when == "before":
        touch(first, widget)
    widget.run()
    assert not first.visible
    if when == "during":
        touch(first, widget)
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    assert first in viewer.layers
    assert not first.visible  # it would shine through
    assert viewer.layers[-1].visible
    assert len([layer for layer in viewer.layers if result_of(getattr(layer, "__wrapped__", layer))]) == 2


def test_keep_is_of_one_result_and_can_be_taken_back(first, widget, viewer, engine, qtbot):
    button = widget.curation.keep_button.native
    viewer.layers.selection.active = first
    button.click()
    assert widget.status == f"'{LABELS}' is kept: the next run makes a layer of its own."
    run_to_end(widget, engine, qtbot)
    second = viewer.layers[f"{LABELS} [1]"]
    assert not button.isChecked()
    viewer.layers.selection.active = first
    assert button.isChecked()
    button.click()
    assert "replaces" in widget.status
    viewer.layers.remove(second)
    run_to_end(widget, engine, qtbot)
    assert names(viewer) == ["cells", LABELS, "theirs"]


def test_keep_is_there_for_results_only(widget, viewer, image):
    assert widget.curation.row.isHidden()
    viewer.add_labels(np.ones(image.shape, np.uint8), name="by hand")
    assert not widget.curation.row.isHidden()
    assert widget.curation.keep_button.native.isHidden()


def test_results_of_other_images_and_other_parts_stay(first, widget, viewer, engine, qtbot, image):
    viewer.add_image(image, name="other")
    run_to_end(widget, engine, qtbot)
    assert {LABELS, "other labels"} <= set(names(viewer))
    viewer.layers.selection.active = viewer.layers["cells"]
    shapes = viewer.add_shapes([[2, 2], [2, 20], [18, 20], [18, 2]], name="part")
    widget.input_form.roi.area.value = shapes
    run_to_end(widget, engine, qtbot)
    assert {LABELS, "other labels", f"{LABELS} [1]"} <= set(names(viewer))
    assert first in viewer.layers


def test_labels_of_another_shape_that_are_put_into_it_are_no_result(first, widget, viewer, engine, qtbot):
    assert result_of(first) is widget.state.target_result is not None
    first.data = np.ones((5, 6), int)
    widget.examples.button.native.click()
    assert result_of(first) is widget.state.target_result is None
    run_to_end(widget, engine, qtbot)
    assert first in viewer.layers
    assert first.data.shape == (5, 6)


def test_a_result_is_of_the_shape_it_was_shown_in():
    found = SimpleNamespace(record={"params": {}})
    layer, result = Labels(np.zeros((4, 5), int)), LayerResult(None, found, (), None)
    result.show_in(layer)
    layer.data = np.ones((4, 5), np.uint8)
    assert result_of(layer) is result
    layer.data = np.ones((5, 6), int)
    assert result_of(layer) is result_of(None) is None

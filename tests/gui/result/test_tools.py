"""The tools of the mouse, with real mouse events on the canvas of a window."""

import numpy as np
import pytest
from mouse import Mouse
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication
from skimage.draw import disk

from napari_backprop_segmentation.gui.result import measuring
from napari_backprop_segmentation.gui.result.drawn_line import DrawnLine
from napari_backprop_segmentation.gui.widget import BackpropWidget

SCALE = 0.5


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(measuring, "EDIT_MS", 1)


def plane():
    """Four discs: 1 and 2 touch, 3 and 9 lie apart; (labels, image)."""
    labels = np.zeros((96, 128), np.uint8)
    for number, centre in ((1, (30, 30)), (2, (30, 46)), (3, (30, 90)), (9, (72, 60))):
        labels[disk(centre, 9)] = number
    return labels, np.where(labels > 0, 200, 30).astype(np.uint8)


@pytest.fixture
def opened(open_viewer, qtbot):
    """Open a window on labels over an image; return widget, layer and mouse."""

    def opened(labels, image, **settings):
        viewer = open_viewer(show=True)
        viewer.window.resize(1000, 700)
        viewer.add_image(image, name="image", **settings)
        widget = BackpropWidget(viewer)
        viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
        viewer.add_labels(labels, name="labels", **settings)
        QApplication.processEvents()
        viewer.reset_view()
        qtbot.wait(50)
        return widget, widget.state.target, Mouse(viewer)

    return opened


@pytest.fixture
def flat(opened):
    return opened(*plane(), scale=(SCALE, SCALE), units=("um", "um"))


def at(*place):
    return tuple(SCALE * i for i in place)


def centre(widget):
    viewer = widget._viewer
    return tuple(viewer.scene.camera.center if hasattr(viewer, "scene") else viewer.camera.center)


def test_one_tool_at_a_time_whose_texts_fit_a_narrow_dock_until_a_run_puts_it_down(flat):
    widget, layer, _ = flat
    tools = widget.curation.tools
    buttons = [tools.correct_button, tools.merge_button, tools.cut_button]
    for button in buttons:
        button.native.click()
        assert [each.native.isChecked() for each in buttons] == [each is button for each in buttons]
    tools.cut_button.native.click()
    assert tools.active is None
    assert tools.row.minimumSizeHint().width() <= 300
    assert all("Ctrl+Z" in button.tooltip for button in buttons)
    widget.curation.tools.cut_button.native.click()
    assert widget.curation.tools.dragged in layer.mouse_drag_callbacks
    widget.state.begin("image", widget.state.input.layers)
    assert widget.curation.tools.active is None
    assert widget.curation.tools.dragged not in layer.mouse_drag_callbacks
    widget.state.end(widget.state.phase.IDLE, "")


def test_a_click_removes_and_adds_and_a_drag_moves_the_picture(flat):
    widget, layer, mouse = flat
    before = layer.data.copy()
    widget.curation.tools.correct_button.native.click()
    mouse.click(at(72, 60))
    assert set(np.unique(layer.data)) == {0, 1, 2, 3}
    mouse.click(at(72, 60))
    assert ((layer.data > 0) == (before > 0)).all()
    there, view = layer.data.copy(), centre(widget)
    mouse.drag(at(30, 30), at(50, 50))
    np.testing.assert_array_equal(layer.data, there)
    assert centre(widget) != view
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_two_clicks_or_a_drag_merge_objects_and_one_clicked_twice_or_with_the_ground_stays(flat):
    widget, layer, mouse = flat
    before = layer.data.copy()
    widget.curation.tools.merge_button.native.click()
    mouse.click(at(30, 90))
    assert layer.selected_label == 3
    np.testing.assert_array_equal(layer.data, before)
    mouse.click(at(72, 60))
    assert widget.status == "Merged 9 into object 3. They do not touch, but have one number now."
    np.testing.assert_array_equal(layer.data, np.where(before == 9, 3, before))
    mouse.click(at(30, 46))
    mouse.click(at(30, 30))
    assert widget.status == "Merged 1 into object 2."
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    mouse.click(at(30, 30))
    mouse.click(at(30, 30))
    assert widget.status == "Object 1 stays as it is."
    mouse.click(at(30, 30))
    mouse.click(at(90, 10))
    mouse.click(at(30, 46))
    np.testing.assert_array_equal(layer.data, before)
    view = centre(widget)
    mouse.drag(at(30, 46), at(30, 30), at(72, 60))
    assert widget.status == "Merged 1 and 9 into object 2. They do not touch, but have one number now."
    assert centre(widget) == view
    np.testing.assert_array_equal(layer.data, np.where(np.isin(before, (1, 9)), 2, before))
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    mouse.drag(at(90, 10), at(60, 20))
    assert centre(widget) != view


def test_a_line_is_seen_while_drawn_and_divides_all_that_it_crosses_from_side_to_side(flat, qtbot):
    widget, layer, mouse = flat
    before, view, seen = layer.data.copy(), centre(widget), []
    widget.curation.tools.cut_button.native.click()

    def look():
        qtbot.waitUntil(lambda: bool(mouse.canvas.findChildren(DrawnLine)))
        lines = mouse.canvas.findChildren(DrawnLine)
        seen.append((len(lines), lines[0].isVisible(), len(lines[0].points)))
        pixels = mouse.canvas.window().grab().toImage()
        middle = mouse.canvas.mapTo(mouse.canvas.window(), mouse.place(at(20, 27)).toPoint())
        seen.append(pixels.pixelColor(middle).lightness())

    mouse.drag(at(16, 27), at(45, 27), during=look)
    assert seen == [(1, True, 2), 255]
    qtbot.waitUntil(lambda: not mouse.canvas.findChildren(DrawnLine))
    assert widget.status == "Divided object 1; new: 10."
    assert centre(widget) == view
    changed = layer.data != before
    assert (before[changed] == 1).all() and set(layer.data[changed]) == {10}
    assert 0 < changed.sum() < (layer.data == 1).sum()
    columns = np.nonzero(changed)[1]
    assert columns.max() <= 27
    assert layer.mouse_pan
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    mouse.drag(at(18, 30), at(30, 30))
    assert widget.status == "The line does not cross object 1 from one side to the other, so nothing was divided."
    np.testing.assert_array_equal(layer.data, before)
    mouse.drag(at(32, 18), at(28, 80))
    assert widget.status.startswith("Divided objects 1, 2; new: 10 to 11.")
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)
    view = centre(widget)
    mouse.drag(at(90, 115), at(70, 100))  # far from objects
    assert centre(widget) != view


def test_the_table_follows_merging_and_splitting(flat, qtbot):
    widget, layer, mouse = flat
    widget.curation.tables.measure(layer, measuring.image_for(layer, widget.state))
    qtbot.waitUntil(lambda: len(layer.features) == 4)
    widget.curation.tools.merge_button.native.click()
    mouse.drag(at(30, 30), at(30, 46))
    qtbot.waitUntil(lambda: len(layer.features) == 3)
    widget.curation.tools.cut_button.native.click()
    mouse.drag(at(18, 38), at(42, 38))
    qtbot.waitUntil(lambda: layer.features["index"].tolist() == [1, 3, 9, 10])
    layer.undo()
    qtbot.waitUntil(lambda: len(layer.features) == 3)


def test_numbers_that_do_not_fit_get_a_larger_type(opened):
    labels, image = plane()
    widget, layer, mouse = opened(np.where(labels == 9, 255, labels).astype(np.uint8), image)
    widget.curation.tools.cut_button.native.click()
    mouse.drag((18, 30), (42, 30))
    assert layer.data.dtype == np.int32
    assert layer.data.max() == 256


@pytest.fixture
def series(opened):
    """The discs in three frames; the second is shown."""
    labels, image = plane()
    given = opened(np.stack([labels] * 3), np.stack([image] * 3), axis_labels=("t", "y", "x"))
    given[0]._viewer.dims.set_current_step(0, 1)
    return given


def test_in_a_series_only_the_frame_shown_is_edited_and_with_shift_all(series):
    widget, layer, mouse = series
    before = layer.data.copy()
    for tool in ("correct", "merge", "cut"):
        getattr(widget.curation.tools, f"{tool}_button").native.click()
        if tool == "correct":
            mouse.click((1, 30, 90))
            assert widget.status == "Removed object 3 from frame 1. Shift+click removes it from all frames."
        elif tool == "merge":
            mouse.drag((1, 30, 30), (1, 30, 46))
            assert widget.status == "Merged 2 into object 1 in frame 1."
        else:
            mouse.drag((1, 18, 30), (1, 42, 30))
            assert layer.data.max() == 10
        np.testing.assert_array_equal(layer.data[[0, 2]], before[[0, 2]])
        assert (layer.data[1] != before[1]).any()
        layer.undo()
        np.testing.assert_array_equal(layer.data, before)
    widget.curation.tools.correct_button.native.click()
    mouse.click((1, 30, 90), Qt.KeyboardModifier.ShiftModifier)
    assert widget.status == "Removed object 3 from all frames."
    assert not (layer.data == 3).any()
    layer.data = np.where(layer.data == 9, 0, layer.data)
    mouse.click((1, 72, 60))
    assert widget.status == "Added object 3."
    assert layer.data[1, 72, 60] == 3
    assert not layer.data[[0, 2], 72, 60].any()


def test_a_solid_object_is_merged_whole_and_divided_by_an_upright_plane(opened):
    labels, image = plane()
    solid = np.zeros((6, *labels.shape), np.uint8)
    solid[1:5] = labels
    widget, layer, mouse = opened(solid, np.stack([image] * 6), axis_labels=("z", "y", "x"))
    widget._viewer.dims.set_current_step(0, 2)
    widget.curation.tools.merge_button.native.click()
    mouse.drag((2, 30, 30), (2, 30, 46))
    assert widget.status == "Merged 2 into object 1."
    np.testing.assert_array_equal(layer.data, np.where(solid == 2, 1, solid))
    layer.undo()
    widget.curation.tools.cut_button.native.click()
    mouse.drag((2, 18, 26), (2, 42, 26))
    assert widget.status == "Divided object 1; new: 10."
    for z in range(1, 5):
        np.testing.assert_array_equal(layer.data[z], layer.data[1])
        assert layer.data[z, 30, 23] == 10 and layer.data[z, 30, 33] == 1


def test_locked_labels_are_left_alone(flat):
    widget, layer, mouse = flat
    if not hasattr(layer, "locked"):
        pytest.skip("layers can be locked since napari 0.7")
    before = layer.data.copy()
    layer.locked = True
    for button in (widget.curation.tools.correct_button, widget.curation.tools.cut_button):
        button.native.click()
        mouse.drag(at(18, 30), at(42, 30))
        mouse.click(at(30, 30))
        assert widget.status == "The layer 'labels' is locked. Unlock it in the list of layers to edit it."
    np.testing.assert_array_equal(layer.data, before)

"""The widget in a real napari window, with a stand-in for the engine that takes a step when told to."""

import gc
import subprocess
import sys

import numpy as np
import pytest
from qtpy.QtCore import QPoint, QPointF, Qt, QThreadPool
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QComboBox, QLabel, QVBoxLayout, QWidget

from napari_backprop_segmentation.gui.input.layers import NO_IMAGE
from napari_backprop_segmentation.gui.run import controller
from napari_backprop_segmentation.gui.run.chart import READABLE_HEIGHT
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.scroll_area import LEAST_HEIGHT, ScrollArea
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import PRESETS

LABELS = "cells labels"


def run_to_end(widget, engine, qtbot):
    widget.run()
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    engine.gate = type(engine.gate)(0)


def assert_ready(widget):
    assert not widget.running
    assert widget.run_button.enabled == (widget.state.input.run_input is not None)
    assert widget.input_form.image.enabled
    assert widget.preset.enabled
    assert widget.controls["iterations"].enabled
    assert widget.pause_button.text == "Pause"
    assert not any(b.enabled for b in (widget.pause_button, widget.stop_button, widget.cancel_button))


def first_step(widget, engine, qtbot):
    widget.run()
    engine.allow(1)
    qtbot.waitUntil(lambda: len(widget.chart.points) == 1 and widget._viewer.layers[LABELS].data.max() == 1)


def test_run_shows_labels_as_they_form_and_then_the_result(widget, viewer, engine, qtbot):
    first_step(widget, engine, qtbot)
    layer = viewer.layers[LABELS]
    assert (layer.data == 1).all()
    assert not layer.editable
    assert widget.status.startswith("Iteration 1 of 20, 5 labels, ")
    assert widget.status.endswith(" left")
    assert not widget.run_button.enabled
    assert not widget.controls["iterations"].enabled
    engine.allow(19)
    qtbot.waitUntil(lambda: not widget.running)
    assert_ready(widget)
    assert (layer.data == 220).all()
    assert layer.editable
    assert layer.metadata[METADATA]["params"] == Params.preset("auto").to_dict()
    assert widget.status.startswith("Done in ")
    assert widget.status.endswith(": 1 label.")
    assert [p.iteration for p in widget.chart.points] == list(range(1, 21))


def test_the_engine_gets_the_chosen_image_and_settings(widget, viewer, engine, qtbot, image):
    widget.controls["iterations"].value = 2
    run_to_end(widget, engine, qtbot)
    assert engine.runs[0].run_input.array is image
    assert engine.runs[0].run_input.axes == "YX"
    assert engine.runs[0].params == Params.preset("auto", iterations=2)


def test_same_label_same_colour_in_every_run(widget, viewer, engine, qtbot):
    run_to_end(widget, engine, qtbot)
    widget.curation.keep_button.native.click()
    run_to_end(widget, engine, qtbot)
    first, second = (layer for layer in viewer.layers if layer.name.startswith(LABELS))
    np.testing.assert_array_equal(first.get_color(7), second.get_color(7))
    np.testing.assert_array_equal(first.colormap.colors, second.colormap.colors)


def test_a_second_run_leaves_the_edits_of_the_first_alone(widget, viewer, engine, qtbot):
    run_to_end(widget, engine, qtbot)
    first = viewer.layers[LABELS]
    first.paint((5, 5), 9)
    run_to_end(widget, engine, qtbot)
    assert first.data[5, 5] == 9
    assert [layer.name for layer in viewer.layers] == ["cells", LABELS, f"{LABELS} [1]"]


def test_a_layer_of_the_user_with_that_name_is_not_touched(widget, viewer, engine, qtbot):
    theirs = viewer.add_labels(np.full((24, 32), 3), name=LABELS)
    run_to_end(widget, engine, qtbot)
    assert theirs.name == LABELS
    assert (theirs.data == 3).all()


def test_renaming_the_layer_during_the_run_does_no_harm(widget, viewer, engine, qtbot):
    first_step(widget, engine, qtbot)
    viewer.layers[LABELS].name = "mine"
    engine.allow(19)
    qtbot.waitUntil(lambda: not widget.running)
    assert (viewer.layers["mine"].data == 220).all()
    assert len(viewer.layers) == 2


def test_run_pressed_twice_runs_once(widget, viewer, engine, qtbot):
    widget.run()
    widget.run()
    widget.run_button.changed.emit(True)
    engine.allow(20)
    qtbot.waitUntil(lambda: not widget.running)
    assert len(engine.runs) == 1
    assert len(viewer.layers) == 2


def test_stop_keeps_the_labels(widget, viewer, engine, qtbot):
    first_step(widget, engine, qtbot)
    widget.stop()
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert_ready(widget)
    assert (viewer.layers[LABELS].data >= 201).all()
    assert widget.status.endswith(": 1 label, stopped by you.")


def test_stop_before_anything_was_seen_keeps_labels_too(widget, viewer, engine, qtbot):
    widget.run()
    widget.stop()
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert (viewer.layers[LABELS].data == 201).all()


@pytest.mark.parametrize("steps", [0, 1])
def test_cancel_removes_the_labels(widget, viewer, engine, qtbot, steps):
    widget.run()
    engine.allow(steps)
    qtbot.waitUntil(lambda: len(widget.chart.points) == steps)
    widget.cancel()
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert_ready(widget)
    assert [layer.name for layer in viewer.layers] == ["cells"]
    assert widget.status == "Cancelled. The labels were removed."


def test_cancel_wins_over_stop_but_not_the_other_way_round(widget, viewer, engine, qtbot):
    first_step(widget, engine, qtbot)
    widget.cancel()
    widget.stop()
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert [layer.name for layer in viewer.layers] == ["cells"]


def test_pause_and_resume(widget, engine, qtbot):
    first_step(widget, engine, qtbot)
    widget.pause()
    assert widget.pause_button.text == "Resume"
    engine.allow(3)
    qtbot.waitUntil(lambda: widget.status.startswith("Paused."))
    seen = len(widget.chart.points)
    qtbot.wait(50)
    assert len(widget.chart.points) == seen < 4
    widget.pause()
    assert widget.pause_button.text == "Pause"
    engine.allow(20)
    qtbot.waitUntil(lambda: not widget.running)
    assert len(widget.chart.points) == 20


def test_pause_pressed_twice_before_it_took_effect_goes_on(widget, engine, qtbot):
    first_step(widget, engine, qtbot)
    widget.pause()
    widget.pause()
    engine.allow(20)
    qtbot.waitUntil(lambda: not widget.running)
    assert len(widget.chart.points) == 20


@pytest.mark.parametrize(("button", "layers"), [("stop", 2), ("cancel", 1)])
def test_a_paused_run_can_be_ended(widget, viewer, engine, qtbot, button, layers):
    first_step(widget, engine, qtbot)
    widget.pause()
    engine.allow(1)
    qtbot.waitUntil(lambda: widget.status.startswith("Paused."))
    getattr(widget, button)()
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert_ready(widget)
    assert len(viewer.layers) == layers


def test_buttons_without_a_run_do_nothing(widget, viewer):
    widget.pause()
    widget.stop()
    widget.cancel()
    assert_ready(widget)
    assert widget.status == "Ready."


def test_after_an_error_the_widget_is_ready(widget, viewer, engine, qtbot, notes):
    first_step(widget, engine, qtbot)
    engine.fail_with = RuntimeError("shapes cannot be multiplied")
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert_ready(widget)
    assert "the engine stopped: shapes cannot be multiplied" in widget.status
    assert [severity for severity, _ in notes] == ["error"]
    engine.fail_with = None
    run_to_end(widget, engine, qtbot)
    assert widget.status.startswith("Done")


def test_deleting_the_labels_ends_the_run_quietly(widget, viewer, engine, qtbot, notes):
    first_step(widget, engine, qtbot)
    viewer.layers.remove(LABELS)
    engine.allow(19)
    qtbot.waitUntil(lambda: not widget.running)
    assert_ready(widget)
    assert widget.status == "The labels layer was deleted, so the run has ended."
    assert [layer.name for layer in viewer.layers] == ["cells"]
    assert notes == []


def test_deleting_the_image_lets_the_run_finish(widget, viewer, engine, qtbot, notes):
    first_step(widget, engine, qtbot)
    viewer.layers.remove("cells")
    engine.allow(19)
    qtbot.waitUntil(lambda: not widget.running)
    assert_ready(widget)
    assert [layer.name for layer in viewer.layers] == [LABELS]
    assert (viewer.layers[LABELS].data == 220).all()
    assert notes == []


def test_closing_the_window_ends_the_run(widget, viewer, engine, qtbot):
    first_step(widget, engine, qtbot)
    viewer.close()
    qtbot.waitUntil(lambda: not widget.running)
    engine.allow(2)  # the first is already being waited for
    assert QThreadPool.globalInstance().waitForDone(10_000)
    qtbot.wait(10)  # late signals of the worker must find nobody
    assert engine.gate.acquire(blocking=False), "a step was taken after the window had closed"


def test_closing_the_widget_ends_the_run_and_leaves_the_labels(widget, viewer, engine, qtbot):
    first_step(widget, engine, qtbot)
    viewer.window.remove_dock_widget(widget.native)
    qtbot.waitUntil(lambda: not widget.running)
    engine.allow(2)
    assert QThreadPool.globalInstance().waitForDone(10_000)
    assert (viewer.layers[LABELS].data == 1).all()
    assert viewer.layers[LABELS].editable
    widget.native.deleteLater()
    qtbot.wait(10)


def test_the_image_follows_the_active_layer_but_not_during_a_run(widget, viewer, engine, qtbot):
    other = viewer.add_image(np.zeros((8, 8), np.uint8), name="other")
    assert widget.input_form.image.value == other
    viewer.layers.selection.active = viewer.layers["cells"]
    assert widget.input_form.image.value.name == "cells"
    first_step(widget, engine, qtbot)
    viewer.layers.selection.active = other
    assert widget.input_form.image.value.name == "cells"
    engine.allow(20)
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.input_form.image.value == other


def test_renamed_and_removed_images_are_noticed(widget, viewer):
    viewer.layers["cells"].name = "nuclei"
    assert widget.input_form.image.choices[0].name == "nuclei"
    viewer.layers.clear()
    assert widget.input_form.image.value is None
    assert widget.input_form.describe().startswith("Choose an image first")


def test_running_without_an_image_says_what_to_do(widget, viewer, notes):
    viewer.layers.clear()
    widget.run()
    assert_ready(widget)
    assert not widget.run_button.enabled
    assert widget.status == NO_IMAGE
    assert widget.run_button.tooltip.endswith(NO_IMAGE)
    assert widget._about_image.text() == NO_IMAGE
    assert widget._status.isHidden()  # said once is enough
    assert notes == [("error", NO_IMAGE)]
    viewer.add_image(np.zeros((8, 8), np.uint8))
    assert widget.run_button.enabled
    assert (widget.status, widget._status.text(), widget._status.isHidden()) == ("Ready.", "Ready.", False)
    assert NO_IMAGE not in widget.run_button.tooltip


def test_what_is_selected_in_one_result_does_not_reach_the_next(widget, viewer, engine, qtbot):
    run_to_end(widget, engine, qtbot)
    first = viewer.layers[LABELS]
    first.data = np.full(first.data.shape, 998, np.uint16)
    first.selected_label = 998
    run_to_end(widget, engine, qtbot)
    assert len(viewer.layers) == 3
    assert viewer.layers[-1].colormap is not first.colormap


def test_a_layer_that_cannot_be_added_leaves_the_widget_ready(thawed, widget, viewer, monkeypatch):
    def refuse(*_):
        raise OverflowError("no")

    monkeypatch.setattr(controller, "Preview", refuse)
    with pytest.raises(OverflowError):
        widget.run()
    assert_ready(widget)
    assert widget.status.startswith("Failed: the labels layer could not be added")
    assert gc.get_freeze_count() == 0


def test_a_preset_fills_the_controls_and_changes_are_named(widget):
    for name, preset in PRESETS.items():
        widget.preset.value = name
        assert widget.controls.params() == Params.preset(name)
        assert widget._about_preset.text() == preset.description
    widget.preset.value = "fast"
    widget.controls["n_layers"].value = 5
    assert widget._about_preset.text().endswith(" Changed: layers.")


def test_warnings_of_a_run_are_shown_once(widget, engine, qtbot, notes, monkeypatch):
    import warnings

    import napari

    from napari_backprop_segmentation.gui.run import worker

    def warning(*args, **more):
        warnings.warn("two labels look alike", UserWarning, stacklevel=1)
        warnings.warn("two labels look alike", UserWarning, stacklevel=1)
        warnings.warn("old name", DeprecationWarning, stacklevel=1)
        warnings.warn_explicit("a colour of napari's own", UserWarning, napari.__file__, 1)
        return (yield from engine(*args, **more))

    monkeypatch.setattr(worker, "start_steps", warning)
    run_to_end(widget, engine, qtbot)
    assert notes == [("warning", "two labels look alike")]


def test_progress_is_shown_in_the_activity_dock(widget, engine, qtbot, monkeypatch):
    bars = []

    class Bar(controller.progress):
        def __init__(self, **settings):
            super().__init__(**settings)
            self.seen = []
            bars.append(self)

        def update(self, n=1):
            super().update(n)
            self.seen.append(self.n)

    monkeypatch.setattr(controller, "progress", Bar)
    run_to_end(widget, engine, qtbot)
    (bar,) = bars
    assert bar.desc.startswith("Segmenting cells")
    assert (bar.total, bar.seen[-1]) == (20, 20)
    assert bar not in controller.progress._all_instances


def test_the_busy_indicator_is_calmed_and_then_as_before(widget, viewer, engine, qtbot):
    from qtpy.QtWidgets import QLabel

    def speeds():
        labels = widget.native.window().findChildren(QLabel)
        return [label.movie().speed() for label in labels if label.movie() is not None]

    before = speeds()
    assert before
    first_step(widget, engine, qtbot)
    assert speeds() == [10] * len(before)
    engine.allow(19)
    qtbot.waitUntil(lambda: not widget.running)
    assert speeds() == before


@pytest.mark.usefixtures("styled")
def test_the_chart_takes_the_colours_of_the_theme(widget, viewer):
    dark = widget.chart.grab().toImage().pixelColor(2, 2).lightness()
    viewer.theme = "light"
    assert widget.chart.grab().toImage().pixelColor(2, 2).lightness() > dark + 100


def test_opening_the_widget_does_not_import_torch():
    code = """
import sys
from napari.components import ViewerModel
from qtpy.QtWidgets import QApplication
app = QApplication([])
from napari_backprop_segmentation.gui.widget import BackpropWidget
widget = BackpropWidget(ViewerModel())
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_what_is_worked_on_is_the_newest_result_of_the_chosen_image(widget, viewer, engine, qtbot, image):
    run_to_end(widget, engine, qtbot)
    run_to_end(widget, engine, qtbot)
    own = widget.state.target
    other = viewer.add_image(image[::-1], name="other")
    assert widget.state.target is own  # there is nothing else
    run_to_end(widget, engine, qtbot)
    assert widget.state.target.name == "other labels"
    viewer.layers.selection = {viewer.layers["cells"]}
    assert widget.state.target is own
    viewer.layers.selection = {other}
    assert widget.state.target.name == "other labels"


def test_what_has_no_steps_is_counted_in_seconds(widget, engine, qtbot, monkeypatch):
    monkeypatch.setattr(controller, "LONG", 0.6)
    widget.run()
    assert widget.status == "Starting: the image is read and prepared..."
    qtbot.waitUntil(lambda: widget.status == "Starting: the image is read and prepared, 1 s so far...")
    widget.state.note("Kept.")
    qtbot.wait(600)
    assert widget.status == "Kept."
    engine.allow(1)
    qtbot.waitUntil(lambda: widget.status.startswith("Iteration 1 of "))
    qtbot.wait(900)
    assert "so far" not in widget.status
    widget.cancel()
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)


def test_frames_that_are_labelled_without_steps_are_counted(widget, viewer, engine, qtbot, monkeypatch, image):
    monkeypatch.setattr(controller, "SILENCE", 0.3)
    viewer.add_image(np.stack([image] * 4), name="film", axis_labels=["t", "y", "x"])
    widget.run()
    engine.allow()
    qtbot.waitUntil(lambda: widget.status.startswith("Iteration 1 of "))
    control = engine.runs[-1].control
    control.tell_labelled(2, 4)
    qtbot.waitUntil(lambda: widget.status == "Labelled 2 of 4 frames...")
    widget.pause()
    qtbot.waitUntil(lambda: widget.status.startswith("Pausing"))
    control.tell_labelled(3, 4)
    qtbot.wait(600)
    assert widget.status.startswith("Pausing")
    widget.cancel()
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.status == "Cancelled. The labels were removed."


@pytest.mark.usefixtures("styled")
def test_in_a_low_window_nothing_is_squeezed_and_what_appears_is_scrolled_to(widget, qtbot):
    native = widget.native
    area = native.findChild(ScrollArea)
    left = [axis for axis in widget.chart._axes if axis.orientation == "left"]
    native.window().show()
    widget.wanted.switch.parentWidget().setMinimumHeight(400)
    low = native.minimumSizeHint().height()
    assert low < 450
    native.setFixedHeight(low + 40)  # words that are wrapped need more than they say
    qtbot.waitUntil(lambda: LEAST_HEIGHT <= area.height() <= LEAST_HEIGHT + 40)
    assert area.verticalScrollBar().maximum() > 100
    widget.plot.show()
    widget.plot.unfold()
    qtbot.waitUntil(lambda: area.verticalScrollBar().value() > 0)
    qtbot.waitUntil(lambda: widget.chart.visibleRegion().boundingRect().height() == widget.chart.height())
    assert widget.chart.height() < READABLE_HEIGHT
    assert not any(axis.style["showValues"] for axis in left)
    widget.plot.unfold(False)
    qtbot.waitUntil(lambda: area.verticalScrollBar().value() == 0)
    widget.plot.unfold()
    native.setFixedHeight(900)
    qtbot.waitUntil(lambda: widget.chart.height() > READABLE_HEIGHT)
    assert area.verticalScrollBar().maximum() == 0
    assert all(axis.style["showValues"] for axis in left)


@pytest.mark.usefixtures("styled")
def test_what_has_appeared_stays_in_view_with_what_belongs_to_it(qtbot):
    content, parts = QWidget(), [QWidget() for _ in range(4)]
    layout = QVBoxLayout(content)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(0)
    for part, height in zip(parts, (300, 80, 120, 200), strict=True):
        part.setFixedHeight(height)
        layout.addWidget(part)
    area = ScrollArea(content)
    area.reveal(parts[1], last=parts[2])
    qtbot.addWidget(area)
    parts[1].hide()
    area.resize(300, 250)
    area.show()
    qtbot.waitExposed(area)
    parts[1].show()
    qtbot.waitUntil(lambda: area.verticalScrollBar().value() == 250)  # to the end of the third
    area.resize(300, 210)  # words above it have become longer
    qtbot.waitUntil(lambda: area.verticalScrollBar().value() == 290)
    qtbot.waitUntil(lambda: not area._soon.isActive())
    area.verticalScrollBar().setValue(100)
    area.resize(300, 200)
    assert area.verticalScrollBar().value() == 100  # somebody has scrolled
    parts[1].hide()
    parts[2].hide()
    area.verticalScrollBar().setValue(0)
    parts[1].show()
    qtbot.waitUntil(lambda: area.verticalScrollBar().value() == 180)


@pytest.mark.usefixtures("styled")
def test_the_wheel_scrolls_and_changes_no_setting_that_was_not_clicked_on(widget, qtbot):
    native = widget.native
    native.window().show()
    native.window().activateWindow()
    widget.wanted.switch.parentWidget().setMinimumHeight(1500)
    native.setFixedHeight(native.minimumSizeHint().height())
    area, box = native.findChild(ScrollArea), widget.preset.native
    box = box if isinstance(box, QComboBox) else box.findChild(QComboBox)
    before = widget.preset.value

    def turn():
        at = QPointF(box.rect().center())
        none = (Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase)
        wheel = QWheelEvent(at, QPointF(box.mapToGlobal(at.toPoint())), QPoint(), QPoint(0, -120), *none, False)
        QApplication.sendEvent(box, wheel)

    qtbot.waitUntil(lambda: area.verticalScrollBar().maximum() > 0)
    turn()
    assert (widget.preset.value, area.verticalScrollBar().value() > 0) == (before, True)
    box.setFocus()
    qtbot.waitUntil(box.hasFocus)
    turn()
    assert widget.preset.value != before


def test_settings_can_be_changed_while_the_list_of_presets_is_empty(widget):
    widget.preset.value = "nuclei"
    presets = next(each for each in widget.native.findChildren(QComboBox) if each.currentData() == "nuclei")
    presets.setCurrentIndex(-1)
    widget.state.change("iterations", 7)
    assert widget.state.params.iterations == 7
    assert PRESETS["nuclei"].description in {
        label.text().split(" Changed")[0] for label in widget.native.findChildren(QLabel)
    }

"""Looking back at iterations, making a result of one of them, and going on from it: in the real widget."""

import numpy as np
import pytest

from napari_backprop_segmentation import finish, run
from napari_backprop_segmentation.gui.input.layers import unwrapped
from napari_backprop_segmentation.gui.result import history_panel
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.run import worker
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.network import history as room
from napari_backprop_segmentation.params.params import Params

QUICK = Params(
    n_channels=8, iterations=6, n_superpixels=50, min_labels=0, min_region=1, precision="float32", device="cpu", seed=1
)
LABELS, BACK = "cells labels", "cells history (overlay)"


def press(widget, qtbot, button):
    button.native.click()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)


@pytest.fixture
def done(widget, viewer, qtbot):
    """The layer of a real run that has ended."""
    widget.controls.fill(QUICK)
    press(widget, qtbot, widget.run_button)
    widget.history.folded.unfold()
    return unwrapped(viewer.layers[LABELS])


def steps_until(qtbot, engine, reached):
    """Let one step happen after the other; the last ones are not told of before there is time."""
    for _ in range(50):
        if reached():
            return
        engine.allow(1)
        qtbot.wait(250)
    raise AssertionError("never reached")


def names(viewer):
    return [layer.name for layer in viewer.layers]


def test_there_is_nothing_to_look_back_at_before_a_run(widget):
    assert widget.history.folded.isHidden()


def test_the_slider_shows_what_the_network_saw_and_at_its_end_the_result_again(widget, viewer, done):
    panel, before, selected = widget.history, done.data.copy(), set(viewer.layers.selection)
    history = result_of(done).history
    assert [kept.iteration for kept in history] == [1, 2, 3, 4, 5, 6]
    assert (panel.slider.maximum(), panel.slider.value()) == (6, 6)
    assert panel.text.startswith("The result. Kept 6 of 6 iterations, 0.")
    assert not panel.use_button.enabled
    for position in (0, 3, 5):
        panel.slider.setValue(position)
        kept = history[position]
        assert panel.text.startswith(f"Iteration {position + 1}, {kept.n_labels} labels of the network.")
        layer = viewer.layers[BACK]
        np.testing.assert_array_equal(layer.data, kept.labels)
        assert (layer.visible, layer.editable, done.visible) == (True, False, False)
    assert set(viewer.layers.selection) == selected
    assert widget.state.target is done
    assert panel.use_button.enabled
    assert len(names(viewer)) == 3
    panel.slider.setValue(6)
    assert names(viewer) == ["cells", LABELS]
    assert done.visible
    np.testing.assert_array_equal(done.data, before)


@pytest.mark.parametrize("settings", [{}, {"objects": "bright", "min_object": 4}, {"regions": "classes"}], ids=str)
def test_use_this_one_gives_what_a_run_stopped_there_would_have_found(widget, viewer, qtbot, image, settings):
    widget.controls.fill(QUICK.replace(**settings))
    press(widget, qtbot, widget.run_button)
    history, points = widget.state.history, widget.chart.points
    widget.history.slider.setValue(1)
    press(widget, qtbot, widget.history.use_button)
    layer = viewer.layers[LABELS]
    expected = finish(run(image, QUICK.replace(**settings, iterations=2)))
    np.testing.assert_array_equal(layer.data, expected.labels)
    record = layer.metadata[METADATA]
    assert record["params"] == expected.record["params"]
    assert (record["iterations"], record["stopped_by"]) == (2, "iteration 2 of the history")
    assert names(viewer) == ["cells", LABELS]
    assert widget.state.history is history  # the others can still be looked at
    assert widget.chart.points == points


def test_edits_stay(widget, viewer, qtbot, done):
    done.data_setitem((np.array([0, 1]), np.array([0, 0])), 77)
    edited = done.data.copy()
    widget.history.slider.setValue(0)
    np.testing.assert_array_equal(done.data, edited)
    press(widget, qtbot, widget.history.use_button)
    np.testing.assert_array_equal(done.data, edited)
    assert done in viewer.layers
    assert not done.visible  # they would shine through
    new = widget.state.result.layer
    assert new is not done
    assert new.metadata[METADATA]["iterations"] == 1


def test_a_run_continues_from_an_iteration_with_the_settings_of_now(widget, viewer, qtbot, done):
    first = result_of(done).model
    before = {name: tensor.clone() for name, tensor in first.network.state_dict().items()}
    widget.controls["iterations"].value = 2
    widget.history.slider.setValue(2)
    press(widget, qtbot, widget.history.go_on_button)
    record = viewer.layers[LABELS].metadata[METADATA]
    assert (record["start"], record["iterations"]) == (3, 2)
    assert "Training went on from a network of 3 iterations." in widget.status
    assert [kept.iteration for kept in widget.state.history] == [1, 2]
    assert all((tensor == before[name]).all() for name, tensor in first.network.state_dict().items())


def test_what_cannot_change_is_refused_in_a_sentence(widget, viewer, qtbot, done):
    widget.controls["n_channels"].value = 9
    widget.history.slider.setValue(2)
    press(widget, qtbot, widget.history.go_on_button)
    assert widget.status.startswith(
        "Failed: n_channels must be 8, as in the network that training goes on from, got 9; leave it as it was, or "
    )
    assert names(viewer) == ["cells", LABELS]
    assert done.visible


def test_training_goes_on_from_the_network_that_was_trained_last_on_another_image(widget, viewer, qtbot, image):
    button = widget.model_files.go_on_button
    assert button.native.isHidden()
    widget.controls.fill(QUICK)
    press(widget, qtbot, widget.run_button)
    assert not button.native.isHidden()
    assert "'cells'" in button.tooltip
    viewer.add_image(255 - image, name="others")
    widget.controls["iterations"].value = 2
    press(widget, qtbot, button)
    record = viewer.layers["others labels"].metadata[METADATA]
    assert (record["start"], record["iterations"], record["image"]["layers"]) == (6, 2, ["others"])


def test_during_a_run_the_labels_form_on_while_an_earlier_iteration_is_shown(widget, viewer, qtbot, engine):
    panel = widget.history
    widget.state.change("iterations", 50)
    widget.run()
    panel.folded.unfold()
    steps_until(qtbot, engine, lambda: panel.slider.maximum() >= 3)
    n = len(widget.state.history)
    assert panel.text.startswith(f"The run as it is now. Kept {n} of {n} iterations")
    panel.slider.setValue(0)
    live = widget.state.run.layer
    assert (viewer.layers[BACK].data == 1).all()
    assert not live.visible
    steps_until(qtbot, engine, lambda: panel.slider.maximum() >= n + 2)
    assert panel.slider.value() == 0
    assert (viewer.layers[BACK].data == 1).all()
    steps_until(qtbot, engine, lambda: bool((live.data > n).all()))
    assert not panel.use_button.enabled
    assert history_panel.LATER in panel.use_button.tooltip
    engine.allow(100)
    qtbot.waitUntil(lambda: not widget.running)
    assert BACK not in names(viewer)
    assert live.visible
    assert (live.data > 200).all()


def test_a_cancelled_run_takes_the_past_with_it(widget, viewer, qtbot, engine):
    widget.state.change("iterations", 50)
    widget.run()
    steps_until(qtbot, engine, lambda: widget.history.slider.maximum() >= 3)
    widget.history.slider.setValue(0)
    widget.cancel()
    engine.allow(100)
    qtbot.waitUntil(lambda: not widget.running)
    assert names(viewer) == ["cells"]
    assert widget.history.folded.isHidden()


def test_deleting_the_layer_goes_back_to_the_result(widget, viewer, done):
    widget.history.slider.setValue(0)
    viewer.layers.remove(viewer.layers[BACK])
    assert done.visible
    assert widget.history.slider.value() == 6
    widget.history.slider.setValue(1)
    viewer.layers.remove(done)
    assert names(viewer) == ["cells"]
    assert widget.history.folded.isHidden()


def test_folding_the_section_goes_back_to_the_result(widget, viewer, done):
    widget.history.slider.setValue(0)
    widget.history.folded.unfold(False)
    assert names(viewer) == ["cells", LABELS]
    assert done.visible


def test_another_result_has_another_past(widget, viewer, qtbot, done, image):
    widget.history.slider.setValue(0)
    viewer.add_image(image, name="others")  # which is chosen from now on
    widget.state.select(None)
    assert names(viewer) == ["cells", LABELS, "others"]
    assert done.visible
    assert widget.history.folded.isHidden()
    widget.state.select(done)
    assert not widget.history.folded.isHidden()


def test_of_a_large_image_coarse_labels_lie_over_it(widget, viewer, qtbot, image, monkeypatch):
    monkeypatch.setattr(room, "MOST_PIXELS", 200)
    layer = viewer.layers["cells"]
    layer.scale, layer.translate, layer.rotate = (0.5, 0.5), (3, -2), 30
    widget.controls.fill(QUICK)
    press(widget, qtbot, widget.run_button)
    assert "Shown at 1/2 of the size." in widget.history.text
    widget.history.slider.setValue(2)
    back = viewer.layers[BACK]
    assert back.data.shape == (12, 16)
    # the middle of a pixel is that of the four it stands for
    np.testing.assert_allclose(back.data_to_world((4, 7)), layer.data_to_world((8.5, 14.5)))


def test_of_a_series_nothing_is_kept(widget, viewer, qtbot, image):
    viewer.add_image(np.stack([image] * 2), name="film", axis_labels=["t", "y", "x"])
    widget.controls.fill(QUICK)
    press(widget, qtbot, widget.run_button)
    assert "film labels" in names(viewer)
    assert widget.history.folded.isHidden()


def test_closing_the_widget_shows_the_result_again(widget, viewer, qtbot, done):
    widget.history.slider.setValue(0)
    viewer.window.remove_dock_widget(widget.native)
    assert names(viewer) == ["cells", LABELS]
    assert done.visible
    widget.native.deleteLater()
    qtbot.wait(10)


def test_only_a_share_of_the_time_goes_into_what_nobody_has_asked_for(engine, monkeypatch):
    from napari_backprop_segmentation.gui.run import remembering

    clock = iter(np.arange(10_000.0))
    monkeypatch.setattr(remembering, "time", type("Clock", (), {"monotonic": staticmethod(lambda: next(clock))}))
    monkeypatch.setattr(worker, "PREVIEW_SECONDS", 1e9)
    control = worker.WorkerControl(message_seconds=0.0)
    engine.allow(1000)
    for _ in worker.watched(lambda: engine(Shaped, Params(iterations=50), control), control):
        control.heard = True
    # a second each for looking at the clock: to make labels takes as long as all the rest of an iteration
    assert 50 / 20 < len(control.history) < 50 / 5
    assert control.history.n_iterations == 50


class Shaped:
    shape = (4, 5)

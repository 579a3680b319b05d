"""What follows from what: the state of the window, without a window."""

import gc
from types import SimpleNamespace
from weakref import ref

import numpy as np
import pytest

from napari_backprop_segmentation.gui.result.layer_result import LoadedModel, result_of
from napari_backprop_segmentation.gui.run.worker import Point
from napari_backprop_segmentation.gui.state import Input, Phase, State
from napari_backprop_segmentation.params.params import Params

PIXELS = np.zeros((24, 32), np.uint8)
POINTS = (Point(1, 5, {"similarity": 0.5}), Point(2, 4, {"similarity": 0.4}))


def begin(state):
    state.begin("cells", state.input.layers)


def test_it_begins_ready(state):
    assert (state.phase, state.status, state.busy, state.points) == (Phase.IDLE, "Ready.", False, ())


def test_a_run_goes_through_its_phases(state, chosen):
    chosen(PIXELS, name="cells")
    begin(state)
    assert (state.busy, state.status) == (True, "Starting: the image is read and prepared...")
    state.tell("Iteration 2 of 20", POINTS)
    assert (state.status, state.points) == ("Iteration 2 of 20", POINTS)
    state.enter(Phase.PAUSING)
    assert state.status == "Pausing after this iteration..."
    state.enter(Phase.PAUSED)
    assert state.status.startswith("Paused. Resume goes on; Stop ends training and labels every pixel with what")
    state.enter(Phase.RUNNING)
    assert state.status == "Iteration 2 of 20"
    state.enter(Phase.STOPPING)
    assert state.status.startswith("Stopping: ")
    state.tell("Labelled 3 of 20 frames...")
    assert state.status == "Labelled 3 of 20 frames..."
    state.end(Phase.DONE, "Done.")
    assert (state.busy, state.status, state.points) == (False, "Done.", POINTS)
    state.enter(Phase.PAUSED)  # too late
    assert state.phase is Phase.DONE


def test_everything_has_changed_before_anybody_is_told(state, chosen, model, image, regions, shown):
    """No order of calls matters: whoever is told of the end finds the result, and whoever finds it sees the end."""
    seen = []
    for name in ("phase", "run", "result", "detail"):
        state.events[name].connect(
            lambda _, name=name: seen.append((name, state.phase, state.run.ending[:4], state.result is not None))
        )
    chosen(image)
    state.change("detail", 20.0)
    seen.clear()
    shown(regions)
    at_the_end = [told for told in seen if told[1] is Phase.DONE]
    assert {told[0] for told in at_the_end} == {"phase", "run", "result", "detail"}
    assert {told[1:] for told in at_the_end} == {(Phase.DONE, "Done", True)}


def test_nothing_is_told_that_has_not_changed(state):
    told = []
    for name in ("notice", "labels", "detail", "params"):
        state.events[name].connect(lambda _, name=name: told.append(name))
    state.note("")
    state.select(None)
    state.keep(())
    assert told == []


def test_what_was_said_of_another_image_is_gone(state, chosen):
    chosen(PIXELS, name="cells")
    state.note("Measured 3 labels.")
    state.choose(Input(state.input.layers, state.input.run_input))  # a part of the same image
    assert state.status == "Measured 3 labels."
    chosen(PIXELS, name="another")
    assert state.status == "Ready."
    state.refuse("Each axis must be depth, time or channels.")
    state.choose(Input(state.input.layers, state.input.run_input))
    assert state.status == "Ready."
    state.refuse("No.")
    state.change("iterations", 3)
    assert state.status == "Ready."


def test_the_end_and_the_plot_of_a_run_belong_to_its_image(state, chosen):
    chosen(PIXELS, name="cells")
    first = state.input
    begin(state)
    state.tell("Iteration 2 of 20", POINTS)
    chosen(PIXELS, name="another")  # the run is what is shown as long as it lasts
    assert (state.status, state.points) == ("Iteration 2 of 20", POINTS)
    state.end(Phase.FAILED, "Failed: a defect.")
    assert (state.status, state.points) == ("The last run, on 'cells': Failed: a defect.", ())
    state.choose(first)
    assert (state.status, state.points) == ("Failed: a defect.", POINTS)
    state.choose(Input())
    assert state.points == ()


def test_a_new_run_forgets_what_was_said_before(state, chosen):
    chosen(PIXELS)
    state.note("Removed object 3.")
    state.refuse("No.")
    begin(state)
    assert state.status == "Starting: the image is read and prepared..."


def test_settings_that_differ_from_what_was_filled_in_are_given():
    state = State(Params.preset("auto"))
    assert state.params.given == frozenset()
    state.change("n_layers", 5)
    assert state.params.given == {"n_layers"}
    state.change("n_layers", Params.preset("auto").n_layers)
    assert state.params.given == frozenset()
    state.fill(Params.preset("fast", iterations=7))
    state.change("n_layers", 5)
    assert state.params.given == {"n_layers", "iterations"}


def test_the_detail_found_for_one_image_is_no_setting_for_the_next(chosen, shown, image, regions, state):
    state.fill(Params.preset("auto"))
    state.change("detail", 33.0)
    state.fill(Params.preset("auto"))
    asked = state.params.detail
    chosen(image)
    regions.record["params"]["detail"], before = 65.0, regions.record["params"]["detail"]
    try:
        shown(regions)
    finally:
        regions.record["params"]["detail"] = before
    assert (state.detail, state.settings.detail) == (65, asked)
    state.change("automatic", False)  # then it is what the slider shows
    assert state.settings.detail == 65
    state.change("detail", 55.0)
    assert (state.detail, state.settings.detail) == (55, 55)
    assert "detail" in state.settings.given


@pytest.mark.parametrize("gone", [True, False])
def test_results_go_with_their_layers(state, chosen, shown, image, regions, model, gone):
    chosen(image)
    layer = shown(regions)
    assert state.target is layer
    if gone:
        model.layers.remove(layer)
    state.keep(model.layers)
    assert (state.result is None, state.labels is None, state.target is None) == (gone,) * 3


def test_a_result_is_let_go_of_with_its_layer(state, chosen, shown, image, regions, model):
    chosen(image)
    result = ref(result_of(shown(regions)))
    assert result() is state.result
    model.layers.clear()
    state.keep(model.layers)
    model.add_image(PIXELS)  # napari itself holds on to the layer that was selected last
    model.layers.selection.active = model.layers[0]
    gc.collect()
    assert result() is None


def test_labels_that_are_still_forming_are_nothing_to_work_on(state, chosen, model):
    chosen(PIXELS)
    layer = model.add_labels(PIXELS)
    begin(state)
    state.form_in(layer)
    state.select(layer)
    assert state.target is None
    state.end(Phase.FAILED, "Failed.")  # they are kept
    assert state.target is layer


def test_nobody_is_told_once_it_is_closed(state):
    told = []
    state.events.notice.connect(told.append)
    state.close()
    state.note("Removed object 3.")
    assert told == []


def test_training_can_go_on_from_what_was_loaded_trained_or_selected_last(state):
    first, second = SimpleNamespace(), SimpleNamespace()
    result = SimpleNamespace(model=first, run_input=SimpleNamespace(name="cells"))
    assert state.network is None
    state.found(result)
    assert (state.network.name, state.network.model) == ("cells", first)
    state.load(LoadedModel("day1", second), "Loaded.")
    assert state.network.model is second
    state.select(None)  # nothing that has a network
    assert state.network.model is second
    state.found(result)
    assert state.network.model is first

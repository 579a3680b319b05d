"""Objects counted again while their settings change: in the real widget, and what it is made of."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from tests.gui.conftest import SMALL

from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.result.live_objects import in_words
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.recount import Recount
from napari_backprop_segmentation.pipeline.run import finish, run

QUICK = SMALL | {"n_superpixels": 100}
PLACES = [(row, column) for row in (16, 48, 80) for column in (16, 48, 80)]


def discs():
    """Nine discs, each a little brighter and larger than the one before."""
    image = np.random.default_rng(0).normal(0, 0.005, (96, 96)).astype(np.float32)
    y, x = np.indices(image.shape)
    for number, (cy, cx) in enumerate(PLACES):
        image[(y - cy) ** 2 + (x - cx) ** 2 <= (5 + number) ** 2] += 0.08 + 0.1 * number
    return image


@pytest.fixture(scope="module")
def found():
    """What a run finds: bright objects."""
    return finish(run(discs(), Params.preset("nuclei", **QUICK)))


@pytest.fixture
def counted(widget, viewer, qtbot, monkeypatch, found):
    """The widget after a run on the discs; its layer."""
    from napari_backprop_segmentation.gui.run import worker

    def steps(run_input, params, control=None, trained=None, *_, **__):
        return replace(found, labels=found.labels.copy())  # the layer's own, which a test may edit
        yield

    monkeypatch.setattr(worker, "start_steps", steps)
    viewer.add_image(discs(), name="discs")
    widget.preset.value = "nuclei"
    for name, value in QUICK.items():
        widget.controls[name].value = value
    widget.run()
    qtbot.waitUntil(lambda: not widget.running)
    return viewer.layers["discs labels"]


def settled(widget, qtbot):
    qtbot.waitUntil(lambda: not widget._live_objects.waiting, timeout=20_000)


def expected(**settings):
    return finish(run(discs(), Params.preset("nuclei", **QUICK, **settings))).labels


def number(labels):
    return len(np.unique(labels[labels > 0]))


def test_each_control_shows_what_a_run_with_it_would_find_and_says_how_many(counted, widget, qtbot):
    widget.controls["sensitivity"].value = 10.0
    settled(widget, qtbot)
    assert widget.status == f"Sensitivity 10: {number(counted.data)} objects."
    assert in_words({"max_object": 0, "fill_holes": False}) == "Largest object no limit, fill holes off"
    settings = {}
    for name, value in (("sensitivity", 90.0), ("min_object", 150), ("max_object", 400), ("split_objects", False)):
        widget.controls[name].value = value
        settled(widget, qtbot)
        settings[name] = value
        np.testing.assert_array_equal(counted.data, expected(**settings))
        params = counted.metadata[METADATA]["params"]
        assert {key: params[key] for key in settings} == settings
    assert widget.status == f"Split touching off: {number(counted.data)} objects."
    again = Params.from_dict(counted.metadata[METADATA]["params"])
    np.testing.assert_array_equal(counted.data, finish(run(discs(), again)).labels)


def held_back(counted):
    """Let the count of a layer wait until the test says so; return the gate, and what was asked for."""
    result = result_of(counted)
    gate, asked, real = threading.Event(), [], result.segmentation.recount

    def recount(params):
        asked.append(params)
        assert gate.wait(20)
        return real(params)

    result.segmentation = replace(result.segmentation, recount=recount)
    return gate, asked


def test_the_last_state_wins_and_nothing_is_lost(counted, widget, qtbot):
    gate, asked = held_back(counted)
    widget.controls["sensitivity"].value = 90.0
    qtbot.waitUntil(lambda: len(asked) == 1)
    for value in (20.0, 40.0, 80.0):
        widget.controls["sensitivity"].value = value
    widget.controls["min_object"].value = 150
    qtbot.wait(120)
    gate.set()
    settled(widget, qtbot)
    assert len(asked) == 2  # what came meanwhile is one count
    np.testing.assert_array_equal(counted.data, expected(sensitivity=80.0, min_object=150))
    assert widget.status.startswith("Sensitivity 80, smallest object 150: ")


def test_an_error_is_said_and_the_next_change_is_counted(counted, widget, qtbot, notes):
    result = result_of(counted)
    real, before = result.segmentation.recount, counted.data.copy()

    def broken(params):
        raise ZeroDivisionError("a defect")

    result.segmentation = replace(result.segmentation, recount=broken)
    widget.controls["sensitivity"].value = 90.0
    settled(widget, qtbot)
    assert "A defect" in widget.status
    assert [severity for severity, _ in notes] == ["error"]
    np.testing.assert_array_equal(counted.data, before)
    result.segmentation = replace(result.segmentation, recount=real)
    widget.controls["sensitivity"].value = 80.0
    settled(widget, qtbot)
    np.testing.assert_array_equal(counted.data, expected(sensitivity=80.0))


def test_edited_labels_are_left_alone(counted, widget, qtbot):
    counted.data_setitem((np.array([0]), np.array([0])), 99)
    edited = counted.data.copy()
    widget.controls["sensitivity"].value = 90.0
    settled(widget, qtbot)
    np.testing.assert_array_equal(counted.data, edited)
    assert widget.status == ("These labels have been edited, so Sensitivity leaves them alone. Run again for new ones.")


def test_an_edit_made_while_it_counts_is_kept(counted, widget, qtbot):
    gate, asked = held_back(counted)
    widget.controls["sensitivity"].value = 90.0
    qtbot.waitUntil(lambda: len(asked) == 1)
    counted.data_setitem((np.array([0]), np.array([0])), 99)
    gate.set()
    settled(widget, qtbot)
    assert counted.data[0, 0] == 99
    assert "have been edited" in widget.status
    assert counted.metadata[METADATA]["params"]["sensitivity"] == 50


def test_a_layer_that_is_deleted_meanwhile_is_forgotten(counted, widget, viewer, qtbot, notes):
    gate, asked = held_back(counted)
    widget.controls["sensitivity"].value = 90.0
    qtbot.waitUntil(lambda: len(asked) == 1)
    viewer.layers.remove(counted)
    gate.set()
    settled(widget, qtbot)
    assert not notes
    assert [layer.name for layer in viewer.layers] == ["cells", "discs"]


def test_another_reading_is_counted_again_and_the_first_comes_back_as_it_was(counted, widget, qtbot):
    widget.controls["sensitivity"].value = 80.0
    settled(widget, qtbot)
    own = counted.data.copy()
    widget.readings.toggle()
    qtbot.waitUntil(lambda: widget.state.readings is None or widget.state.readings.choices is not None, timeout=60_000)
    assert widget.state.readings is not None
    widget.readings.take(1)
    result = result_of(counted)
    reading = result.reading
    assert reading > 0
    assert counted.metadata[METADATA]["params"]["sensitivity"] == 50  # readings are those of the run
    widget.controls["min_object"].value = 200
    settled(widget, qtbot)
    params = counted.metadata[METADATA]["params"]
    assert (params["reading"], params["min_object"]) == (reading, 200)
    np.testing.assert_array_equal(counted.data, finish(run(discs(), Params.from_dict(params))).labels)
    widget.readings.take(0)
    np.testing.assert_array_equal(counted.data, own)
    params = counted.metadata[METADATA]["params"]
    assert (params["reading"], params["sensitivity"], params["min_object"]) == (0, 80, 0)


def test_the_table_follows(counted, widget, qtbot):
    qtbot.waitUntil(lambda: len(counted.features) == number(counted.data), timeout=10_000)
    before = len(counted.features)
    widget.controls["min_object"].value = 300
    settled(widget, qtbot)
    assert number(counted.data) < before
    qtbot.waitUntil(lambda: len(counted.features) == number(counted.data), timeout=10_000)


def test_after_an_automatic_run_the_controls_show_what_was_used(widget, viewer, qtbot):
    viewer.add_image(discs(), name="discs")
    widget.state.fill(Params.preset("auto", **QUICK))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    used = widget.state.result.segmentation.record["params"]
    assert used["objects"] == "bright"
    assert widget.wanted.switch.value == "Automatic"
    assert widget.controls["objects"].value == "bright"
    assert widget.controls["objects"].native.isVisibleTo(widget.native)
    assert widget.controls["texture_weight"].value == used["texture_weight"] == 0
    assert widget.state.settings == Params.preset("auto", **QUICK)
    assert widget.state.settings.given == set(QUICK)
    widget.wanted.switch.buttons["Objects"].click()
    assert widget.state.params.objects == "bright"  # what was found is asked for
    assert "objects" in widget.state.params.given


def test_what_is_changed_after_an_automatic_run_is_given_and_comes_back(widget, viewer, qtbot):
    viewer.add_image(discs(), name="discs")
    widget.state.fill(Params.preset("auto", **QUICK))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    layer = viewer.layers["discs labels"]
    own = layer.data.copy()
    for value in (90.0, 50.0):
        widget.controls["sensitivity"].value = value
        settled(widget, qtbot)
        assert widget.controls["sensitivity"].value == value
    np.testing.assert_array_equal(layer.data, own)
    assert widget.state.settings.given == {*QUICK, "sensitivity"}
    viewer.layers.selection.active = viewer.layers["cells"]
    assert widget.controls["objects"].value == "off"  # nothing is known of this image
    assert widget.state.settings.objects == "off"


@pytest.fixture
def regions_of_cells(widget, viewer, qtbot):
    widget.controls.fill(Params(**SMALL))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    return viewer.layers["cells labels"]


def test_the_box_hits_every_number_the_tree_has_until_detail_takes_over(regions_of_cells, widget, qtbot):
    box, layer = widget.controls["n_regions"], regions_of_cells
    assert box.value == number(layer.data)
    tree = result_of(layer).segmentation.hierarchy
    for asked in (1, 2, 3, 7):
        box.value = asked
        np.testing.assert_array_equal(layer.data, tree.cut(n_regions=asked))
        assert widget.status == f"At most {asked}: {asked} region{'' if asked == 1 else 's'}."
        assert layer.metadata[METADATA]["params"]["n_regions"] == asked
    again = Params.from_dict(layer.metadata[METADATA]["params"])
    from tests.gui.conftest import cells

    np.testing.assert_array_equal(layer.data, finish(run(cells(), again)).labels)
    box.value = 3
    assert widget.state.settings.n_regions == 3
    widget.controls["detail"].value = 100
    assert widget.state.settings.n_regions == 0
    assert box.value == number(layer.data) > 3
    assert layer.metadata[METADATA]["params"]["n_regions"] == 0
    widget.controls["detail"].value = 20
    assert box.value == number(layer.data) == 2


def test_a_draft_is_shown_while_it_counts(counted, widget, qtbot, monkeypatch):
    gate, real = threading.Event(), Recount.__call__

    def slow(self, params):
        assert gate.wait(20)
        return real(self, params)

    widget.controls["sensitivity"].value = 20.0
    settled(widget, qtbot)
    few, said = counted.data.copy(), widget.status
    monkeypatch.setattr(Recount, "__call__", slow)
    widget.controls["sensitivity"].value = 90.0
    qtbot.waitUntil(lambda: number(counted.data) > number(few), timeout=20_000)
    assert widget._live_objects.waiting
    assert (widget.status, result_of(counted).edited) == (said, False)
    gate.set()
    settled(widget, qtbot)
    np.testing.assert_array_equal(counted.data, expected(sensitivity=90.0))
    assert not result_of(counted).edited


def test_an_edit_of_a_draft_is_kept(counted, widget, qtbot, monkeypatch):
    gate, real = threading.Event(), Recount.__call__
    widget.controls["sensitivity"].value = 20.0
    settled(widget, qtbot)
    few = number(counted.data)
    monkeypatch.setattr(Recount, "__call__", lambda self, params: gate.wait(20) and real(self, params))
    widget.controls["sensitivity"].value = 90.0
    qtbot.waitUntil(lambda: number(counted.data) > few, timeout=20_000)
    counted.data_setitem((np.array([0]), np.array([0])), 99)
    edited = counted.data.copy()
    gate.set()
    settled(widget, qtbot)
    np.testing.assert_array_equal(counted.data, edited)
    assert widget.status.startswith("These labels have been edited")

"""Other readings of an image: on layers without a window, and as pictures in the widget."""

import gc
import threading
from dataclasses import replace
from weakref import ref

import numpy as np
import pytest
from qtpy.QtCore import QRect, Qt
from skimage.draw import disk

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection
from napari_backprop_segmentation.gui.result import readings_panel
from napari_backprop_segmentation.gui.result.detail import cut, reason_to_rest
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.result.pictures import SIDE, backdrop, picture, window_on
from napari_backprop_segmentation.gui.result.readings import MEANINGS, NONE_FOUND, Choice, choices, look, take, tints_of
from napari_backprop_segmentation.gui.result.readings_panel import PictureList, ReadingsPanel
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.run import finish, run
from napari_backprop_segmentation.pipeline.segmentation import Offer

SHAPE = (24, 32)
ABOUT = {"bright": (3, 0.8), "between dark lines": (6, 0.6), "dark": (1, 0.4)}


def squares(n):
    labels = np.zeros(SHAPE, np.int32)
    for number in range(1, n + 1):
        labels[2:8, 5 * number - 4 : 5 * number] = number
    return labels


QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 100, "precision": "float32", "device": "cpu"}


def discs():
    """Nine bright discs and, elsewhere, nine dark ones on even grey."""
    pixels = np.full((140, 280), 100.0)
    for y in (25, 70, 115):
        for x in (25, 70, 115):
            pixels[disk((y, x), 12)] = 180
            pixels[disk((y, x + 140), 12)] = 20
    return (pixels + np.random.default_rng(0).normal(0, 3, pixels.shape)).clip(0, 255).astype(np.uint8)


def offers():
    return [Offer(name, n, score, lambda n=n: squares(n)) for name, (n, score) in ABOUT.items()]


@pytest.fixture
def readable(regions):
    """What a run finds, with three other readings that are known."""
    return replace(regions, look=offers)


@pytest.fixture
def layer(chosen, shown, image, readable):
    chosen(image, name="cells")
    return shown(readable)


@pytest.fixture
def strip(state, layer):
    """The choices for what the layer shows, as the state holds them once they are found."""
    result = state.look()
    found = choices(result.segmentation, result.run_input, result.shown)
    state.offer(result.segmentation, found, "found")
    return found


def taken(model, state, choice):
    found = take(model, state.target_result, choice)
    state.take(found, choice.status)
    return found


def test_each_reading_is_a_picture_with_its_count_in_words(strip, state):
    first, *others = strip
    assert [each.words for each in others] == ["3 bright", "6 between dark lines", "1 dark"]
    assert [each.number for each in strip] == [0, 1, 2, 3]
    assert first.words.endswith(" labels of the run")
    assert all(each.picture.shape == (144, SIDE, 3) and each.picture.dtype == np.uint8 for each in strip)
    assert len({each.picture.tobytes() for each in strip}) == 4
    assert others[1].status == "Reading 2 of 3: 6 objects between dark lines."
    assert others[2].status == "Reading 3 of 3: 1 dark object."
    assert others[1].explained.startswith("What dark lines enclose")
    assert state.readings.choices is strip
    assert state.status == "found"


def test_readings_without_objects_and_those_that_are_the_result_are_left_out(regions, chosen, image, state):
    chosen(image)
    own = squares(2)
    found = [Offer("bright", 0, 0.9, lambda: squares(0)), Offer("dark", 2, 0.8, lambda: squares(2))]
    segmentation = replace(regions, look=lambda: found)
    assert choices(segmentation, state.input.run_input, own) == ()
    left = choices(segmentation, state.input.run_input, squares(3))
    assert [(each.number, each.words) for each in left[1:]] == [(2, "2 dark")]


def test_a_reading_becomes_the_result_in_the_layer_that_shows_it(strip, layer, model, state):
    heard = []
    state.events.taken.connect(heard.append)
    result = taken(model, state, strip[2])
    np.testing.assert_array_equal(layer.data, squares(6))
    assert layer.metadata[METADATA]["params"]["reading"] == 2
    assert layer.metadata[METADATA]["image"]["layers"]  # the rest of the record stays
    assert state.status == "Reading 2 of 3: 6 objects between dark lines."
    assert result is result_of(layer) is state.result
    assert heard == [result]
    assert result.has_objects
    assert len(model.layers) == 2


def test_the_first_choice_brings_back_what_the_run_has_found(strip, layer, model, state):
    before, record = layer.data.copy(), layer.metadata[METADATA]
    for number in (1, 3, 0):
        taken(model, state, strip[number])
    np.testing.assert_array_equal(layer.data, before)
    assert layer.data.dtype == before.dtype
    assert layer.metadata[METADATA] == record
    assert state.status.startswith("The result of the run again: ")
    assert not state.target_result.has_objects


def test_the_labels_of_a_detail_come_back_too(layer, model, state):
    cut(model, state.target_result, 20.0)
    before = layer.data.copy()
    result = state.look()
    found = choices(result.segmentation, result.run_input, result.shown)
    state.offer(result.segmentation, found, "")
    taken(model, state, found[1])
    taken(model, state, found[0])
    np.testing.assert_array_equal(layer.data, before)
    assert layer.metadata[METADATA]["params"]["detail"] == result.detail == 20


def test_edited_labels_stay_and_the_reading_gets_a_layer_of_its_own(strip, layer, model, state):
    before = layer.data.copy()
    layer.data_setitem((np.array([0]), np.array([0])), 99)
    edited, record = layer.data.copy(), layer.metadata
    result = taken(model, state, strip[1])
    np.testing.assert_array_equal(layer.data, edited)
    assert layer.metadata == record
    assert result.layer is not layer
    assert result.layer in model.layers
    np.testing.assert_array_equal(result.layer.data, squares(3))
    np.testing.assert_array_equal(result.layer.scale, layer.scale)
    assert result.layer.metadata[METADATA]["params"]["reading"] == 1
    assert state.result is result
    assert result_of(layer).reading == 0
    state.select(result.layer)
    assert state.readings is not None  # both layers show the same run
    taken(model, state, strip[0])
    np.testing.assert_array_equal(result.layer.data, before)  # without the edit
    np.testing.assert_array_equal(layer.data, edited)


def test_painting_changes_no_reading(strip, layer, model, state):
    taken(model, state, strip[1])
    layer.data_setitem((np.array([3]), np.array([2])), 7)
    np.testing.assert_array_equal(strip[1].labels, squares(3))
    assert state.target_result.edited


def test_nothing_is_taken_once_the_layer_is_gone(strip, layer, model, state):
    result = state.target_result
    model.layers.remove(layer)
    assert take(model, result, strip[1]) is None


def test_the_detail_rests_while_a_reading_is_shown(strip, layer, model, state):
    assert not reason_to_rest(state)
    taken(model, state, strip[1])
    assert reason_to_rest(state).startswith("These are objects, which are the same at every detail")
    taken(model, state, strip[0])
    assert not reason_to_rest(state)


@pytest.mark.parametrize("event", ["run", "labels", "image", "deleted", "detail", "hidden"])
def test_readings_go_with_what_they_belong_to(strip, layer, model, state, image, event):
    told = []
    state.events.readings.connect(told.append)
    if event == "run":
        state.begin("cells", state.input.layers)
    elif event == "labels":
        state.select(model.add_labels(np.ones(SHAPE, int)))
    elif event == "image":
        other = model.add_image(image)
        state.choose(replace(state.input, layers=(other,)))
    elif event == "deleted":
        model.layers.remove(layer)
        state.keep(model.layers)
    elif event == "detail":
        state.change("detail", 20.0)
    else:
        state.hide_readings()
    assert state.readings is None
    assert told == [None]


def test_what_comes_too_late_is_not_shown(layer, state, readable):
    result = state.look()
    assert state.look() is None  # once is enough
    state.hide_readings()
    state.offer(result.segmentation, choices(result.segmentation, result.run_input, result.shown), "too late")
    assert state.readings is None
    assert state.notice == ""


def test_an_error_is_a_value(regions, chosen, image, state):
    def fail():
        raise RuntimeError("no such tree")

    chosen(image)
    segmentation = replace(regions, look=fail)
    steps = look(segmentation, state.input.run_input, squares(1), ())
    assert next(steps) is None
    with pytest.raises(StopIteration) as stopped:
        next(steps)
    assert isinstance(stopped.value.value.outcome, Failure)
    assert "no such tree" in str(stopped.value.value.outcome.error)


def test_a_run_with_the_recorded_settings_gives_the_reading_again(chosen, shown, model, state):
    pixels = discs()
    chosen(pixels, name="discs")
    layer = shown(finish(run(pixels, Params(**QUICK))))
    result = state.look()
    found = choices(result.segmentation, result.run_input, result.shown)
    state.offer(result.segmentation, found, "")
    assert {"9 bright on the ground", "9 dark"} <= {each.words for each in found}
    taken(model, state, next(each for each in found if each.words == "9 dark"))
    again = finish(run(pixels, Params.from_dict(layer.metadata[METADATA]["params"])))
    np.testing.assert_array_equal(again.labels, layer.data)


@pytest.mark.parametrize(
    ("shape", "axes", "dtype"),
    [
        ((40, 50), "YX", np.uint16),
        ((40, 50, 3), "YXS", np.uint8),
        ((3, 40, 50), "CYX", np.float32),
        ((6, 40, 50), "ZYX", np.int16),
        ((6, 2, 40, 50), "ZCYX", np.uint8),
        ((6, 40, 50, 4), "ZYXS", np.uint8),
    ],
)
def test_every_image_has_a_picture(model, shape, axes, dtype):
    pixels = (np.random.default_rng(0).random(shape) * 200).astype(dtype)
    if dtype is np.float32:
        pixels[..., 3] = np.nan
    image = model.add_image(pixels, rgb=axes.endswith("S"), contrast_limits=(0, 200), colormap="magenta")
    run_input = run_input_of(LayerSelection((image,), axes.rstrip("S")))
    labels = np.zeros(run_input.shape, np.uint8)
    labels[..., 10:30, 10:30] = 1
    window = window_on(labels.shape, [labels])
    ground = backdrop(run_input, window, tints_of((image,)))
    assert ground.shape == (154, SIDE, 3)
    assert 0 <= ground.min() <= ground.max() <= 1
    if not axes.endswith("S"):
        assert ground[..., 0].max() > 0.5
        assert not ground[..., 1].any()  # magenta, as the layer shows it
    found = picture(ground, window.of(labels))
    assert found.shape == ground.shape
    assert (found != picture(ground, np.zeros((40, 50), int))).any()


def test_of_many_small_objects_the_middle_is_shown(model):
    labels = np.zeros((3, 1000, 2000), np.int32)
    labels[1, ::10, ::10] = np.arange(1, 100 * 200 + 1).reshape(100, 200)
    window = window_on(labels.shape, [labels])
    assert window.of(labels).shape == (48, 48)
    labels[1] = 0
    labels[1, 100:900, 100:1900] = 1
    assert window_on(labels.shape, [labels]).of(labels).shape == (1000, 2000)
    assert window_on(labels.shape, [np.zeros_like(labels)]).of(labels).shape == (1000, 2000)


def test_pictures_show_where_there_is_something_to_compare():
    few, many = np.zeros((400, 300), np.uint8), np.zeros((400, 300), np.uint8)
    few[340:360, 20:40] = 1
    many[200:220, ::30] = 1
    many[380:396, 10:26] = 2
    window = window_on(few.shape, [few, many])
    assert (window.of(few) == 1).sum() == 400
    assert (window.of(many) == 2).sum() == 256
    assert window.rows.stop - window.rows.start == window.columns.stop - window.columns.start < 300
    series = np.stack([np.zeros_like(few), few, np.zeros_like(few), np.zeros_like(few)])
    assert window_on(series.shape, [series]).plane == (1,)
    assert window_on((5, *few.shape), [np.stack([few] * 5)]).plane == (2,)


SHOW = "an example (Find more like this) or strokes (Draw strokes)."
WAYS = f"Other readings..., {SHOW}"
PICTURE = "If this is wrong: another picture, "


@pytest.mark.parametrize(
    ("kind", "params", "number", "others", "said"),
    [
        ("fast", {"objects": "off"}, 20, {}, f"If you want objects: {WAYS}"),
        ("brightfield", {"objects": "off", "reading": 0}, 20, {"offered": []}, f"If you want objects: {SHOW}"),
        ("nuclei", {"objects": "bright"}, 0, {}, f"If there are some: {WAYS}"),
        ("nuclei", {"objects": "bright"}, 0, {"given": ["objects"]}, f"If there are some: {WAYS}"),
        ("nuclei", {"objects": "bright"}, 20, {}, f"If this is wrong: {WAYS}"),
        ("nuclei", {"objects": "bright"}, 20, {"given": ["objects"]}, ""),
        ("fast", {"objects": "off"}, 20, {"given": ["regions"]}, ""),
        ("fast", {"objects": "off"}, 20, {"regions": "kinds"}, ""),
        ("fast", {"objects": "off"}, 9, {"reading": "dark", "offered": [1, 2], "sure": 0.7}, f"{PICTURE}{SHOW}"),
        (
            "fast",
            {"objects": "off"},
            9,
            {"reading": "dark", "offered": [1, 2], "sure": 0.9},
            f"If this is wrong: {WAYS}",
        ),
        ("fast", {"objects": "off"}, 9, {"reading": "dark", "offered": [1]}, f"If this is wrong: {SHOW}"),
        (None, {"objects": "off"}, 20, {}, ""),
    ],
)
def test_what_to_do_if_the_image_has_decided_wrongly(kind, params, number, others, said):
    assert words.hint(number, {"kind": kind, "params": params, **others}) == said


def test_a_run_on_automatic_says_what_to_do_if_it_is_wrong(chosen, shown, state, image, readable, regions):
    chosen(image)
    shown(readable)
    assert "If you want" not in state.status
    shown(replace(readable, record={**readable.record, "kind": "fast"}))
    assert state.status.endswith(f"If you want objects: {WAYS}")
    shown(replace(regions, look=None, record={**readable.record, "kind": "fast"}))  # a series
    assert state.status.endswith("If you want objects: choose Objects on top, or draw strokes (Draw strokes).")


@pytest.fixture
def real(viewer, widget, monkeypatch, readable):
    """The widget after a run whose other readings are known."""
    from napari_backprop_segmentation.gui.run import worker

    def start(run_input, *_, **__):
        yield from ()
        return replace(readable, labels=readable.labels.copy())

    monkeypatch.setattr(worker, "start_steps", start)
    return widget


def press(widget, qtbot):
    widget.run()
    qtbot.waitUntil(lambda: not widget.running)


def ask(widget, qtbot):
    widget.readings.button.native.click()
    qtbot.waitUntil(lambda: widget.readings.button.text != "Looking...")


def click(widget, qtbot, row):
    pictures = widget.readings.pictures
    spot = pictures.visualItemRect(pictures.item(row)).center()
    qtbot.mouseClick(pictures.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def test_the_button_is_there_once_there_is_something_to_read(real, viewer, qtbot):
    assert real.readings.box.isHidden()
    press(real, qtbot)
    assert not real.readings.box.isHidden()
    assert real.readings.pictures.isHidden()
    own = viewer.add_labels(np.ones(SHAPE, int), name="own")
    assert real.readings.box.isHidden()
    viewer.layers.remove(own)
    viewer.layers.selection = {viewer.layers["cells labels"]}
    assert not real.readings.box.isHidden()


def test_a_click_on_a_picture_makes_it_the_result(real, viewer, qtbot, notes):
    press(real, qtbot)
    layer, pictures = viewer.layers["cells labels"], real.readings.pictures
    before = layer.data.copy()
    ask(real, qtbot)
    assert real.readings.button.text == "Hide other readings"
    assert real.status == "3 other readings found. A click on a picture makes it the result."
    assert not pictures.isHidden()
    assert pictures.currentRow() == 0
    assert [pictures.item(row).text() for row in (1, 2, 3)] == ["3 bright", "6 between dark lines", "1 dark"]
    assert all(pictures.item(row).toolTip() for row in range(4))
    click(real, qtbot, 2)
    np.testing.assert_array_equal(layer.data, squares(6))
    assert pictures.currentRow() == 2
    assert real.status == "Reading 2 of 3: 6 objects between dark lines."
    assert not real.controls["detail"].enabled
    assert not real.curation.tools.row.isHidden()
    qtbot.waitUntil(lambda: len(layer.features) == 6)
    click(real, qtbot, 1)
    qtbot.waitUntil(lambda: len(layer.features) == 3)
    click(real, qtbot, 0)
    np.testing.assert_array_equal(layer.data, before)
    qtbot.waitUntil(lambda: layer.features.empty)
    assert real.curation.tools.row.isHidden()
    real.readings.button.native.click()
    assert pictures.isHidden()
    assert real.readings.button.text == "Other readings..."
    assert notes == []


def meaning(widget):
    """Return what is said below the switch, and its tooltip."""
    label = widget.wanted._meaning
    return (label.text(), label.toolTip()) if label.isVisibleTo(widget.native) else ("", "")


def test_the_control_of_objects_says_what_is_shown(real, viewer, qtbot):
    box = real.controls["objects"].native
    press(real, qtbot)
    assert real.state.read_as == ""
    ask(real, qtbot)
    click(real, qtbot, 2)
    assert box.isVisibleTo(real.native)
    assert box.currentText() == "as found"
    assert meaning(real) == ("Objects found: between dark lines.", MEANINGS["between dark lines"])
    assert viewer.layers["cells labels"].metadata[METADATA]["reading"] == "between dark lines"
    click(real, qtbot, 3)
    assert meaning(real) == ("Objects found: dark.", MEANINGS["dark"])
    assert real.controls["reading"].value == 3
    assert real.state.settings.objects == "off"  # the next image decides anew
    qtbot.mouseClick(real.wanted.switch.buttons["Objects"], Qt.MouseButton.LeftButton)
    assert (box.currentText(), real.state.settings.objects) == ("dark", "dark")
    assert box.findText("off") >= 0
    qtbot.mouseClick(real.wanted.switch.buttons["Automatic"], Qt.MouseButton.LeftButton)
    assert (box.currentText(), meaning(real)[0]) == ("as found", "Objects found: dark.")
    click(real, qtbot, 0)
    assert (box.currentText(), meaning(real)[0]) == ("off", "")


@pytest.mark.usefixtures("styled")
def test_the_words_below_pictures_have_the_lines_that_they_need(qtbot):
    pictures, heights = PictureList(), {}
    qtbot.addWidget(pictures)
    pictures.setFixedWidth(320)  # of the narrowest dock
    for name in MEANINGS:
        words = f"1234 {name}"
        pictures.fill((Choice(1, name, words, "", np.zeros((SIDE, SIDE, 3), np.uint8), None),))
        pictures.resize(320, pictures.height())
        metrics, cell = pictures.fontMetrics(), pictures.gridSize().width()
        needed = metrics.boundingRect(QRect(0, 0, cell - 8, 999), Qt.TextFlag.TextWordWrap, words).height()
        heights[name] = pictures.gridSize().height() - pictures.iconSize().height()
        assert heights[name] >= needed
        assert all(metrics.horizontalAdvance(word) < cell - 8 for word in words.split())
    assert heights["bright on the ground, undivided"] > heights["bright"]  # no empty lines below short ones


def test_what_was_taken_is_offered_first_for_the_next_image_of_its_kind(real, viewer, qtbot):
    pictures = real.readings.pictures

    def offered():
        return [pictures.item(row).text() for row in range(1, pictures.count())]

    press(real, qtbot)
    ask(real, qtbot)
    click(real, qtbot, 3)
    viewer.layers.selection = {viewer.layers["cells"]}
    press(real, qtbot)
    ask(real, qtbot)
    assert offered() == ["1 dark", "3 bright", "6 between dark lines"]
    click(real, qtbot, 1)
    assert real.status == "Reading 3 of 3: 1 dark object."  # its number stays
    real.readings.button.native.click()
    other = viewer.add_image(np.random.default_rng(0).random((*SHAPE, 3)), name="colours", rgb=True)
    viewer.layers.selection = {other}
    press(real, qtbot)
    ask(real, qtbot)
    assert offered() == ["3 bright", "6 between dark lines", "1 dark"]


@pytest.mark.parametrize("sure", [True, False])
def test_where_a_run_is_not_sure_the_pictures_show_by_themselves(viewer, widget, monkeypatch, qtbot, readable, sure):
    from napari_backprop_segmentation.gui.run import worker

    offered = {"offered": [{"name": "bright", "count": 3}]}
    record = readable.record | offered | {"sure": 0.9 if sure else 0.7}

    def start(run_input, *_, **__):
        yield from ()
        return replace(readable, labels=readable.labels.copy(), record=record)

    monkeypatch.setattr(worker, "start_steps", start)
    press(widget, qtbot)
    ended = widget.status
    if sure:
        assert widget.state.readings is None
        return
    qtbot.waitUntil(lambda: widget.readings.pictures.count() == 4)
    assert not widget.readings.pictures.isHidden()
    assert widget.status == ended
    widget.readings.button.native.click()  # hidden, they stay so
    assert widget.readings.pictures.isHidden()


def test_the_arrow_keys_go_through_the_pictures(real, viewer, qtbot):
    press(real, qtbot)
    ask(real, qtbot)
    qtbot.keyClick(real.readings.pictures, Qt.Key.Key_Right)
    np.testing.assert_array_equal(viewer.layers["cells labels"].data, squares(3))


def test_edits_in_the_window_are_never_lost(real, viewer, qtbot):
    press(real, qtbot)
    layer = viewer.layers["cells labels"]
    ask(real, qtbot)
    click(real, qtbot, 1)
    layer.data_setitem((np.array([0]), np.array([0])), 99)
    edited = layer.data.copy()
    click(real, qtbot, 1)  # the same one, without the edit
    np.testing.assert_array_equal(layer.data, edited)
    new = viewer.layers["cells labels [1]"]
    np.testing.assert_array_equal(new.data, squares(3))
    assert viewer.layers.selection.active.name == new.name
    assert real.readings.pictures.currentRow() == 1
    click(real, qtbot, 2)
    np.testing.assert_array_equal(new.data, squares(6))
    viewer.layers.selection = {layer}
    assert real.readings.pictures.currentRow() == 1  # what this layer shows
    press(real, qtbot)
    assert real.readings.pictures.isHidden()


def test_the_window_stays_alive_while_readings_are_looked_for(real, viewer, qtbot, monkeypatch):
    gate, threads = threading.Event(), []

    def slow(*args):
        yield
        threads.append(threading.current_thread())
        assert gate.wait(20)
        return (yield from look(*args))

    monkeypatch.setattr(readings_panel, "look", slow)
    press(real, qtbot)
    real.readings.button.native.click()
    assert real.readings.button.text == "Looking..."
    assert not real.readings.button.enabled
    qtbot.waitUntil(lambda: bool(threads))
    assert threads[0] is not threading.main_thread()
    assert real.run_button.enabled
    gate.set()
    qtbot.waitUntil(lambda: real.readings.button.text == "Hide other readings")


def test_where_nothing_else_is_found_it_says_so(qapp, qtbot, chosen, shown, model, state, image, regions):
    panel = ReadingsPanel(model, state)
    qtbot.addWidget(panel.box)
    chosen(image)
    shown(replace(regions, look=list))
    panel.toggle()
    qtbot.waitUntil(lambda: state.readings is None)
    assert state.status == NONE_FOUND
    assert panel.button.text == "Other readings..."


@pytest.mark.parametrize(
    ("error", "text"),
    [(ParameterError("reading must be 0"), "Reading must be 0."), (RuntimeError("odd"), "The engine stopped: odd")],
)
def test_an_error_is_told_in_a_sentence(qapp, qtbot, chosen, shown, model, state, image, regions, error, text):
    def fail():
        raise error

    panel = ReadingsPanel(model, state)
    qtbot.addWidget(panel.box)
    chosen(image)
    shown(replace(regions, look=fail))
    panel.toggle()
    qtbot.waitUntil(lambda: state.readings is None)
    assert state.status.startswith(f"Other readings could not be looked for: {text}")
    assert panel.button.enabled


def test_a_result_that_was_read_is_let_go_of_with_its_layer(real, viewer, qtbot):
    press(real, qtbot)
    ask(real, qtbot)
    found = ref(real.state.target_result.segmentation)
    real._runs._controller = None  # knows how the last run has ended, until the next one
    viewer.layers.remove("cells labels")
    qtbot.wait(50)
    gc.collect()
    assert real.state.readings is None
    assert real.readings.pictures.count() == 0
    assert found() is None

"""Objects found by example in the window: real mouse events on the canvas, and what becomes of the labels."""

from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from mouse import Mouse
from napari.layers import Vectors
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication
from skimage.draw import disk

from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.run import finish, run

SHAPE, RADIUS = (150, 180), 7
QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 300, "min_labels": 0, "min_region": 1}
BRIGHT, DIM = 220, 110
GROUND = (150 - 3, 3)
LONG = 120_000  # ms; nothing takes so long, but other work may have the processor


def places():
    """The middles of 30 cells, bright and dim ones by turns."""
    middles = [(y, x) for y in range(15, 150, 30) for x in range(15, 180, 30)]
    return [m for i, m in enumerate(middles) if i % 2 == 0], [m for i, m in enumerate(middles) if i % 2]


def image_of_cells():
    pixels = np.full(SHAPE, 30.0)
    for kind, light in zip(places(), (BRIGHT, DIM), strict=True):
        for middle in kind:
            pixels[disk(middle, RADIUS)] = light
            pixels[disk(middle, RADIUS // 3)] += 25
    return (pixels + np.random.default_rng(0).normal(0, 4, SHAPE)).astype(np.uint8)


@pytest.fixture(scope="session")
def taught():
    """What a run finds in the image of cells, with what finds objects by example, which takes seconds."""
    from napari_backprop_segmentation.hierarchy.merge import merge_regions

    found = finish(run(image_of_cells(), Params(**QUICK, objects="bright"), merge=merge_regions))
    assert found.finder is not None
    return found


@pytest.fixture
def screen(open_viewer):
    """A viewer on the screen: only there the canvas hears the mouse."""
    viewer = open_viewer(show=True, proxy=False)
    viewer.window.resize(1000, 700)
    return viewer


@pytest.fixture
def widget(screen, taught, monkeypatch, qtbot):
    """The widget after a run on the cells."""
    from napari_backprop_segmentation.gui.run import worker

    def start(run_input, *_, **__):
        yield from ()
        finder = taught.finder
        return replace(taught, labels=taught.labels.copy(), find=lambda: finder)

    monkeypatch.setattr(worker, "start_steps", start)
    screen.add_image(image_of_cells(), name="cells")
    widget = BackpropWidget(screen)
    screen.window.add_dock_widget(widget, name="Backprop Segmentation")
    press_run(widget, qtbot)
    screen.reset_view()
    qtbot.wait(50)
    return widget


def wait(qtbot, done):
    qtbot.waitUntil(done, timeout=LONG)


def press_run(widget, qtbot):
    widget.run()
    wait(qtbot, lambda: not widget.running)


def delete(widget, qtbot):
    """Delete a closed widget, which napari does not."""
    gone = []
    widget.native.destroyed.connect(lambda: gone.append(True))
    widget.native.deleteLater()
    wait(qtbot, lambda: bool(gone))
    qtbot.wait(50)


def turn_on(widget, qtbot):
    widget.examples.button.native.click()
    assert widget.examples.button.native.isChecked()
    wait(qtbot, lambda: widget.state.teaching.finder is not None)


def canvas(viewer):
    return viewer.window._qt_viewer.canvas.native


def spot(viewer, place):
    """Return where a pixel of the image is on the canvas."""
    window = viewer.window._qt_viewer.canvas
    node = window.layer_to_visual[viewer.layers[0]].node
    x, y = node.get_transform("visual", "canvas").map([place[1] + 0.5, place[0] + 0.5])[:2]
    return QPoint(int(x), int(y))


def move(viewer, place):
    Mouse(viewer).move(spot(viewer, place))


def click(viewer, qtbot, place, keys=Qt.KeyboardModifier.NoModifier):
    """Move the mouse to a pixel and click there."""
    move(viewer, place)
    qtbot.mouseClick(canvas(viewer), Qt.MouseButton.LeftButton, keys, spot(viewer, place))
    qtbot.wait(1)


def wheel(viewer, place, steps):
    at = QPointF(spot(viewer, place))
    event = QWheelEvent(
        at,
        QPointF(canvas(viewer).mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, 120 * steps),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.ShiftModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(canvas(viewer), event)


def settled(widget, qtbot):
    """Wait until what is wanted last is shown."""
    wait(qtbot, lambda: not widget.examples._finding)
    return widget.state.target_result.layer


def hit(layer, kind):
    """Return how many cells of a kind are found."""
    return sum(layer.data[middle] > 0 for middle in kind)


def outlines(viewer):
    return [layer for layer in viewer.layers if isinstance(layer, Vectors)]


def drawn(viewer, name):
    return next(layer for layer in outlines(viewer) if layer.name == name).data


@pytest.fixture
def on(widget, qtbot):
    """The widget with the mode turned on."""
    turn_on(widget, qtbot)
    return widget


def test_one_click_finds_the_kind_the_table_follows_and_the_example_stays_with_the_result(on, screen, qtbot):
    bright, dim = places()
    layer = on.state.target
    assert on.status == "Click on an object to find all that are like it. The white outline is what a click takes."
    click(screen, qtbot, bright[3])
    settled(on, qtbot)
    assert on.state.target is layer
    assert hit(layer, bright) == len(bright)
    number = len(np.unique(layer.data)) - 1
    assert on.status == f"{number} alike objects from 1 example."
    assert on.examples.counts.text() == "1 example"
    assert len(drawn(screen, "examples (overlay)")) > 4
    wait(qtbot, lambda: len(layer.features) == number)
    record = layer.metadata[METADATA]
    ((y, x),) = record["examples"]
    assert np.hypot(y - bright[3][0], x - bright[3][1]) < RADIUS
    assert (record["counter_examples"], record["how_alike"]) == ([], 0.65)
    assert hit(layer, dim) in range(len(dim) + 1)
    screen.window.remove_dock_widget(on.native)
    assert not outlines(screen)
    delete(on, qtbot)
    again = BackpropWidget(screen)
    screen.window.add_dock_widget(again, name="Again")
    turn_on(again, qtbot)
    assert again.state.target is layer
    assert again.examples.counts.text() == "1 example"
    assert len(drawn(screen, "examples (overlay)")) > 4


def test_the_outline_is_that_under_the_mouse_and_wheel_and_keys_choose_larger_and_smaller(on, screen, qtbot):
    middle = places()[0][0]
    move(screen, middle)
    lines = drawn(screen, "outline under the mouse (overlay)")
    assert abs(lines[:, 0, 0].min() - (middle[0] - RADIUS)) < 3
    assert abs(lines[:, 0, 1].max() - (middle[1] + RADIUS)) < 3
    move(screen, places()[1][4])
    assert drawn(screen, "outline under the mouse (overlay)")[:, 0].mean() != pytest.approx(lines[:, 0].mean())
    middle = places()[0][4]
    move(screen, middle)
    teaching = on.state.teaching
    first, zoom = teaching.pointer, screen.scene.camera.zoom
    before = drawn(screen, "outline under the mouse (overlay)")
    wheel(screen, middle, -1)
    smaller = teaching.pointer
    assert smaller.sizes[smaller.index] < first.sizes[first.index]
    assert len(drawn(screen, "outline under the mouse (overlay)")) < len(before)
    assert screen.scene.camera.zoom == zoom
    wheel(screen, middle, 1)
    canvas(screen).setFocus()
    qtbot.keyClick(canvas(screen), Qt.Key.Key_Down)
    assert teaching.pointer.size == smaller.size
    qtbot.keyClick(canvas(screen), Qt.Key.Key_Up)
    assert teaching.pointer.size > smaller.size
    wheel(screen, middle, -1)
    click(screen, qtbot, middle)
    layer = settled(on, qtbot)
    ((_, size),) = layer.metadata[METADATA]["examples"]
    assert size == smaller.size
    assert (layer.data == layer.data[middle]).sum() == size


def test_a_click_on_what_is_found_wrongly_is_a_counter_example(on, screen, qtbot):
    bright, dim = places()
    click(screen, qtbot, bright[3])
    settled(on, qtbot)
    on.examples.how_alike.value = 0.1
    layer = settled(on, qtbot)
    wrong = next(middle for middle in (*dim, *bright) if layer.data[middle] and middle != bright[3])
    click(screen, qtbot, wrong)
    settled(on, qtbot)
    assert layer.data[wrong] == 0
    assert layer.data[bright[3]] > 0
    assert on.status.endswith("alike objects from 1 example and 1 counter-example.")
    assert len(drawn(screen, "counter-examples (overlay)")) > 4
    click(screen, qtbot, wrong)  # takes it back
    settled(on, qtbot)
    assert layer.data[wrong] > 0
    assert not len(drawn(screen, "counter-examples (overlay)"))


def test_alt_and_shift_say_what_a_click_makes(on, screen, qtbot):
    bright, dim = places()
    before = np.array(on.state.target.data)
    click(screen, qtbot, dim[2], Qt.KeyboardModifier.AltModifier)
    assert on.status == "Click on an object that should be found: counter-examples alone say too little."
    np.testing.assert_array_equal(on.state.target.data, before)
    click(screen, qtbot, bright[3])
    layer = settled(on, qtbot)
    assert layer.data[dim[2]] == 0
    found = next(middle for middle in bright if layer.data[middle] and middle != bright[3])
    click(screen, qtbot, found, Qt.KeyboardModifier.ShiftModifier)
    settled(on, qtbot)
    assert on.examples.counts.text() == "2 examples and 1 counter-example"


def test_how_alike_decides_how_many_its_last_value_counts_and_a_run_with_the_record_finds_the_same(on, screen, qtbot):
    click(screen, qtbot, places()[0][3])
    layer = settled(on, qtbot)
    numbers = []
    for how_alike in (0.99, 0.65, 0.02):
        on.examples.how_alike.value = how_alike
        settled(on, qtbot)
        assert layer.metadata[METADATA]["how_alike"] == how_alike
        numbers.append(len(np.unique(layer.data)) - 1)
    assert numbers[0] < numbers[1] < numbers[2]
    for how_alike in np.linspace(0.05, 0.95, 19):
        on.examples.how_alike.value = how_alike
    settled(on, qtbot)
    assert layer.metadata[METADATA]["how_alike"] == on.examples.how_alike.value == pytest.approx(0.95)
    assert on.state.teaching.finder.alike([places()[0][3]], (), 0.95).max() == layer.data.max()
    move(screen, places()[0][6])
    wheel(screen, places()[0][6], -1)
    click(screen, qtbot, places()[0][6], Qt.KeyboardModifier.ShiftModifier)
    on.examples.how_alike.value = 0.5
    settled(on, qtbot)
    record = layer.metadata[METADATA]
    told = {name: record[name] for name in ("examples", "counter_examples", "how_alike")}
    again = finish(run(image_of_cells(), Params.from_dict(record["params"]), **told))
    np.testing.assert_array_equal(again.labels, layer.data)


def test_clicks_are_taken_back_by_button_and_key_and_cleared(on, screen, qtbot):
    bright, _ = places()
    before = np.array(on.state.target.data)
    assert not on.examples.back_button.enabled
    click(screen, qtbot, bright[3])
    layer = settled(on, qtbot)
    one = np.array(layer.data)
    click(screen, qtbot, bright[6], Qt.KeyboardModifier.ShiftModifier)
    settled(on, qtbot)
    canvas(screen).setFocus()
    qtbot.keyClick(canvas(screen), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settled(on, qtbot)
    np.testing.assert_array_equal(layer.data, one)
    on.examples.clear_button.native.click()
    np.testing.assert_array_equal(layer.data, before)
    assert not set(layer.metadata[METADATA]) & {"examples", "counter_examples", "how_alike"}
    on.examples.back_button.native.click()  # clearing can be taken back, too
    settled(on, qtbot)
    np.testing.assert_array_equal(layer.data, one)
    on.examples.back_button.native.click()
    np.testing.assert_array_equal(layer.data, before)
    assert on.examples.counts.text() == "No examples"


def test_edited_labels_are_not_overwritten(on, screen, qtbot):
    bright, _ = places()
    click(screen, qtbot, bright[3])
    layer = settled(on, qtbot)
    layer.data_setitem((np.array([0]), np.array([0])), 99)
    edited = layer.data.copy()
    click(screen, qtbot, bright[6], Qt.KeyboardModifier.ShiftModifier)
    new = settled(on, qtbot)
    assert new is not layer
    np.testing.assert_array_equal(layer.data, edited)
    assert hit(new, bright) == len(bright)
    assert on.state.teaching.result is result_of(new)
    n_layers = len(screen.layers)
    click(screen, qtbot, bright[8], Qt.KeyboardModifier.ShiftModifier)
    assert settled(on, qtbot) is new
    assert len(screen.layers) == n_layers
    assert len(result_of(layer).examples.examples) == 1 or len(result_of(new).examples.examples) == 3


def test_the_ground_and_what_lies_over_another_are_refused_in_words(on, screen, qtbot):
    bright, _ = places()
    teaching = on.state.teaching
    if not len(teaching.finder.around(GROUND)):
        click(screen, qtbot, GROUND)
        assert on.status.startswith("Examples must lie on an object, got")
        assert not teaching.examples.examples
    click(screen, qtbot, bright[3])
    settled(on, qtbot)
    y, x = bright[3]
    ring = next((y, x + dx) for dx in range(60) if not teaching.marked((y, x + dx)))
    move(screen, ring)
    while teaching.pointer.node is not None and bright[3] not in _pixels(teaching):
        at = teaching.pointer.index
        teaching.larger()
        if teaching.pointer.index == at:
            pytest.skip("nothing holds both")
    click(screen, qtbot, ring, Qt.KeyboardModifier.ShiftModifier)
    assert on.status.startswith("Examples must not lie over others, got one over the example at (")
    assert len(teaching.examples.examples) == 1


def _pixels(teaching):
    patch = teaching.finder.patch(teaching.pointer.node)
    return {tuple(int(i) for i in place) for place in np.argwhere(patch.mask) + patch.corner}


def test_helper_layers_are_no_choice_of_the_form_and_only_one_of_both_modes_is_on(on, screen, qtbot):
    chosen = list(on.input_form.image.choices) if hasattr(on.input_form, "image") else []
    assert not {str(choice) for choice in chosen} & {layer.name for layer in outlines(screen)}
    assert on.state.input.layers == (screen.layers["cells"],)
    on.curation.tools.correct_button.native.click()
    assert not on.examples.button.native.isChecked()
    assert on.examples.box.isHidden()
    wait(qtbot, lambda: not outlines(screen))
    turn_on(on, qtbot)
    assert not on.curation.tools.correct_button.native.isChecked()
    assert on.curation.tools.dragged not in on.state.target.mouse_drag_callbacks


OTHERS = ("closed", "all deleted", "run", "outline deleted", "other")


@pytest.mark.parametrize(
    "event", ["button", "deleted", *(pytest.param(each, marks=pytest.mark.slow) for each in OTHERS)]
)
def test_the_mode_ends_cleanly(widget, screen, qtbot, event):
    names = ("mouse_move_callbacks", "mouse_drag_callbacks", "mouse_wheel_callbacks", "mouse_double_click_callbacks")
    before = {name: list(getattr(screen, name)) for name in names}
    keymap, layer = dict(screen.keymap), widget.state.target
    own_keys = dict(layer.keymap)
    turn_on(widget, qtbot)
    assert len(outlines(screen)) == 3
    assert {name: list(getattr(screen, name)) for name in names} != before
    click(screen, qtbot, places()[0][3])
    settled(widget, qtbot)
    if event == "button":
        widget.examples.button.native.click()
    elif event == "closed":
        screen.window.remove_dock_widget(widget.native)
    elif event == "deleted":
        screen.layers.remove(layer)
    elif event == "all deleted":
        screen.layers.selection = set(screen.layers[1:])
        screen.layers.remove_selected()
    elif event == "run":
        press_run(widget, qtbot)
    elif event == "outline deleted":
        screen.layers.remove("examples (overlay)")
    else:
        screen.add_labels(np.ones(SHAPE, int), name="from disk")
    wait(qtbot, lambda: not outlines(screen))
    assert not widget.examples.button.native.isChecked()
    assert {name: list(getattr(screen, name)) for name in names} == before
    assert dict(screen.keymap) == keymap
    assert dict(layer.keymap) == own_keys
    if event == "closed":
        delete(widget, qtbot)


def test_where_there_is_no_merge_tree_or_it_fails_it_says_why(widget, taught, qtbot):
    result = widget.state.target_result
    result.segmentation = replace(taught, hierarchy=None, find=None)
    widget.examples._update()
    assert not widget.examples.button.enabled
    assert widget.examples.button.tooltip.startswith("Objects are found by example in one plane or volume")
    widget.examples.toggle(True)
    assert not widget.state.teaching.on

    def fail():
        raise MemoryError("no room for so many trees")

    widget.state.target_result.segmentation = replace(taught, find=fail)
    widget.examples._update()
    widget.examples.button.native.click()
    wait(qtbot, lambda: not widget.state.teaching.on)
    assert widget.status.startswith("Nothing can be found by example: ")
    assert not widget.examples.button.native.isChecked()


def test_one_may_leave_while_it_gets_ready_and_begin_with_another_result(widget, screen, taught, qtbot, monkeypatch):
    from napari_backprop_segmentation.gui.run import worker

    gate = Event()

    def start(run_input, *_, **__):
        yield from ()
        return replace(taught, labels=taught.labels.copy(), find=lambda: gate.wait(60) and taught.finder)

    monkeypatch.setattr(worker, "start_steps", start)
    press_run(widget, qtbot)
    first, button = widget.state.target, widget.examples.button.native
    button.click()
    assert "etting ready" in widget.status
    click(screen, qtbot, places()[0][0])
    assert widget.status.startswith("Still getting ready")
    button.click()
    assert "etting ready" not in widget.status
    screen.layers.selection = {screen.layers["cells"]}
    first.metadata.clear()  # no result any more: the next run makes a layer of its own
    press_run(widget, qtbot)
    button.click()
    assert button.isChecked()
    gate.set()
    wait(qtbot, lambda: widget.state.teaching.finder is not None)

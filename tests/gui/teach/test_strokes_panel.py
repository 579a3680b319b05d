"""Strokes in the window: real mouse events on the canvas, and what becomes of the labels."""

from dataclasses import replace

import numpy as np
import pytest
from mouse import LEFT, NONE, Mouse
from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtWidgets import QApplication
from skimage.draw import disk

from napari_backprop_segmentation.gui.result import model_files
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.run.preview import METADATA, Preview
from napari_backprop_segmentation.gui.teach import strokes_layer
from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.run import finish, run
from napari_backprop_segmentation.teaching.plain import strokes_from

SHAPE, RADIUS = (96, 128), 12
CENTRES = ((24, 24), (24, 84), (66, 50), (70, 104))
DIM = (66, 50)
QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 200, "min_labels": 0, "min_region": 1, "automatic": False}
LONG = 120_000  # ms; nothing takes so long, but other work may have the processor


def image_of_discs(shape=SHAPE):
    pixels = np.full(shape, 30.0)
    for centre in CENTRES:
        pixels[disk(centre, RADIUS)] = 120 if centre == DIM else 220
    return (pixels + np.random.default_rng(0).normal(0, 4, shape)).astype(np.uint8)


@pytest.fixture(scope="session")
def taught():
    """What a run finds in the image of discs."""
    from napari_backprop_segmentation.hierarchy.merge import merge_regions

    return finish(run(image_of_discs(), Params(**QUICK), merge=merge_regions))


@pytest.fixture
def screen(open_viewer):
    """A viewer on the screen: only there the canvas hears the mouse."""
    viewer = open_viewer(show=True, proxy=False)
    viewer.window.resize(1000, 700)
    return viewer


@pytest.fixture
def runs(monkeypatch, taught):
    """What was asked of each run; each ends at once, as that of the fixture `taught` did."""
    from napari_backprop_segmentation.gui.run import worker

    asked = []

    def start(run_input, params, control, trained=None, strokes=None, *, fixed=None):
        asked.append((run_input, params, strokes))
        yield from ()
        return replace(taught, labels=taught.labels.copy())

    monkeypatch.setattr(worker, "start_steps", start)
    return asked


@pytest.fixture
def empty(screen, runs):
    """The widget before a run, with an image that has a place and a scale."""
    screen.add_image(image_of_discs(), name="discs", scale=(0.5, 0.5), translate=(3, 7), units="um")
    widget = BackpropWidget(screen)
    screen.window.add_dock_widget(widget, name="Backprop Segmentation")
    screen.reset_view()
    return widget


@pytest.fixture
def widget(empty, qtbot):
    """The widget after a run, the panel of strokes open."""
    press_run(empty, qtbot)
    empty.strokes.button.native.click()
    return empty


def wait(qtbot, done):
    qtbot.waitUntil(done, timeout=LONG)


def press_run(widget, qtbot):
    widget.run()
    wait(qtbot, lambda: not widget.running)


def settle(widget, qtbot):
    """Wait until the last state of the strokes is shown."""
    QApplication.processEvents()
    wait(qtbot, lambda: widget.strokes.live.settled)
    return widget.state.target


def canvas(viewer):
    return viewer.window._qt_viewer.canvas.native


def spot(viewer, place):
    """Return where a pixel of the image is on the canvas."""
    window = viewer.window._qt_viewer.canvas
    node = window.layer_to_visual[viewer.layers[0]].node
    x, y = node.get_transform("visual", "canvas").map([place[1] + 0.5, place[0] + 0.5])[:2]
    return QPoint(int(x), int(y))


def paint(viewer, qtbot, *places):
    """Press the mouse at the first place, drag it over the others, let it go."""
    mouse, spots = Mouse(viewer), [QPointF(spot(viewer, place)) for place in places]
    mouse.move(spots[0])
    mouse.send(QEvent.Type.MouseButtonPress, spots[0], LEFT, LEFT)
    for at in spots[1:]:
        mouse.send(QEvent.Type.MouseMove, at, NONE, LEFT)
    mouse.send(QEvent.Type.MouseButtonRelease, spots[-1], LEFT, NONE)


def draw(widget, qtbot, number, *places):
    """Paint one kind with the mouse, as a user who clicks on its row first."""
    widget.strokes.kinds.setCurrentCell(widget.strokes.kinds.numbers.index(number), 1)
    settle(widget, qtbot)
    assert widget.state.drawing.layer.selected_label == number
    paint(widget.strokes._viewer, qtbot, *places)


def two_kinds(widget, qtbot):
    draw(widget, qtbot, 1, (24, 20), (24, 28))
    draw(widget, qtbot, 2, (48, 10), (48, 120))
    return settle(widget, qtbot)


def at(layer, place):
    return layer.data[place]


def test_the_brush_is_ready_in_a_layer_on_the_image_and_the_help_is_one_screen(empty, screen, qtbot):
    labels = empty.state.labels
    empty.strokes.button.native.click()
    layer = empty.state.drawing.layer
    assert layer.name == "discs strokes"
    np.testing.assert_allclose(layer.data_to_world((2, 3)), screen.layers[0].data_to_world((2, 3)))
    assert layer.units == screen.layers[0].units
    assert (str(layer.mode), layer.selected_label) == ("paint", 1)
    assert screen.layers.selection.active == layer
    assert 1 <= layer.brush_size <= 40
    assert empty.strokes.kinds.numbers == [1, 2]
    assert empty.state.target is labels is None
    assert empty.status == "Nothing is drawn. Draw on an object, then choose the next kind and draw on the ground."
    from napari_backprop_segmentation.gui.help import HelpDialog

    empty.strokes.help_button.native.click()
    dialog = next(each for each in QApplication.topLevelWidgets() if isinstance(each, HelpDialog))
    wait(qtbot, dialog.isVisible)
    assert dialog.height() < 780
    dialog.close()
    dialog.deleteLater()


def test_two_strokes_become_kinds_a_third_changes_them_and_can_be_undone_and_redone(widget, screen, qtbot):
    layer = widget.state.target
    draw(widget, qtbot, 1, (24, 20), (24, 28))
    settle(widget, qtbot)
    assert widget.status == "Draw on something else, such as the ground."
    draw(widget, qtbot, 2, (48, 10), (48, 120))
    assert settle(widget, qtbot) is layer
    assert [at(layer, c) for c in CENTRES if c != DIM] == [1, 1, 1]
    assert at(layer, (5, 60)) == at(layer, (90, 10)) == 2
    total = widget.state.drawing.seen.total
    assert widget.status == f"2 kinds from {total} drawn pixels."
    assert total == np.count_nonzero(widget.state.drawing.layer.data) > 20
    before = layer.data.copy()
    widget.strokes.kind_button.native.click()
    assert widget.strokes.kinds.numbers == [1, 2, 3]
    draw(widget, qtbot, 3, (66, 46), (66, 54))
    settle(widget, qtbot)
    assert at(layer, DIM) == 3 != before[DIM]
    assert at(layer, CENTRES[0]) == 1
    assert "3 kinds from" in widget.status
    assert "% of the image changed." in widget.status
    drawn = widget.state.drawing.layer
    np.testing.assert_allclose(layer.get_color(3), drawn.get_color(3), atol=0.01)
    np.testing.assert_allclose(layer.get_color(1), drawn.get_color(1), atol=0.01)
    three = layer.data.copy()
    qtbot.keyClick(canvas(screen), Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(widget, qtbot)
    np.testing.assert_array_equal(layer.data, before)
    widget.state.drawing.layer.redo()
    settle(widget, qtbot)
    np.testing.assert_array_equal(layer.data, three)


def test_the_last_of_a_burst_wins_its_record_repeats_it_and_erased_it_leaves_what_was_found(widget, qtbot, taught):
    layer = two_kinds(widget, qtbot)
    assert not np.array_equal(layer.data, taught.labels)
    drawn = widget.state.drawing.layer
    for row in range(40, 90):
        drawn.data_setitem((np.full(3, row), np.arange(3)), 3)
        if row % 7 == 0:
            QApplication.processEvents()
    drawn.data_setitem(np.nonzero(drawn.data == 3), 0)
    drawn.data_setitem(tuple(np.array([DIM, (65, 50), (67, 50)]).T), 3)
    settle(widget, qtbot)
    assert widget.state.drawing.seen.counts[3] == 3
    assert at(layer, DIM) == 3
    assert layer.metadata[METADATA]["drawn"]["3"] == widget.state.drawing.answered.runs["3"]
    record = layer.metadata[METADATA]
    strokes = strokes_from(record["drawn"], SHAPE)
    np.testing.assert_array_equal(strokes, drawn.data)
    params = Params.from_dict(record["params"])
    assert (params.strokes_as, record["regions"]) == ("kinds", "kinds")
    again = finish(run(image_of_discs(), params, strokes=strokes, model=taught.model))
    assert (again.labels == layer.data).mean() > 0.99
    drawn.data_setitem(np.nonzero(drawn.data), 0)
    settle(widget, qtbot)
    np.testing.assert_array_equal(layer.data, taught.labels)
    assert "drawn" not in layer.metadata[METADATA]
    assert layer.metadata[METADATA]["regions"] == taught.record["regions"]


def test_an_edited_result_is_left_alone(widget, screen, qtbot):
    first = two_kinds(widget, qtbot)
    first.data_setitem((np.array([3]), np.array([4])), 9)
    edited = first.data.copy()
    widget.strokes.add_kind()
    draw(widget, qtbot, 3, (66, 46), (66, 54))
    second = settle(widget, qtbot)
    assert second is not first
    np.testing.assert_array_equal(first.data, edited)
    assert at(second, DIM) == 3
    assert screen.layers.selection.active == widget.state.drawing.layer
    assert screen.layers.index(widget.state.drawing.layer) > screen.layers.index(second)


def test_the_meaning_is_a_setting_and_changes_the_result(widget, qtbot):
    layer = two_kinds(widget, qtbot)
    widget.strokes.meaning.value = "objects"
    assert widget.state.params.strokes_as == widget.controls["strokes_as"].value == "objects"
    settle(widget, qtbot)
    found = {int(at(layer, c)) for c in CENTRES if c != DIM}
    assert len(found) == 3
    assert 0 not in found
    assert at(layer, (5, 60)) == 0
    assert result_of(layer).has_objects
    widget.controls["strokes_as"].value = "pieces"
    assert widget.strokes.meaning.value == "pieces"
    settle(widget, qtbot)
    assert (at(layer, (24, 24)), at(layer, (48, 60))) == (1, 2)
    assert "2 things from" in widget.status
    before = len(np.unique(layer.data))
    widget.controls["detail"].value = 100.0
    settle(widget, qtbot)
    assert len(np.unique(layer.data)) > before
    assert (at(layer, (24, 24)), at(layer, (48, 60))) == (1, 2)


def test_before_a_run_strokes_wait_for_it_and_count_in_it(empty, screen, qtbot, runs):
    empty.strokes.button.native.click()
    draw(empty, qtbot, 1, (24, 20), (24, 28))
    draw(empty, qtbot, 2, (48, 10), (48, 120))
    settle(empty, qtbot)
    assert empty.status == "Press Run: strokes count in the run."
    drawn = empty.state.drawing.layer
    press_run(empty, qtbot)
    _, _, strokes = runs[-1]
    np.testing.assert_array_equal(strokes, drawn.data)
    assert screen.layers.selection.active == drawn
    assert screen.layers[-1] == drawn
    layer = settle(empty, qtbot)
    assert layer is not drawn
    assert at(layer, CENTRES[0]) == 1


def test_one_kind_is_refused_before_the_run(empty, qtbot, runs, notes):
    empty.strokes.button.native.click()
    draw(empty, qtbot, 1, (24, 20), (24, 28))
    settle(empty, qtbot)
    empty.run()
    assert not empty.running
    assert not runs
    assert empty.status == (
        "Strokes must be of two kinds at least, got one; draw on something else, such as the ground."
    )
    empty.controls["strokes_as"].value = "pieces"
    press_run(empty, qtbot)
    assert len(runs) == 1


def test_strokes_are_no_result_but_their_names_and_colours_reach_it_until_deleted(widget, screen, qtbot, runs):
    layer = two_kinds(widget, qtbot)
    drawn = widget.state.drawing.layer
    screen.layers.selection = {drawn}
    assert widget.state.target is layer
    assert drawn not in list(widget.input_form.image.choices)
    widget.curation.measure()
    assert widget.state.target is layer
    assert not len(drawn.features)
    table = widget.strokes.kinds
    assert [table.item(row, 1).text() for row in range(2)] == ["object", "ground"]
    assert table.item(0, 2).text() == f"{np.count_nonzero(drawn.data == 1)} px"
    table.item(0, 1).setText("bright disc")
    from napari_backprop_segmentation.gui.teach.strokes_layer import names_of, recolour

    assert names_of(drawn) == {1: "bright disc", 2: "ground"}
    recolour(drawn, 1, (0.0, 1.0, 0.0))
    np.testing.assert_allclose(drawn.get_color(1), (0, 1, 0, 1))
    np.testing.assert_allclose(layer.get_color(1), (0, 1, 0, 1))
    screen.layers.selection = {drawn}
    drawn.selected_label = 1
    canvas(screen).setFocus()
    qtbot.keyClick(canvas(screen), Qt.Key.Key_Equal)
    assert drawn.selected_label == 2
    assert table.currentRow() == 1
    screen.layers.remove(widget.state.drawing.layer)
    wait(qtbot, lambda: widget.state.drawing.layer is None)
    assert widget.status == "The layer of strokes is gone, so strokes no longer count. Draw strokes makes a new one."
    assert not widget.strokes.button.native.isChecked()
    press_run(widget, qtbot)
    assert runs[-1][2] is None
    widget.strokes.button.native.click()
    assert widget.state.drawing.layer in screen.layers


def test_any_labels_of_the_right_shape_can_be_the_strokes(widget, screen, qtbot):
    marks = np.zeros(SHAPE, np.int32)
    marks[20:28, 20:28], marks[46:50, :] = 4, 7
    mine = screen.add_labels(marks, name="mine")
    screen.add_labels(np.zeros((5, 5), np.uint8), name="small")
    QApplication.processEvents()
    offered = [getattr(choice, "name", choice) for choice in widget.strokes.layer.choices]
    assert "mine" in offered
    assert "small" not in offered
    screen.layers.selection = {mine}
    assert widget.state.target is mine
    widget.strokes.layer.value = mine
    layer = settle(widget, qtbot)
    assert layer is not mine
    assert (at(layer, CENTRES[0]), at(layer, (5, 60))) == (4, 7)
    assert mine.data is not None
    np.testing.assert_array_equal(mine.data, marks)
    widget.strokes.layer.value = "none"
    assert widget.state.target is mine


def test_doubt_changes_and_the_next_doubtful_place(widget, screen, qtbot):
    layer = two_kinds(widget, qtbot)
    names = [each.name for each in screen.layers]
    widget.strokes.doubt.value = widget.strokes.changes.value = True
    settle(widget, qtbot)
    doubt, changes = screen.layers["discs doubt (overlay)"], screen.layers["discs changes (overlay)"]
    assert doubt.data.shape == SHAPE
    assert 0 < doubt.data.max() <= 1
    assert screen.layers.selection.active == widget.state.drawing.layer
    screen.layers.selection = {doubt}
    assert widget.input_form.image.value.name == "discs"
    screen.layers.selection = {changes}
    assert widget.state.target is layer
    before = doubt.data.copy()
    widget.strokes.add_kind()
    draw(widget, qtbot, 3, (66, 46), (66, 54))
    settle(widget, qtbot)
    assert not np.array_equal(doubt.data, before)
    assert changes.data[DIM] == 1
    answer = widget.state.drawing.answered.answer
    canvas(screen).setFocus()
    widget.strokes.beside._late.setInterval(LONG)  # else the ring may be gone before it is looked at
    for number in range(2):
        qtbot.keyClick(canvas(screen), Qt.Key.Key_N)
        wait(qtbot, lambda n=number: f"Doubtful place {n + 1}" in widget.status)
        place = answer.doubtful_place(number)
        np.testing.assert_allclose(screen.scene.camera.center[-2:], layer.data_to_world(place)[-2:])
        ring = screen.layers["doubtful place (overlay)"]
        np.testing.assert_allclose(ring.data_to_world(ring.data[0]), layer.data_to_world(place))
    widget.strokes.beside._late.start(1)
    widget.strokes.doubt.value = widget.strokes.changes.value = False
    wait(qtbot, lambda: "doubtful place (overlay)" not in screen.layers)
    assert [each.name for each in screen.layers] == names


@pytest.mark.parametrize("left", [False, True], ids=["answered", "left"])
def test_a_doubtful_place_is_not_asked_for_any_more_once_it_is_answered_or_left(widget, screen, qtbot, left):
    two_kinds(widget, qtbot)
    answered = widget.state.drawing.answered
    widget.strokes.next_button.native.click()
    wait(qtbot, lambda: "Doubtful place 1" in widget.status)
    if left:
        widget.strokes.toggle(False)
    else:
        widget.state.drawing.take(replace(answered))
    assert "Doubtful" not in widget.status


def test_strokes_are_kept_a_moment_after_a_change_and_when_closed_and_offered_again(widget, screen, qtbot, kept):
    keeping = widget.strokes.keeping._late
    after = keeping.interval()
    keeping.setInterval(10)
    two_kinds(widget, qtbot)
    wait(qtbot, lambda: len(list(kept.glob("*.npz"))) == 1)
    keeping.setInterval(after)
    next(kept.glob("*.npz")).unlink()
    drawn = widget.state.drawing.layer
    widget.strokes.kinds.item(0, 1).setText("disc")
    before = drawn.data.copy()
    dock = widget.native.parent()
    screen.window.remove_dock_widget(dock)
    widget.native.deleteLater()  # napari only takes it out of its window
    assert len(list(kept.glob("*.npz"))) == 1
    screen.layers.clear()
    screen.add_image(image_of_discs(), name="discs")
    again = BackpropWidget(screen)
    screen.window.add_dock_widget(again, name="again")
    again.strokes.button.native.click()
    assert again.strokes.offer_button.native.isVisibleTo(again.strokes.box)
    again.strokes.offer_button.native.click()
    fresh = again.state.drawing.layer
    assert fresh is not drawn
    np.testing.assert_array_equal(fresh.data, before)
    settle(again, qtbot)
    assert not again.strokes.offer_button.native.isVisibleTo(again.strokes.box)
    assert again.strokes.kinds.item(0, 1).text() == "disc"
    fresh.undo()
    assert not fresh.data.any()


def test_what_was_taught_is_saved_with_the_network_and_shown_in_another_image(widget, screen, qtbot, tmp_path):
    from napari_backprop_segmentation.io.model_file import load_model

    first = two_kinds(widget, qtbot)
    drawn = widget.state.drawing.layer
    widget.strokes._rename(1, "bright cell")
    strokes_layer.recolour(drawn, 1, (1.0, 0.0, 0.5))
    path = tmp_path / "taught.safetensors"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model_files, "ask_where_to_save", lambda *_: str(path))
        widget.model_files.save_button.native.click()
    wait(qtbot, lambda: widget.status.startswith("Saved the model"))
    assert load_model(path).lesson.told["1"]["name"] == "bright cell"
    other = image_of_discs()[::-1].copy()
    found = finish(run(other, Params(), model=load_model(path)))
    assert found.labels[95 - CENTRES[0][0], CENTRES[0][1]] == 1
    run_input = replace(result_of(first).run_input, name="other")
    preview = Preview(screen, run_input)
    preview.finish(found.labels, found.record)
    np.testing.assert_allclose(preview.layer.get_color(1), (1.0, 0.0, 0.5, 1.0), atol=0.01)
    assert preview.layer.features["kind"].tolist()[0] == "bright cell"


def test_layers_of_one_name_are_told_apart(widget, screen):
    shape = widget.state.input.run_input.layer_shape
    layers = [screen.add_labels(np.zeros(shape, np.uint8)) for _ in range(2)]
    for layer in layers:
        layer._name = "none"  # as while one of them is renamed, before napari gives it another name
    widget.strokes.layer.reset_choices()
    names = [name for name, _ in widget.strokes.choice.choices()]
    assert len(set(names)) == len(names)
    assert set(layers) <= set(widget.strokes.layer.choices)

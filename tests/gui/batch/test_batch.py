"""Many images from the widget: layers and folders, cancelled and started again."""

import csv
from itertools import chain

import numpy as np
import pytest
import tifffile
from napari.layers import Labels
from napari.utils.theme import get_theme
from qtpy.QtWidgets import QAbstractButton, QComboBox, QLabel, QLineEdit

from napari_backprop_segmentation.gui.batch.form import BESIDE, FILES, INTO, LOADED, TRAINED
from napari_backprop_segmentation.gui.colours import LEAST_CONTRAST, contrast
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.result.layer_result import LoadedModel, result_of
from napari_backprop_segmentation.gui.state import Phase
from napari_backprop_segmentation.gui.teach.strokes_layer import new_layer, rename
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.params.params import Params

TIMEOUT = 60_000
QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 50, "min_labels": 0, "min_region": 1, "objects": "bright"}
NAME, STATE, FOUND, SIZE, TIME, MESSAGE = range(6)


@pytest.fixture
def batch(widget):
    widget.state.fill(Params(**QUICK))
    widget.batch_button.native.click()
    return widget.batch


def wait(batch, qtbot):
    qtbot.waitUntil(lambda: not batch.running, timeout=TIMEOUT)


def column(batch, number):
    return [batch.table.text(row, number) for row in range(batch.table.rowCount())]


def squares(n=2, shape=(48, 64)):
    pixels = np.random.default_rng(n).integers(10, 40, shape).astype(np.uint8)
    for number in range(n):
        pixels[8:18, 6 + 14 * number :][:, :8] += 180
    return pixels


def select(viewer, *names):
    viewer.layers.selection = {viewer.layers[name] for name in names}


def labels_of(viewer):
    return [layer.name for layer in viewer.layers if isinstance(layer, Labels)]


@pytest.fixture
def three(viewer, batch, image):
    """Three images are selected, the last of which holds nothing."""
    viewer.add_image(squares(3), name="squares", scale=(0.5, 0.5), units=("um", "um"))
    viewer.add_image(np.full((24, 32), 7, np.uint8), name="blank", contrast_limits=(0, 8))
    select(viewer, "cells", "squares", "blank")
    return batch


@pytest.fixture
def folder(tmp_path, batch):
    """A folder that is chosen: two images of two sizes, a broken one."""
    folder = tmp_path / "in"
    folder.mkdir()
    tifffile.imwrite(folder / "a.tif", squares(2))
    (folder / "b.tif").write_bytes((folder / "a.tif").read_bytes()[:300])
    tifffile.imwrite(folder / "c.tif", squares(3, (40, 80)))
    batch.form.source.value = FILES
    batch.form.folder.value = str(folder)
    batch.form.output.value = str(tmp_path / "out")
    return folder


def test_each_selected_layer_gets_its_labels_and_a_bad_one_says_why(three, viewer, qtbot, notes):
    selected = set(viewer.layers.selection)
    three.start_button.click()
    assert not three.form.isEnabled()
    wait(three, qtbot)
    assert column(three, NAME) == ["cells", "squares", "blank"]
    assert column(three, STATE) == ["done", "done", "failed"]
    assert column(three, FOUND)[1] == "3 objects"
    assert column(three, SIZE)[1].endswith(" µm²")
    assert "at least two different values" in column(three, MESSAGE)[2]
    assert three.status == "2 of 3 images done; 1 failed, the table says why."
    assert three.bar.value() == three.bar.maximum()
    assert labels_of(viewer) == ["cells labels", "squares labels"]
    layer = viewer.layers["squares labels"]
    np.testing.assert_array_equal(layer.scale, (0.5, 0.5))
    assert set(viewer.layers.selection) == selected
    assert result_of(layer).layers == (viewer.layers["squares"],)
    qtbot.waitUntil(lambda: "area (µm²)" in layer.features, timeout=TIMEOUT)  # napari's features table shows it
    assert len(layer.features) == 3
    sizes = layer.features["area (µm²)"]
    assert float(column(three, SIZE)[1].split()[0]) == pytest.approx(sizes.mean(), rel=1e-3)
    assert not [note for note in notes if note[0] == "error"]


def test_layers_that_are_done_are_left_until_something_changes(three, viewer, qtbot):
    three.start()
    wait(three, qtbot)
    before = [viewer.layers[name] for name in labels_of(viewer)]
    edited = viewer.layers["cells labels"]
    edited.data[0, 0] = 9
    three.start()
    wait(three, qtbot)
    assert [viewer.layers[name] for name in labels_of(viewer)] == before
    assert column(three, MESSAGE)[0] == "done before, and nothing has changed since"
    viewer.layers["squares"].data = squares(2)
    three.start()
    wait(three, qtbot)
    assert column(three, FOUND)[1] == "2 objects"
    assert viewer.layers["cells labels"] == edited
    three.form.overwrite.value = True
    three.start()
    wait(three, qtbot)
    assert edited in viewer.layers  # an edited one is never replaced
    assert edited.data[0, 0] == 9
    assert len(labels_of(viewer)) == 3


def test_cancel_keeps_what_is_done_and_the_next_start_goes_on(three, viewer, engine, qtbot):
    engine.allow(3 + 1)
    three.start()
    qtbot.waitUntil(lambda: column(three, STATE) == ["done", "running", "waiting"], timeout=TIMEOUT)
    qtbot.waitUntil(lambda: three.bar.value() > three.bar.maximum() // 3, timeout=TIMEOUT)
    three.cancel_button.click()
    assert not three.cancel_button.isEnabled()
    engine.allow()  # the step that is under way
    wait(three, qtbot)
    assert column(three, STATE) == ["done", "waiting", "waiting"]
    assert three.status == "Cancelled. 1 of 3 images done; Start goes on from there."
    assert labels_of(viewer) == ["cells labels"]
    assert engine.closed.wait(20)
    assert three.start_button.isEnabled()
    n_runs = len(engine.runs)
    engine.allow(20)
    three.start()
    wait(three, qtbot)
    assert column(three, STATE) == ["done"] * 3
    assert len(engine.runs) == n_runs + 2


def test_an_engine_that_fails_fails_one_image(three, viewer, engine, qtbot):
    engine.fail_with = RuntimeError("out of order")  # which napari's workers swallow
    engine.allow(1)
    three.start()
    qtbot.waitUntil(lambda: column(three, STATE)[:2] == ["failed", "running"], timeout=TIMEOUT)
    engine.fail_with = None
    engine.allow(10)
    wait(three, qtbot)
    assert column(three, STATE) == ["failed", "done", "done"]
    assert "out of order" in column(three, MESSAGE)[0]
    assert labels_of(viewer) == ["squares labels", "blank labels"]


def test_a_folder_into_another_one(folder, batch, viewer, qtbot, tmp_path):
    batch.start_button.click()
    wait(batch, qtbot)
    assert column(batch, NAME) == ["a.tif", "b.tif", "c.tif"]
    assert column(batch, STATE) == ["done", "failed", "done"]
    assert column(batch, FOUND) == ["2 objects", "", "3 objects"]
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "a_labels.csv", "a_labels.tif", "batch_summary.csv", "batch_table.csv", "c_labels.csv", "c_labels.tif"
    ]  # fmt: skip
    assert read_image(out / "c_labels.tif").pixels.shape == (40, 80)
    with (out / "batch_summary.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [(row["file"], row["state"], row["count"]) for row in rows] == [
        ("a.tif", "done", "2"), ("b.tif", "failed", ""), ("c.tif", "done", "3")
    ]  # fmt: skip
    with (out / "batch_table.csv").open(newline="", encoding="utf-8-sig") as file:
        assert [row["file"] for row in csv.DictReader(file)] == ["a.tif"] * 2 + ["c.tif"] * 3
    assert labels_of(viewer) == []


def test_a_folder_cancelled_and_started_again_ends_complete(folder, batch, engine, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_backprop_segmentation.batch.process.summary", lambda result: result.stopped_by)
    out = tmp_path / "out"
    engine.allow(3 + 1)
    batch.start()
    qtbot.waitUntil(lambda: column(batch, STATE) == ["done", "failed", "running"], timeout=TIMEOUT)
    batch.cancel_button.click()
    engine.allow()
    wait(batch, qtbot)
    assert column(batch, STATE) == ["done", "failed", "waiting"]
    assert not (out / "c_labels.tif").exists()
    first = (out / "a_labels.tif").stat().st_mtime_ns
    tifffile.imwrite(folder / "b.tif", squares(1))
    n_runs = len(engine.runs)
    engine.allow(20)
    batch.start()
    wait(batch, qtbot)
    assert column(batch, STATE) == ["done"] * 3
    assert len(engine.runs) == n_runs + 2
    assert (out / "a_labels.tif").stat().st_mtime_ns == first
    assert batch.status == "3 of 3 images done, of these 1 before."


def test_beside_the_files_and_what_was_edited_is_not_lost(folder, batch, qtbot):
    batch.form.target.value = BESIDE
    batch.form.pattern.value = "a.*"
    batch.form.measure.value = False
    batch.start()
    wait(batch, qtbot)
    labels = folder / "a_labels.tif"
    assert labels.exists()
    assert not list(folder.glob("a_labels.csv"))
    tifffile.imwrite(labels, tifffile.imread(labels) + 1)
    kept = labels.read_bytes()
    batch.form.pattern.value = "a*.tif"
    batch.start()
    wait(batch, qtbot)
    assert column(batch, NAME) == ["a.tif"]
    assert column(batch, STATE) == ["failed"]
    assert "or tick Overwrite" in column(batch, MESSAGE)[0]
    assert labels.read_bytes() == kept


@pytest.mark.parametrize("use", [LOADED, TRAINED])
def test_one_network_for_all(batch, viewer, widget, qtbot, tmp_path, use):
    folder = tmp_path / "in"
    folder.mkdir()
    tifffile.imwrite(folder / "a.tif", squares(2))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=TIMEOUT)
    widget.state.load(LoadedModel("mine", widget.state.result.model), "")
    form = batch.form
    form.source.value, form.folder.value, form.output.value = FILES, str(folder), str(tmp_path / "out")
    form.use.value = use
    batch.start()
    wait(batch, qtbot)
    assert column(batch, STATE) == ["done"]
    assert "labelled by a network trained before" in column(batch, MESSAGE)[0]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"folder": ""}, "Choose the folder of the images first."),
        ({"output": ""}, "Choose the folder for the labels first, or let them go beside the files."),
        ({"pattern": "*.jpg"}, "Folder must hold images, got none"),
        ({"folder": "/no/such/folder"}, "Folder must exist, got '/no/such/folder'; choose one."),
    ],
)
def test_what_does_not_fit_is_said(folder, batch, qtbot, notes, changes, words):
    for name, value in changes.items():
        getattr(batch.form, name).value = value
    batch.start()
    wait(batch, qtbot)
    assert words in batch.status
    assert batch.start_button.isEnabled()
    assert notes == []


def test_nothing_selected_is_said(batch, viewer):
    viewer.layers.selection = set()
    batch.start()
    assert batch.status.startswith("Select image layers in the layer list first")


def test_a_batch_waits_for_a_run(batch, widget):
    widget.state.begin("cells", ())
    assert not batch.start_button.isEnabled()
    widget.state.end(Phase.IDLE, "")
    assert batch.start_button.isEnabled()


def test_closing_the_widget_ends_a_batch(three, widget, viewer, engine, qtbot):
    engine.allow(1)
    three.start()
    qtbot.waitUntil(lambda: "running" in column(three, STATE), timeout=TIMEOUT)
    viewer.window.remove_dock_widget(widget.native)
    widget.native.deleteLater()  # napari only takes it out of its window
    assert not three.running
    assert widget.batch is None
    engine.allow(10)
    qtbot.waitUntil(engine.closed.is_set, timeout=TIMEOUT)
    assert labels_of(viewer) == []


def test_only_what_counts_is_shown(batch):
    form = batch.form
    assert form.pattern.native.isHidden()
    form.source.value = FILES
    assert not form.pattern.native.isHidden()
    assert not form.output.native.parentWidget().isHidden()
    form.target.value = BESIDE
    assert form.output.native.parentWidget().isHidden()
    form.target.value = INTO
    assert not form.output.native.parentWidget().isHidden()


def test_every_control_has_a_name_and_a_tooltip(batch):
    batch.form.source.value = FILES
    kinds = (QAbstractButton, QComboBox, QLineEdit)  # one by one: PySide looks for one only
    for each in chain.from_iterable(map(batch.form.findChildren, kinds)):
        if each.objectName().startswith("qt_") or isinstance(each.parent(), QComboBox):
            continue
        assert each.accessibleName() or getattr(each, "text", str)(), each
        assert each.toolTip(), each
    assert not any(label.text() == "" and label.pixmap().isNull() for label in batch.form.findChildren(QLabel))


@pytest.mark.usefixtures("styled")
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_it_has_the_colours_of_the_window(batch, viewer, theme):
    viewer.theme = theme
    ground = batch.grab().toImage().pixelColor(3, 3)
    text = get_theme(theme).text.as_rgb_tuple()[:3]
    assert contrast(text, ground.getRgb()[:3]) >= LEAST_CONTRAST


def two_greys(shape, place):
    """Return an image (Y, X) of two materials on a third, in this order of their squares along X."""
    pixels = np.random.default_rng(3).integers(20, 30, shape).astype(np.uint8)
    for number, grey in enumerate(place):
        pixels[8 : shape[0] - 8, 6 + 22 * number :][:, :16] += grey
    return pixels


def test_one_network_for_all_layers_and_equal_numbers_for_equal_materials(batch, viewer, widget, qtbot):
    for name, shape, place in (("one", (40, 54), (90, 200)), ("other", (56, 54), (200, 90))):
        viewer.add_image(two_greys(shape, place), name=name)
    select(viewer, "one", "other")
    widget.state.fill(Params(**{**QUICK, "objects": "off", "regions": "classes", "n_regions": 3}))
    batch.form.together.value = True
    batch.start_button.click()
    wait(batch, qtbot)
    assert column(batch, STATE) == ["done"] * 2
    assert column(batch, MESSAGE) == ["labelled by a network trained before"] * 2
    one, other = (viewer.layers[f"{name} labels"] for name in ("one", "other"))
    assert result_of(one).model is result_of(other).model
    numbers = [[int(np.median(layer.data[12:-12, at : at + 8])) for at in (10, 32)] for layer in (one, other)]
    assert numbers[0] == numbers[1][::-1]
    assert numbers[0][0] != numbers[0][1]
    assert one.data[2, 2] == other.data[2, 2]
    assert not batch._control.training
    batch.form.together.value = False


def test_one_network_for_a_folder_with_a_broken_file(folder, batch, qtbot, tmp_path):
    batch.form.together.value = True
    batch.form.measure.value = False
    batch.start_button.click()
    wait(batch, qtbot)
    assert column(batch, STATE) == ["done", "failed", "done"]
    assert column(batch, FOUND) == ["2 objects", "", "3 objects"]
    assert "labelled by a network trained before" in column(batch, MESSAGE)[0]


def test_what_is_drawn_on_two_layers_teaches_one_network(batch, viewer, widget, qtbot):
    widget.state.fill(Params(**{**QUICK, "objects": "off"}))
    for name, shape, place in (("one", (40, 54), (90, 200)), ("other", (56, 54), (200, 90))):
        viewer.add_image(two_greys(shape, place), name=name)
    viewer.add_image(two_greys((48, 54), (90, 200)), name="third")
    select(viewer, "one", "other", "third")
    drawn = []
    for image, selection in widget.input_form.each_selected():
        if image.name != "third":
            drawn.append(new_layer(viewer, run_input_of(selection), (image,), 1.0))
    drawn[0].data[12:20, 8:20], drawn[0].data[12:20, 30:42] = 3, 6
    drawn[1].data[1:5, 5:50] = 2
    rename(drawn[0], 6, "bright")
    select(viewer, "one", "other", "third")
    batch.form.together.value = True
    batch.start()
    wait(batch, qtbot)
    assert column(batch, STATE) == ["done"] * 3
    for name, kinds in (("one", (3, 6)), ("other", (6, 3)), ("third", (3, 6))):
        layer = viewer.layers[f"{name} labels"]
        assert tuple(int(np.median(layer.data[14:-14, at : at + 8])) for at in (10, 32)) == kinds
        assert np.median(layer.data[:3]) == 2
        assert layer.metadata["backprop_segmentation"]["kinds"]["6"]["name"] == "bright"
        np.testing.assert_allclose(layer.get_color(6), drawn[0].get_color(6), atol=0.01)

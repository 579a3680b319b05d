"""The table under the picture, with real clicks on its rows and on the canvas."""

import csv

import numpy as np
import pytest
from mouse import Mouse
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QFileDialog
from skimage.draw import disk

from napari_backprop_segmentation.gui.result import measuring
from napari_backprop_segmentation.gui.widget import BackpropWidget

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(measuring, "EDIT_MS", 1)


def plane():
    """Three discs under numbers with gaps, and one far away."""
    labels = np.zeros((96, 128), np.int32)
    for number, centre, radius in (
        (4, (20, 20), 6),
        (17, (20, 60), 9),
        (2_000_000_000, (60, 40), 12),
        (5, (85, 118), 5),
    ):
        labels[disk(centre, radius)] = number
    return labels, np.where(labels > 0, 200, 30).astype(np.uint8)


@pytest.fixture
def opened(open_viewer, qtbot):
    """Open a window on labels over images, and measure them."""

    def opened(labels, *images, **settings):
        viewer = open_viewer(show=True)
        viewer.window.resize(1200, 780)
        for number, image in enumerate(images):
            viewer.add_image(image, name=f"image {number}", **settings)
        viewer.layers.selection = {viewer.layers[0]}
        widget = BackpropWidget(viewer)
        viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
        viewer.add_labels(labels, name="labels", **settings)
        QApplication.processEvents()
        widget.curation.measure_button.native.click()
        qtbot.waitUntil(lambda: widget.curation.table is not None and widget.curation.table.shown().shape[0] > 0)
        QApplication.processEvents()
        return widget, widget.curation.table, widget.state.target

    return opened


def click_on_row(qtbot, table, row):
    index = table.view.model().index(row, 0)
    table.view.scrollTo(index)
    qtbot.mouseClick(table.view.viewport(), LEFT, pos=table.view.visualRect(index).center())


def selected(table):
    rows = {index.row() for index in table.view.selectionModel().selectedRows()}
    return table.shown().iloc[sorted(rows)]["label"].tolist()


def centre(viewer):
    return tuple((viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera).center)


def zoom_to(viewer, place, zoom):
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    camera.center, camera.zoom = place, zoom
    QApplication.processEvents()


def test_a_row_selects_its_object_and_an_object_its_row_whatever_the_numbers_and_the_order(opened, qtbot):
    widget, table, layer = opened(*plane())
    assert table.shown()["label"].tolist() == [4, 5, 17, 2_000_000_000]
    assert not {"index", "Index"} & set(table.shown().columns)
    for row, number in enumerate([4, 5, 17, 2_000_000_000]):
        click_on_row(qtbot, table, row)
        assert layer.selected_label == number
    layer.selected_label = 17
    assert selected(table) == [17]
    mouse = Mouse(widget._viewer)
    mouse.click((20, 20))
    assert layer.selected_label == 4
    assert selected(table) == [4]
    mouse.click((20, 90))  # ground
    assert selected(table) == [4]
    column = table.shown().columns.get_loc("area (px²)")
    table.view.sortByColumn(column, Qt.SortOrder.DescendingOrder)
    assert table.shown()["label"].tolist() == [2_000_000_000, 17, 4, 5]
    click_on_row(qtbot, table, 1)
    assert layer.selected_label == 17
    layer.selected_label = 5
    assert selected(table) == [5]


def test_a_click_on_a_row_shows_what_is_not_in_view_and_one_with_a_tool_selects_nothing(opened, qtbot):
    widget, table, layer = opened(*plane())
    viewer = widget._viewer
    zoom_to(viewer, (20, 20), 12)
    before = centre(viewer)
    click_on_row(qtbot, table, 0)
    assert centre(viewer) == before
    click_on_row(qtbot, table, 1)
    np.testing.assert_allclose(centre(viewer)[-2:], (85, 118), atol=1)
    viewer.reset_view()
    QApplication.processEvents()
    layer.selected_label = 4
    widget.curation.tools.correct_button.native.click()
    Mouse(viewer).click((20, 60))
    assert widget.status == "Removed object 17."
    assert layer.selected_label == 4


def test_totals_stand_above(opened):
    _, table, layer = opened(*plane(), scale=(0.5, 0.5), units=("um", "um"))
    area = np.bincount(np.unique(layer.data, return_inverse=True)[1].ravel())[1:]
    mean, share = area.mean() / 4, 100 * area.sum() / layer.data.size
    assert table.totals.text() == f"4 labels, mean area {mean:.4g} µm², {share:.4g} % of the image"


def test_intensities_of_another_layer_are_measured_also_after_an_edit(opened, qtbot):
    labels, image = plane()
    rgb = np.stack([image, image // 2, image // 4], axis=-1)
    widget, table, layer = opened(labels, image, 255 - image, rgb, np.zeros((5, 5), np.uint8))
    assert [table.intensities.itemText(i) for i in range(table.intensities.count())] == [
        "image 0",
        "image 1",
        "image 2",
    ]
    np.testing.assert_allclose(table.shown()["mean"], 200)
    table.intensities.setCurrentText("image 1")
    table.intensities.activated.emit(1)
    qtbot.waitUntil(lambda: table.shown()["mean"].iloc[0] == 55)
    layer.data_setitem(np.nonzero(layer.data == 17), 0)
    qtbot.waitUntil(lambda: len(table.shown()) == 3)
    np.testing.assert_allclose(table.shown()["mean"], 55)
    assert table.intensities.currentText() == "image 1"
    table.intensities.setCurrentText("image 2")
    table.intensities.activated.emit(2)
    qtbot.waitUntil(lambda: "mean channel 2" in table.shown())
    np.testing.assert_allclose(table.shown()["mean channel 2"], 50)
    table.intensities.setCurrentText("image 0")
    table.intensities.activated.emit(0)
    qtbot.waitUntil(lambda: "mean" in table.shown() and table.shown()["mean"].iloc[0] == 200)
    widget._viewer.layers.remove("image 1")
    assert table.intensities.findText("image 1") == -1


def test_two_layers_that_are_channels_have_two_means(opened, qtbot):
    labels, image = plane()
    widget, table, layer = opened(labels, image, image // 2)
    viewer = widget._viewer
    viewer.layers.selection = {viewer.layers["image 0"], viewer.layers["image 1"]}
    qtbot.waitUntil(lambda: len(widget.state.input.layers) == 2)
    viewer.layers.selection = {layer}
    assert len(widget.state.input.layers) == 2
    widget.curation.measure_button.native.click()
    qtbot.waitUntil(lambda: "mean channel 1" in table.shown())
    np.testing.assert_allclose(table.shown()["mean channel 0"], 200)
    np.testing.assert_allclose(table.shown()["mean channel 1"], 100)
    assert table.intensities.currentText() == widget.state.input.run_input.name


def test_a_series_has_rows_a_frame_counts_a_frame_and_its_frame_is_shown(opened, qtbot):
    labels, image = plane()
    series = np.stack([labels, np.where(labels == 4, 0, labels), np.zeros_like(labels)])
    widget, table, layer = opened(series, np.stack([image] * 3), axis_labels=("t", "y", "x"))
    assert table.shown()["frame"].tolist() == [0, 0, 0, 0, 1, 1, 1]
    assert table.totals.text().startswith("4 labels in 3 frames: 0 to 4 a frame, on average 2.333, mean area ")
    viewer = widget._viewer
    viewer.dims.set_current_step(0, 0)
    click_on_row(qtbot, table, 5)
    assert viewer.dims.current_step[0] == 1
    assert layer.selected_label == 17
    Mouse(viewer).click((1, 60, 40))
    rows = table.view.selectionModel().selectedRows()
    assert [index.row() for index in rows] == [6]
    table.rows.setCurrentIndex(1)
    assert table.shown()["count"].tolist() == [4, 3, 0]
    assert table.shown()["frame"].tolist() == [0, 1, 2]


def test_in_a_volume_the_slice_of_an_object_is_shown(opened, qtbot):
    labels, image = plane()
    solid = np.zeros((8, *labels.shape), np.int32)
    solid[5:8], solid[0:2, 60:70, 90:100] = labels, 1
    widget, table, _ = opened(solid, np.stack([image] * 8), axis_labels=("z", "y", "x"))
    viewer = widget._viewer
    viewer.dims.set_current_step(0, 0)
    click_on_row(qtbot, table, 2)
    assert viewer.dims.current_step[0] == 6
    viewer.dims.set_current_step(0, 7)
    click_on_row(qtbot, table, 3)
    assert viewer.dims.current_step[0] == 7  # it is there, too


def test_rows_are_copied_all_are_saved_and_columns_of_the_user_are_counted(opened, qtbot, tmp_path, monkeypatch):
    _, table, layer = opened(*plane())
    click_on_row(qtbot, table, 2)
    table.view.setFocus()
    qtbot.keyClick(table.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert [line.split("\t")[0] for line in lines] == ["label", "17"]
    path = tmp_path / "table.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    table.save_button.click()
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["label"] for row in rows] == ["4", "5", "17", "2000000000"]
    assert float(rows[0]["mean"]) == 200
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "none" / "table.csv"), ""))
    table.save_button.click()  # said, not raised
    layer.features = layer.features.assign(kind=["a", "b", "a", "a"])
    assert table.totals.text().endswith("% of the image, kind a: 3, b: 1")


def test_the_table_follows_the_labels_that_are_selected_and_is_found_again_when_closed(opened, qtbot):
    widget, table, layer = opened(*plane())
    viewer = widget._viewer
    other = viewer.add_labels(np.ones((96, 128), int), name="other")
    assert table.layer is widget.state.target
    assert table.totals.text() == "Press Measure for a table of these labels."
    assert table.intensities.isHidden()
    viewer.layers.selection = {layer}
    assert len(table.shown()) == 4
    viewer.window.remove_dock_widget(table)
    assert not table.isVisible()
    widget.curation.measure_button.native.click()
    qtbot.waitUntil(table.isVisible)
    assert widget.curation.table is table
    viewer.layers.remove(layer)
    viewer.layers.remove(other)
    assert table.layer is None

"""What can be done with a result: measured, and corrected by a click."""

from types import SimpleNamespace

import numpy as np
import pytest
from skimage.draw import disk

from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.params.params import Params

CENTRES = ((20, 20), (44, 44), (20, 46))


@pytest.fixture
def nuclei(viewer):
    mask = np.zeros((64, 64), bool)
    for centre in CENTRES:
        mask[disk(centre, 8)] = True
    image = np.where(mask, 200, 20) + np.random.default_rng(0).integers(0, 20, mask.shape)
    viewer.add_image(image.astype(np.uint8), name="nuclei", scale=(0.5, 0.5), units=("um", "um"))
    return mask


@pytest.fixture
def counted(nuclei, widget, viewer, qtbot):
    """The widget after a run that has found three objects, and the layer."""
    viewer.layers.selection.active = viewer.layers["nuclei"]
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=100, objects="bright"))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    layer = viewer.layers["nuclei labels"]
    qtbot.waitUntil(lambda: len(layer.features) > 0, timeout=20_000)
    return widget, layer


def test_objects_are_measured_in_units_of_the_layer(counted, nuclei):
    _, layer = counted
    assert layer.features["index"].tolist() == [1, 2, 3]
    area = [(layer.data == number).sum() / 4 for number in (1, 2, 3)]
    np.testing.assert_allclose(layer.features["area (µm²)"], area)
    assert (layer.features["mean"] > 190).all()


def test_edits_count_when_measured_again_and_the_table_opens(counted, viewer, qtbot):
    widget, layer = counted
    layer.data_setitem(np.nonzero(layer.data == 2), 0)
    widget.curation.measure_button.native.click()
    qtbot.waitUntil(lambda: len(layer.features) == 2, timeout=20_000)
    assert layer.features["index"].tolist() == [1, 3]
    assert widget.status == "Measured 2 labels of 'nuclei labels' in the image 'nuclei'."
    assert any("Features table" in name for name in viewer.window.dock_widgets)


def test_the_selected_labels_are_measured_in_the_image_of_their_run(counted, viewer, qtbot, image):
    widget, layer = counted
    viewer.layers.selection.active = viewer.layers["cells"]
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=50, objects="bright"))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    layer.features = None
    viewer.layers.selection.active = layer
    widget.curation.measure_button.native.click()
    qtbot.waitUntil(lambda: len(layer.features) == 3, timeout=20_000)
    assert widget.status == "Measured 3 labels of 'nuclei labels' in the image 'nuclei'."
    assert "area (µm²)" in layer.features


def test_the_users_own_labels_are_measured_in_the_last_image_if_they_fit(counted, viewer, qtbot):
    widget, _ = counted
    own = np.zeros((64, 64), int)
    own[:10, :10] = 4
    own = viewer.add_labels(own, name="own")
    widget.curation.measure_button.native.click()
    qtbot.waitUntil(lambda: len(own.features) == 1, timeout=20_000)
    assert own.features["area (µm²)"].tolist() == [100 / 4]
    assert widget.status == "Measured 1 label of 'own' in the image 'nuclei'."
    small = viewer.add_labels(np.ones((9, 8), int), name="small")
    widget.curation.measure_button.native.click()
    assert "labels of the size of 'nuclei' (64 x 64), the image of the last run; 'small' has 9 x 8." in widget.status
    assert len(small.features) == 0


def test_in_the_3d_view_a_click_removes_what_it_meets_first(widget, viewer, qtbot):
    volume = np.random.default_rng(0).integers(0, 20, (24, 40, 40)).astype(np.uint8)
    volume[3:9, 10:22, 10:22] += 180
    volume[14:20, 16:28, 16:28] += 180
    viewer.add_image(volume, name="volume", axis_labels=["z", "y", "x"], scale=(2, 1, 1))
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=100, objects="bright"))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=120_000)
    layer = viewer.layers["volume labels"]
    front, behind = layer.data[6, 12, 12], layer.data[17, 20, 20]
    assert 0 < front != behind > 0
    viewer.dims.ndisplay = 3
    widget.curation.click_button.native.setChecked(True)
    away = {"position": (-300.0, 18.0, 18.0), "view_direction": np.array([1.0, 0, 0]), "dims_displayed": [0, 1, 2]}
    event = SimpleNamespace(type="mouse_release", **away)
    list(widget.curation.clicked(layer, event))
    assert widget.status == f"Removed object {front}."
    assert set(np.unique(layer.data)) == {0, behind}
    list(widget.curation.clicked(layer, event))
    assert not layer.data.any()
    list(widget.curation.clicked(layer, event))
    assert "switch the display to 2D and click on it" in widget.status
    viewer.dims.ndisplay = 2
    flat = SimpleNamespace(type="mouse_release", position=(12.0, 12.0, 12.0), dims_displayed=[1, 2])
    list(widget.curation.clicked(layer, flat))
    assert layer.data[6, 12, 12] > 0


def test_a_click_removes_an_object_and_another_brings_it_back(counted):
    widget, layer = counted
    before = np.array(layer.data)
    number = before[CENTRES[1]]
    widget.curation.correct(CENTRES[1])
    assert number not in layer.data
    assert (layer.data[before != number] == before[before != number]).all()
    widget.curation.correct((CENTRES[1][0] + 2.4, CENTRES[1][1] - 1.6))
    added = layer.data == layer.data[CENTRES[1]]
    np.testing.assert_array_equal(added, before == number)
    layer.undo()
    layer.undo()
    np.testing.assert_array_equal(layer.data, before)


def test_an_object_that_was_missed_is_added_and_ground_is_not(counted, nuclei):
    widget, layer = counted
    before = np.array(layer.data)
    layer.data = np.where(before == before[CENTRES[2]], 0, before)  # as if it had not been found
    widget.curation.correct(CENTRES[2])
    added, missed = layer.data == layer.data[CENTRES[2]], before == before[CENTRES[2]]
    assert (added & missed).sum() / (added | missed).sum() > 0.8
    there = np.array(layer.data)
    widget.curation.correct((40, 10))
    np.testing.assert_array_equal(layer.data, there)
    assert widget.status == "There is no object to be told apart here."


def test_a_click_with_a_brush_in_hand_only_paints(counted):
    widget, layer = counted
    widget.curation.click_button.native.setChecked(True)
    before = np.array(layer.data)
    event = SimpleNamespace(type="mouse_release", position=(20 * 0.5, 20 * 0.5), dims_displayed=[0, 1])
    layer.mode = "paint"
    assert list(widget.curation.clicked(layer, event)) == [None]
    np.testing.assert_array_equal(layer.data, before)
    layer.mode = "pan_zoom"
    list(widget.curation.clicked(layer, event))
    assert (layer.data == 0).sum() > (before == 0).sum()


def test_another_detail_empties_the_table(widget, viewer, qtbot):
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0, detail=90.0))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    layer = viewer.layers["cells labels"]
    widget.curation.measure()
    qtbot.waitUntil(lambda: len(layer.features) > 0, timeout=20_000)
    widget.controls["detail"].value = 10
    assert len(layer.features) == 0


def test_a_click_outside_does_nothing(counted):
    widget, layer = counted
    before = np.array(layer.data)
    widget.curation.correct((-1, 5))
    np.testing.assert_array_equal(layer.data, before)


def test_clicks_are_heard_only_while_the_button_is_down(counted):
    widget, layer = counted
    button = widget.curation.click_button.native
    n = len(layer.mouse_drag_callbacks)
    button.setChecked(True)
    assert len(layer.mouse_drag_callbacks) == n + 1
    assert layer.mode == "pan_zoom"
    button.setChecked(False)
    assert len(layer.mouse_drag_callbacks) == n


def test_the_buttons_go_with_the_layer(counted, viewer):
    widget, layer = counted
    assert not widget.curation.row.isHidden()
    viewer.layers.remove(layer)
    assert widget.curation.row.isHidden()
    widget.curation.correct((1, 1))


def test_regions_can_be_measured_but_not_clicked(widget, viewer, qtbot):
    widget.controls.fill(Params(n_channels=8, iterations=3, n_superpixels=50, min_labels=0))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert not widget.curation.row.isHidden()
    assert widget.curation.click_button.native.isHidden()
    layer = viewer.layers["cells labels"]
    widget.curation.measure()
    qtbot.waitUntil(lambda: len(layer.features) > 0, timeout=20_000)
    assert len(layer.features) == layer.data.max()


def test_the_automatic_preset_says_what_it_took_the_image_for(nuclei, widget, viewer, qtbot):
    viewer.layers.selection.active = viewer.layers["nuclei"]
    widget.controls.fill(Params.preset("auto", n_channels=8, iterations=2, n_superpixels=100))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert widget.status.startswith("Done in ")
    assert ": 3 objects, all 2 iterations done. " in widget.status
    assert widget.status.endswith(" Recognised as Nuclei (fluorescence), with Objects bright and Smallest object 30.")
    assert viewer.layers["nuclei labels"].metadata[METADATA]["kind"] == "nuclei"
    assert viewer.layers["nuclei labels"].data.max() == len(CENTRES)


def test_where_no_object_is_found_it_says_what_to_change(nuclei, widget, viewer, qtbot):
    viewer.layers.selection.active = viewer.layers["nuclei"]
    widget.controls.fill(Params(n_channels=8, iterations=2, n_superpixels=100, objects="bright", min_object=5000))
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert ": 0 objects, all 2 iterations done. To find some, lower Smallest object (min_object, now" in widget.status

"""What users come for, from the image to the result, by hand: real clicks in a real window, with the real engine.

Each task says how many clicks it takes at most; a stroke, a value that is typed and a choice in a list count as one.
"""

import numpy as np
import pytest
from mouse import Mouse
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import read_record
from napari_backprop_segmentation.io.samples import sample_image
from napari_backprop_segmentation.io.write import write_labels
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.run import finish, run

LONG = 200_000  # ms; nothing takes so long, but other work may have the processor
SIDE = 160  # pixels of what is cut out of a sample

by_hand = pytest.mark.slow


class Hand:
    """A user: clicks on buttons and on the canvas, and counts."""

    def __init__(self, viewer, widget, qtbot):
        self.viewer, self.widget, self.qtbot, self.clicks = viewer, widget, qtbot, 0
        self.mouse = Mouse(viewer)

    def press(self, button):
        self.clicks += 1
        native = getattr(button, "native", button)
        assert native.isEnabled(), native.text()
        QTest.mouseClick(native, Qt.MouseButton.LeftButton)
        QApplication.processEvents()

    def choose(self, control, value):
        self.clicks += 1
        control.value = value
        QApplication.processEvents()

    def switch(self, text):
        self.clicks += 1
        QTest.mouseClick(self.widget.wanted.switch.buttons[text], Qt.MouseButton.LeftButton)

    def run(self):
        self.press(self.widget.run_button)
        self.finish()

    def finish(self):
        self.wait(lambda: not self.widget.running)
        self.wait(lambda: not self.widget._live_objects.waiting)
        return self.widget.state.target

    def wait(self, done):
        self.qtbot.waitUntil(lambda: bool(done()), timeout=LONG)

    def click(self, place, keys=Qt.KeyboardModifier.NoModifier):
        self.clicks += 1
        self.mouse.click(place, keys)

    def drag(self, *places):
        self.clicks += 1
        self.mouse.drag(*places)


@pytest.fixture
def hand(open_viewer, qtbot):
    """A user in front of a window with the docked widget."""
    from napari_backprop_segmentation.gui.widget import BackpropWidget

    viewer = open_viewer(show=True)
    viewer.window.resize(1280, 800)
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    return Hand(viewer, widget, qtbot)


def cut(name):
    image, axes = sample_image(name)
    window = tuple(slice(0, SIDE) if letter in "YX" else slice(None) for letter in axes)
    return np.ascontiguousarray(image[window]), axes


def show(hand, name, **placement):
    image, axes = cut(name)
    rgb = axes.endswith("S")
    labels = tuple(axes.removesuffix("S").lower())
    layer = hand.viewer.add_image(image, name=name, rgb=rgb, axis_labels=labels, **placement)
    hand.viewer.reset_view()
    QApplication.processEvents()
    return layer


def count(labels):
    return len(np.unique(labels[labels > 0]))


def test_nuclei_with_their_table(hand):
    show(hand, "nuclei")
    hand.run()
    layer = hand.finish()
    hand.wait(lambda: "area" in " ".join(map(str, layer.features.columns)))
    assert len(layer.features) == count(layer.data) > 3
    assert hand.clicks == 1


@by_hand
@pytest.mark.parametrize("name", ["histology", "phase", "membranes"])
def test_one_press_on_tissue_phase_contrast_and_electron_microscopy(hand, name):
    show(hand, name)
    hand.run()
    assert count(hand.finish().data) > 2
    assert hand.clicks == 1


@by_hand
def test_a_photograph_in_five_regions(hand):
    show(hand, "coffee")
    hand.switch("Regions")
    hand.run()
    hand.choose(hand.widget.controls["n_regions"], 5)
    hand.wait(lambda: count(hand.widget.state.target.data) == 5)
    assert hand.clicks == 3


@by_hand
def test_a_volume_of_other_depth_than_width(hand):
    image, _ = cut("volume")
    hand.viewer.add_image(image[:, :96, :96], name="volume", scale=(0.6, 0.26, 0.26), axis_labels=("z", "y", "x"))
    hand.run()
    layer = hand.finish()
    assert layer.data.shape == image[:, :96, :96].shape
    np.testing.assert_allclose(layer.scale, (0.6, 0.26, 0.26))
    spacing = layer.metadata[METADATA]["spacing"]
    assert spacing[0] / spacing[1] == pytest.approx(0.6 / 0.26)
    assert hand.clicks == 1


@by_hand
def test_a_series_keeps_its_numbers(hand):
    plane, _ = cut("nuclei")
    series = np.stack([np.roll(plane, 2 * t, axis=1) for t in range(3)])
    hand.viewer.add_image(series, name="series", axis_labels=("t", "y", "x"))
    hand.run()
    labels = hand.finish().data
    assert labels.shape == series.shape
    both = set(np.unique(labels[0])) & set(np.unique(labels[2])) - {0}
    assert len(both) > 0.5 * count(labels[0])
    assert hand.clicks == 1


@by_hand
@pytest.mark.parametrize("as_layers", [True, False])
def test_two_channels_as_layers_and_as_one_array(hand, as_layers):
    image, _ = cut("fluorescence")
    if as_layers:
        layers = [hand.viewer.add_image(channel, name=f"channel {i}") for i, channel in enumerate(image)]
        hand.viewer.layers.selection = set(layers)
        hand.clicks += 2
    else:
        show(hand, "fluorescence")
    hand.run()
    layer = hand.finish()
    assert layer.data.shape == image.shape[1:]
    hand.press(hand.widget.curation.measure_button)
    hand.wait(lambda: len(layer.features) == count(layer.data))
    assert hand.clicks <= 4


@by_hand
def test_a_part_and_then_the_whole(hand):
    show(hand, "coffee")
    shapes = hand.viewer.add_shapes([np.array([(20, 20), (20, 100), (90, 100), (90, 20)])], name="part")
    hand.choose(hand.widget.input_form.roi.area, shapes)
    hand.switch("Regions")
    hand.run()
    assert hand.finish().data.shape == (71, 81)  # its outline belongs to it
    hand.press(hand.widget.apply_button)
    assert hand.finish().data.shape == (SIDE, SIDE)
    assert hand.clicks <= 4


@by_hand
def test_strokes(hand):
    show(hand, "nuclei")
    hand.switch("Regions")
    hand.run()
    hand.press(hand.widget.strokes.button)
    image, _ = cut("nuclei")
    bright = np.argwhere(image > np.percentile(image, 97))[0]
    dark = np.argwhere(image < np.percentile(image, 20))[-1]
    hand.drag(tuple(bright), tuple(np.add(bright, (0, 3))))
    hand.widget.state.drawing.layer.selected_label = 2
    hand.clicks += 1
    hand.drag(tuple(dark), tuple(np.subtract(dark, (0, 6))))
    hand.wait(lambda: hand.widget.strokes.live.settled and "2 kinds" in hand.widget.status)
    found = hand.widget.state.target.data
    assert set(np.unique(found)) == {1, 2}
    assert found[tuple(bright)] == 1
    assert hand.clicks <= 6


@by_hand
def test_correct_brush_and_run_again(hand):
    show(hand, "nuclei")
    hand.run()
    layer = hand.finish()
    before = count(layer.data)
    number = int(np.unique(layer.data)[1])
    place = np.argwhere(layer.data == number)
    hand.press(hand.widget.curation.tools.correct_button)
    hand.click(tuple(place[len(place) // 2]))
    hand.wait(lambda: count(layer.data) == before - 1)
    layer.data_setitem((np.array([1, 1, 2, 2]), np.array([1, 2, 1, 2])), before + 5)  # the brush
    hand.clicks += 1
    edited = layer.data.copy()
    hand.run()
    hand.finish()
    np.testing.assert_array_equal(layer.data, edited)
    assert hand.widget.state.target is not layer
    assert hand.clicks <= 5


@by_hand
def test_the_next_image_takes_the_place_of_the_last(hand):
    for name in ("nuclei", "phase"):
        layer = show(hand, name)
        hand.viewer.layers.selection = {layer}
        QApplication.processEvents()
        assert not hand.widget.chart.points
        hand.run()
        assert hand.finish().metadata[METADATA]["image"]["layers"] == [name]
    assert hand.clicks == 2


@by_hand
def test_pause_stop_and_cancel(hand):
    show(hand, "coffee")
    hand.widget.state.fill(Params(iterations=400, min_labels=0, automatic=False))
    hand.press(hand.widget.run_button)
    hand.wait(lambda: hand.widget.chart.points)
    hand.press(hand.widget.pause_button)
    hand.wait(lambda: "Paused" in hand.widget.status)
    hand.press(hand.widget.pause_button)
    hand.press(hand.widget.stop_button)
    layer = hand.finish()
    assert "stopped" in hand.widget.status.lower()
    kept = layer.data.copy()
    hand.press(hand.widget.run_button)
    hand.wait(lambda: hand.widget.state.run.layer is not None)
    hand.press(hand.widget.cancel_button)
    hand.wait(lambda: not hand.widget.running)
    left = [each for each in hand.viewer.layers if METADATA in each.metadata]
    assert len(left) == 1
    np.testing.assert_array_equal(left[0].data, kept)


@by_hand
def test_saved_opened_and_repeated(hand, tmp_path):
    show(hand, "nuclei")
    hand.run()
    layer = hand.finish()
    path = tmp_path / "labels.tif"
    write_labels(path, layer.data, layer.metadata[METADATA])
    record = read_record(path)
    np.testing.assert_array_equal(read_image(path).pixels, layer.data)
    image, _ = cut("nuclei")
    again = finish(run(image, Params.from_dict(record["params"]), axes=record["axes"]))
    np.testing.assert_array_equal(again.labels, layer.data)

"""What is shown of a series: how many objects each frame has, and where they go."""

import numpy as np
import pytest
from napari.layers import Tracks
from qtpy.QtWidgets import QApplication
from skimage.draw import disk

from napari_backprop_segmentation.gui.result import measuring
from napari_backprop_segmentation.gui.result.tracks import middles
from napari_backprop_segmentation.gui.widget import BackpropWidget

PLACED = {"scale": (2.0, 0.5, 0.5), "translate": (0.0, 3.0, 4.0), "axis_labels": ("t", "y", "x")}


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(measuring, "EDIT_MS", 1)


def movie():
    """Discs that move by 2 pixels a frame; number 7 is missing in frame 1, the last frame is empty."""
    labels = np.zeros((4, 48, 64), np.int32)
    for time in range(3):
        labels[time][disk((12, 12 + 2 * time), 5)] = 4
        if time != 1:
            labels[time][disk((34, 40 - 2 * time), 6)] = 7
    return labels


@pytest.fixture
def opened(viewer, qtbot):
    """Open the widget on labels over an image."""

    def opened(labels, **settings):
        image = np.where(labels > 0, 200, 30).astype(np.uint8)
        viewer.add_image(image, name="movie", **settings)
        widget = BackpropWidget(viewer)
        viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
        return widget, viewer.add_labels(labels, name="labels", **settings)

    return opened


def measure(widget, qtbot, layer, rows):
    widget.curation.measure()
    qtbot.waitUntil(lambda: len(layer.features) == rows)
    QApplication.processEvents()


def test_counts_a_frame_are_plotted_and_follow_edits_and_the_frame_shown(opened, viewer, qtbot):
    widget, layer = opened(movie(), **PLACED)
    counts = widget.curation.counts
    assert counts.folded.isHidden()
    measure(widget, qtbot, layer, 5)
    assert not counts.folded.isHidden()
    assert list(counts.plot.counts) == [2, 1, 2, 0]
    np.testing.assert_array_equal(counts.plot._curve.getData()[1], [2, 1, 2, 0])
    viewer.dims.set_current_step(0, 2)
    assert counts.plot.frame == 2
    assert "frame 2: <b>2</b>" in counts.plot._caption.text
    layer.data_setitem(np.nonzero(layer.data[2:3] == 4), 0)  # of frame 0, whose part this indexes
    layer.data_setitem((np.array([3]), np.array([5]), np.array([5])), 9)
    qtbot.waitUntil(lambda: list(counts.plot.counts)[3] == 1)
    widget.curation.counts.plot.grab()


def test_a_plane_has_neither_counts_nor_tracks(opened, qtbot):
    labels = movie()[0]
    widget, layer = opened(labels)
    measure(widget, qtbot, layer, 2)
    assert widget.curation.counts.folded.isHidden()
    assert widget.curation.tracks.button.native.isHidden()


@pytest.mark.usefixtures("styled")
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_plot_takes_the_colours_of_the_theme(opened, viewer, qtbot, theme):
    viewer.theme = theme
    widget, layer = opened(movie(), **PLACED)
    measure(widget, qtbot, layer, 5)
    picture = widget.curation.counts.plot.grab().toImage()
    corner = picture.pixelColor(2, 2)
    assert (corner.lightness() < 128) == (theme == "dark")


def test_middles_are_those_of_each_object_in_each_frame():
    found = middles(movie())
    expected = [[4, 0, 12, 12], [4, 1, 12, 14], [4, 2, 12, 16], [7, 0, 34, 40], [7, 2, 34, 36]]
    np.testing.assert_allclose(found, expected)
    assert middles(np.zeros((2, 4, 4, 4), np.uint8)).shape == (0, 5)


def test_tracks_lie_over_their_objects_and_follow_edits_only_when_asked(opened, viewer, qtbot):
    widget, layer = opened(movie(), **PLACED)
    button = widget.curation.tracks.button
    assert not button.native.isHidden()
    button.native.click()
    qtbot.waitUntil(lambda: any(isinstance(each, Tracks) for each in viewer.layers))
    tracks = viewer.layers["labels tracks"]
    np.testing.assert_allclose(tracks.data, middles(movie()))
    for key in ("scale", "translate"):
        np.testing.assert_allclose(getattr(tracks, key), PLACED[key])
    assert viewer.layers.selection == {layer}
    assert widget.status == "2 tracks through 3 frames of 'labels'."
    tracks.tail_length = 3
    edited = movie()
    edited[3] = edited[2]
    layer.data = edited
    QApplication.processEvents()
    assert len(tracks.data) == 5
    button.native.click()
    qtbot.waitUntil(lambda: len(tracks.data) == 7)
    assert tracks.tail_length == 3
    assert sum(isinstance(each, Tracks) for each in viewer.layers) == 1
    viewer.layers.remove(tracks)
    button.native.click()
    qtbot.waitUntil(lambda: any(isinstance(each, Tracks) for each in viewer.layers))


def test_where_nothing_is_labelled_there_are_no_tracks(opened, viewer, qtbot):
    widget, _ = opened(np.zeros((3, 24, 24), np.uint8), axis_labels=("t", "y", "x"))
    widget.curation.tracks.button.native.click()
    qtbot.waitUntil(lambda: widget.status == "There are no objects in 'labels' to draw tracks of.")
    assert len(viewer.layers) == 2

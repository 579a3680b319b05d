"""What the widget asks of an image, and that the engine gets exactly what it says."""

import gc
import threading

import numpy as np
import pytest
from napari.layers import Image, Shapes
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest

from napari_backprop_segmentation.gui.input.channel_names import channel_names
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.widget import BackpropWidget

SHAPE = (24, 32)


def rows(widget):
    """Return the texts of the rows that are shown, of those that depend on the image."""
    input_form = widget.input_form
    shown = [label.text() for control, label in input_form._rows.items() if not control.native.isHidden()]
    axes = [control.current_choice for control in input_form.axes if not control.native.isHidden()]
    assert input_form._axes_row.isHidden() == (not axes)
    return shown[:1] + axes + shown[1:] + ["Range"] * (not input_form.roi.range.native.isHidden())


def run_to_end(widget, engine, qtbot, start=None):
    (start or widget.run)()
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    engine.gate = type(engine.gate)(0)
    return engine.runs[-1].run_input


def test_a_plane_asks_nothing(widget):
    assert rows(widget) == ["Image"]
    assert widget.input_form.describe() == "24 x 32, grey, 8-bit."


def test_an_unknown_axis_is_asked_for_and_then_remembered(widget, viewer, engine, qtbot, notes):
    viewer.add_image(np.zeros((2, *SHAPE), np.uint16), name="stack")
    axis = widget.input_form.axes[0]
    assert rows(widget) == ["Image", "choose: 2"]
    widget.run()
    assert widget.status.startswith(
        "Choose at Axes what each axis is: depth, time or channels. Not known of 2 x 24 x 32"
    )
    assert not widget.run_button.enabled
    assert len(viewer.layers) == 2
    axis.value = "C"
    assert rows(widget) == ["Image", "channels 2", "Channels"]
    assert axis.choices == ("Z", "T", "C")
    assert widget.input_form.describe() == "24 x 32, 2 channels, 16-bit."
    assert run_to_end(widget, engine, qtbot).axes == "CYX"
    assert viewer.layers["stack labels"].data.shape == SHAPE
    viewer.layers.selection.active = viewer.layers["cells"]
    assert rows(widget) == ["Image"]
    gc.collect()
    viewer.layers.selection.active = viewer.layers["stack"]
    assert axis.value == "C"
    axis.value = "T"
    assert widget.input_form.describe() == "Time 2 x 24 x 32, grey, 16-bit."


def test_named_axes_are_known_and_can_be_corrected(widget, viewer, engine, qtbot):
    array = np.zeros((3, 2, 4, *SHAPE), np.uint16)
    viewer.add_image(array, name="movie", axis_labels=["t", "c", "z", "y", "x"])
    assert rows(widget) == ["Image", "time 3", "channels 2", "depth 4", "Channels", "Range"]
    assert [control.value for control in widget.input_form.axes] == ["T", "C", "Z"]
    run_input = run_to_end(widget, engine, qtbot)
    assert (run_input.axes, run_input.array) == ("TCZYX", array)
    assert viewer.layers["movie labels"].data.shape == (3, 1, 4, *SHAPE)
    assert viewer.layers["movie labels"].metadata[METADATA]["image"]["axes"] == "TCZYX"
    viewer.layers.selection.active = viewer.layers["movie"]
    widget.input_form.axes[1].value, widget.input_form.axes[2].value = "Z", "C"
    assert widget.input_form.describe() == "Time 3 x depth 2 x 24 x 32, 4 channels, 16-bit."


def test_an_rgb_series_has_no_other_channels(widget, viewer):
    viewer.add_image(np.zeros((5, 40, 50, 3), np.uint8), rgb=True, name="movie")
    assert widget.input_form.axes[0].choices == ("?", "Z", "T")


@pytest.mark.parametrize("rgb", [True, False])
def test_an_axis_that_is_named_channels_beside_other_channels_is_to_be_corrected(widget, viewer, rgb):
    shape = (2, *SHAPE, 3)[: 4 if rgb else 3]
    two = [viewer.add_image(np.zeros(shape, np.uint8), rgb=rgb, axis_labels=["c", "y", "x"]) for _ in range(2)]
    viewer.layers.selection = two[:1] if rgb else two
    axis, said = widget.input_form.axes[0], "its colours" if rgb else "the layers that are selected together"
    assert axis.choices == ("Z", "T", "C")
    assert widget.input_form.describe().endswith(f"the channels of this image are {said}, not an axis.")
    axis.value = "Z"
    assert axis.choices == ("Z", "T")
    assert not widget.input_form.describe().startswith("Choose")


def test_channels_are_ticked_by_their_names(widget, viewer, engine, qtbot, notes):
    names = [f"marker {i}" for i in range(41)]
    metadata = {"omero": {"channels": [{"label": name} for name in names]}}
    viewer.add_image(np.zeros((41, *SHAPE), np.uint8), axis_labels=["c", "y", "x"], name="mibi", metadata=metadata)
    ticks = widget.input_form.channels
    assert ticks.names == tuple(names)
    assert ticks.value is None
    for number in range(5, 41):
        ticks.tick(number, False)
    QTest.keyClick(ticks.native, Qt.Key.Key_Down)
    QTest.keyClick(ticks.native, Qt.Key.Key_Space)
    assert widget.input_form.describe() == (
        "24 x 32, 4 channels, 8-bit; only marker 0, marker 2, marker 3, marker 4 of 41."
    )
    run_input = run_to_end(widget, engine, qtbot)
    assert (run_input.channels, run_input.n_channels) == ((0, 2, 3, 4), 4)
    for number in range(5):
        ticks.tick(number, False)
    widget.run()
    assert not widget.running
    assert not widget.run_button.enabled
    assert widget.status.startswith("Tick at least one channel.")
    viewer.layers.selection.active = viewer.layers["cells"]
    viewer.layers.selection.active = viewer.layers["mibi"]
    assert ticks.value == ()  # remembered
    for number in range(41):
        ticks.tick(number)
    assert widget.run_button.enabled
    assert run_to_end(widget, engine, qtbot).channels is None


@pytest.mark.parametrize(
    ("metadata", "names"),
    [
        ({}, ("Channel 0", "Channel 1")),
        ({"channel_names": ["DAPI", "actin"]}, ("DAPI", "actin")),
        ({"channels": [{"name": "DAPI"}, {"name": "actin"}]}, ("DAPI", "actin")),
        ({"channel_names": ["DAPI", "actin", "tubulin"]}, ("Channel 0", "Channel 1")),  # of another image
        ({"channels": "DAPI, actin"}, ("Channel 0", "Channel 1")),
        ({"channels": [1, 2]}, ("Channel 0", "Channel 1")),
    ],
)
def test_names_of_channels_come_from_the_layer(widget, viewer, metadata, names):
    viewer.add_image(np.zeros((2, *SHAPE), np.uint8), axis_labels=["c", "y", "x"], metadata=metadata)
    assert widget.input_form.channels.names == names


def test_names_of_channels_come_from_the_array():
    xarray = pytest.importorskip("xarray")
    data = xarray.DataArray(np.zeros((2, *SHAPE)), dims=("c", "y", "x"), coords={"c": ["DAPI", "actin"]})
    assert channel_names(Image(data), 0, 2) == ("DAPI", "actin")


def test_selected_layers_are_the_channels_of_one_image(widget, viewer, engine, qtbot, notes):
    layers = viewer.add_image(np.zeros((2, *SHAPE), np.uint8), channel_axis=0, name=["dna", "actin"])
    assert widget.input_form.image.value is layers[1]
    viewer.layers.selection = set(layers)
    assert "2 channels, 8-bit; channels are 2 layers: dna, actin" in widget.input_form.describe()
    for _ in range(2):  # the run selects its result, which does not change the choice
        run_input = run_to_end(widget, engine, qtbot)
        assert (run_input.axes, run_input.array.shape) == ("CYX", (2, *SHAPE))
    assert viewer.layers["dna + actin labels"].data.shape == SHAPE
    viewer.layers.selection = {layers[0], viewer.layers["cells"]}
    assert "2 channels" in widget.input_form.describe()
    layers[0].translate = [0, 3]
    widget.run()
    assert widget.status.startswith("Select only layers that fit on each other")
    assert "'dna' at another place or scale than 'cells'" in widget.status
    viewer.layers.selection.active = layers[1]
    assert widget.input_form.describe() == "24 x 32, grey, 8-bit."
    widget.input_form.image.value = widget.input_form.image.choices[-1]
    viewer.layers.remove(layers[0])
    assert not isinstance(widget.input_form.image.value, tuple)


def test_the_line_follows_scale_and_unit_and_axes_that_are_set_later(widget, viewer, qtbot):
    line = widget._about_image
    layer = viewer.layers["cells"]
    assert line.text() == "24 x 32, grey, 8-bit."
    layer.scale = (0.5, 0.5)
    assert line.text() == "24 x 32, grey, 8-bit; pixel 0.5."
    layer.units = ("um", "um")
    assert line.text() == "24 x 32, grey, 8-bit; pixel 0.5 µm."
    layer.data = np.zeros((50, 60), np.uint16)
    assert line.text() == "50 x 60, grey, 16-bit; pixel 0.5 µm."
    stack = viewer.add_image(np.zeros((5, *SHAPE), np.uint8), name="stack")
    assert rows(widget) == ["Image", "choose: 5"]
    stack.axis_labels = ("z", "y", "x")
    assert line.text() == "Depth 5 x 24 x 32, grey, 8-bit."
    layer.scale = (7, 7)  # not chosen any more
    assert line.text() == "Depth 5 x 24 x 32, grey, 8-bit."
    viewer.layers.remove(stack)
    stack.scale = (9, 9, 9)
    assert line.text() == "50 x 60, grey, 16-bit; pixel 7 µm."


def test_old_texts_and_plots_go_with_their_image(widget, viewer, engine, qtbot):
    run_to_end(widget, engine, qtbot)
    plotted = len(widget.chart.points)
    assert plotted == 20
    viewer.add_image(np.zeros((5, *SHAPE), np.uint8), name="stack")
    assert widget._about_image.text().startswith("Choose at Axes what each axis is")
    assert widget._status.text().startswith("The last run, on 'cells': Done in ")
    assert len(widget.chart.points) == 0
    widget.run()
    assert widget.status.startswith("Choose at Axes what each axis is")
    viewer.layers.selection.active = viewer.layers["cells"]
    assert widget.status.startswith("Done in ")
    assert len(widget.chart.points) == plotted


def test_one_slice_of_a_stack(widget, viewer, engine, qtbot):
    array = np.arange(5)[:, None, None] * np.ones(SHAPE)
    viewer.add_image(array, name="stack", axis_labels=["z", "y", "x"], scale=[3, 1, 1])
    widget.input_form.roi.range.value = "Z"
    viewer.dims.set_current_step(0, 3)
    run_input = run_to_end(widget, engine, qtbot)
    assert np.unique(run_input.array[:]) == [3]
    assert "; only slice 3 (z)" in widget.input_form.describe()
    layer = viewer.layers["stack labels"]
    assert layer.data.shape == (1, *SHAPE)
    np.testing.assert_allclose(layer.data_to_world((0, 0, 0)), (9, 0, 0))
    viewer.dims.set_current_step(0, 1)
    qtbot.waitUntil(lambda: "; only slice 1 (z)" in widget._about_image.text())


def test_a_slice_is_the_one_napari_shows_also_where_the_viewer_has_another_unit(widget, viewer):
    viewer.layers.clear()  # else its pixels would do away with all units
    stack = np.arange(8)[:, None, None] * np.ones(SHAPE)
    settings = {"scale": [500, 1, 1], "translate": [1000, 0, 0], "axis_labels": ["z", "y", "x"]}
    layer = viewer.add_image(stack, name="stack", units=["nm", "um", "um"], **settings)
    viewer.add_image(stack, name="coarse", units=["um", "um", "um"], axis_labels=["z", "y", "x"])
    viewer.layers.selection.active = layer
    widget.input_form.roi.range.value = "Z"
    last = viewer.dims.nsteps[0] - 1  # napari 0.6 takes no notice of units: thousands of steps there
    for step in np.unique(np.linspace(0, last, min(last + 1, 40)).astype(int)).tolist():
        viewer.dims.set_current_step(0, step)
        shown = np.unique(layer.__wrapped__._data_view)
        if shown.any():  # else the slider stands outside this layer, where napari shows nothing
            assert np.unique(widget.input_form.run_input().array[:]) == shown


def test_the_rectangle_is_that_of_the_world(widget, viewer, engine, qtbot):
    image = viewer.add_image(
        np.zeros((60, 80)), name="wide", scale=[0.5, 0.25], translate=[3, 4], rotate=10, affine=np.diag([2, 2, 1.0])
    )
    shapes = viewer.add_shapes(ndim=2, scale=[7, 7], name="regions")
    viewer.layers.selection.active = image
    widget.input_form.roi.area.value = shapes
    widget.run()
    assert widget.status == "Draw a rectangle in the layer 'regions' first, or choose the whole image."
    assert not widget.run_button.enabled
    wanted = [(10, 20), (10, 49), (29, 49), (29, 20)]
    shapes.add_rectangles([shapes.world_to_data(image.data_to_world(corner)) for corner in wanted])
    assert widget.input_form.describe().endswith("only rows 10 to 29 of 60, columns 20 to 49 of 80; pixel 0.5 x 0.25.")
    assert run_to_end(widget, engine, qtbot).shape == (20, 30)
    labels = viewer.layers["wide labels"]
    np.testing.assert_allclose(labels.data_to_world((0, 0)), image.data_to_world((10, 20)))
    viewer.layers.remove(shapes)
    assert widget.input_form.roi.area.value == "whole"


def test_a_rectangle_that_the_widget_makes_is_unfilled_and_lies_over_the_image(widget, viewer, engine, qtbot):
    image = viewer.add_image(
        np.zeros((5, 60, 80)), name="stack", axis_labels=["z", "y", "x"], scale=[2, 0.5, 0.5], translate=[0, 3, 4]
    )
    area = widget.input_form.roi.area
    area.value = "new"
    drawn = viewer.layers["stack part"]
    assert area.value == drawn
    assert drawn.mode == "add_rectangle"
    assert widget.input_form.image.value == image
    assert widget.status == "Draw a rectangle in the layer 'stack part' first, or choose the whole image."
    assert not widget.run_button.enabled
    drawn.add_rectangles([[2, 10, 20], [2, 10, 49], [2, 29, 49], [2, 29, 20]])
    assert (drawn.face_color[:, 3] == 0).all()
    assert (drawn.edge_color[:, 3] == 1).all()
    qtbot.waitUntil(lambda: widget.run_button.enabled)
    np.testing.assert_allclose(drawn.data_to_world((2, 10, 20)), image.data_to_world((2, 10, 20)))
    assert run_to_end(widget, engine, qtbot).shape == (5, 20, 30)


def test_a_rectangle_in_the_plane_cuts_a_volume_through_its_depth(widget, viewer):
    viewer.add_image(np.zeros((5, 60, 80)), name="stack", axis_labels=["z", "y", "x"])
    shapes = viewer.add_shapes([[[10, 20], [10, 40], [30, 40], [30, 20]]], name="regions")
    widget.input_form.roi.area.value = shapes
    assert isinstance(shapes, Shapes)
    assert widget.input_form.run_input().shape == (5, 21, 21)


@pytest.fixture
def shown(open_viewer, engine):
    """A widget in a window that is really drawn, with an image of 400 x 600 pixels."""
    from napari_backprop_segmentation.gui.widget import BackpropWidget

    def make(data, **settings):
        viewer = open_viewer(show=True, proxy=False)
        viewer.add_image(data, name="wide", **settings)
        widget = BackpropWidget(viewer)
        viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
        return viewer, widget

    return make


@pytest.mark.parametrize("multiscale", [False, True])
def test_the_view_is_what_the_window_shows(shown, engine, qtbot, multiscale):
    array = np.zeros((400, 600), np.uint8)
    data = [array, array[::2, ::2]] if multiscale else array
    viewer, widget = shown(data, multiscale=multiscale, scale=[0.5, 0.5], translate=[7, -3])
    viewer.reset_view()
    widget.input_form.roi.area.value = "view"
    assert widget.input_form.run_input().shape == (400, 600)
    twin = viewer.add_image(array, scale=[0.5, 0.5], translate=[7, -3])  # napari keeps the corners of such a layer
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    camera.center, camera.zoom = (0, 100, 120), 2 * camera.zoom
    viewer.layers.selection.active = viewer.layers["wide"]
    qtbot.waitUntil(lambda: bool(twin.corner_pixels[0].all()))
    run_input = widget.input_form.run_input()
    corners = twin.corner_pixels  # rounded outwards, while a pixel belongs to the view if its middle does
    np.testing.assert_allclose(run_input.shape, corners[1] - corners[0] + 1, atol=2)
    expected = twin.data_to_world(corners[0])
    np.testing.assert_allclose(run_input.placement["translate"], expected, atol=0.5 + 1e-9)
    start, stop = (int(v) for v in widget.input_form.describe().split("rows ")[1].split(" of ")[0].split(" to "))
    assert stop - start + 1 == run_input.shape[0]
    run_to_end(widget, engine, qtbot)
    viewer.dims.ndisplay = 3
    widget.run()
    assert widget.status.startswith("Switch the display to 2D first")


def test_the_view_that_moves_is_followed(shown, qtbot):
    viewer, widget = shown(np.zeros((400, 600), np.uint8))
    widget.input_form.roi.area.value = "view"
    before = widget._about_image.text()
    camera = viewer.scene.camera if hasattr(viewer, "scene") else viewer.camera
    camera.zoom = 3 * camera.zoom
    qtbot.waitUntil(lambda: widget._about_image.text() != before)


def test_data_that_is_replaced_by_other_data_is_understood_anew(widget, viewer, engine, qtbot):
    layer = viewer.add_image(np.zeros((5, 4, *SHAPE)), name="stack", axis_labels=["t", "foo", "y", "x"])
    widget.input_form.axes[1].value = "Z"
    layer.data = np.zeros(SHAPE)
    assert run_to_end(widget, engine, qtbot).axes == "YX"


def test_the_level_of_a_pyramid_is_chosen(widget, viewer, engine, qtbot):
    pyramid = [np.zeros((64, 48)), np.zeros((32, 24)), np.zeros((16, 12))]
    viewer.add_image(pyramid, multiscale=True, name="slide")
    assert rows(widget) == ["Image", "Level"]
    assert widget.input_form.describe() == "64 x 48, grey, 64-bit float; level 0 of a pyramid."
    widget.input_form.level.value = 2
    run_input = run_to_end(widget, engine, qtbot)
    assert run_input.shape == (16, 12)
    layer = viewer.layers["slide labels"]
    np.testing.assert_allclose(layer.data_to_world((0, 0)), (1.5, 1.5))
    np.testing.assert_allclose(layer.scale, (4, 4))
    viewer.layers.selection.active = viewer.layers["cells"]
    viewer.layers.selection.active = viewer.layers["slide"]
    assert widget.input_form.level.value == 2


def test_after_a_part_the_network_is_applied_to_all(widget, viewer, engine, qtbot):
    viewer.add_image(np.zeros((5, *SHAPE)), name="stack", axis_labels=["z", "y", "x"])
    assert widget.apply_button.native.isHidden()
    run_to_end(widget, engine, qtbot)
    assert widget.apply_button.native.isHidden()  # that was all
    viewer.layers.selection.active = viewer.layers["stack"]
    widget.input_form.roi.range.value = "Z"
    run_to_end(widget, engine, qtbot)
    assert not widget.apply_button.native.isHidden()
    assert widget.apply_button.tooltip.endswith("\nDepth 5 x 24 x 32, grey, 64-bit float.")
    assert run_to_end(widget, engine, qtbot, widget.apply).shape == (5, *SHAPE)
    assert engine.runs[-1].trained.network.ndim == 2
    assert engine.runs[-1].params.volumes == "slices"  # what was learned on a plane knows planes only
    shapes = {layer.name: layer.data.shape for layer in viewer.layers if layer.name.startswith("stack labels")}
    assert shapes == {"stack labels": (5, *SHAPE), "stack labels [1]": (1, *SHAPE)}  # the first, of all, has given way
    viewer.layers.remove("stack")
    assert widget.apply_button.native.isHidden()
    widget.apply()
    assert not widget.running


def test_frames_of_a_series_are_shown_as_they_come(widget, viewer, engine, qtbot, monkeypatch):
    from tests.gui.conftest import FakeStep

    from napari_backprop_segmentation.gui.run import worker

    def steps(run_input, params, control, trained=None, *_, **__):
        for frame in range(3):
            assert engine.gate.acquire(timeout=20)
            yield FakeStep(frame + 1, SHAPE, place=(frame,))
        return (yield from engine._steps(run_input.shape, params.replace(iterations=1), trained))

    monkeypatch.setattr(worker, "start_steps", steps)
    monkeypatch.setattr(worker, "PREVIEW_SECONDS", 0.0)
    viewer.add_image(np.zeros((3, *SHAPE)), name="movie", axis_labels=["t", "y", "x"])
    widget.run()
    layer = viewer.layers["movie labels"]
    for frame in range(3):
        control = widget._runs._controller._control
        qtbot.waitUntil(lambda control=control: control.heard)  # else the next step is kept for a later message
        control.message_seconds = 0.0
        engine.allow(1)
        qtbot.waitUntil(lambda frame=frame: bool(layer.data[frame].any()))
        assert [int(image.max()) for image in layer.data] == [*range(1, frame + 2), *[0] * (2 - frame)]
        assert widget.status.startswith(f"Frame {frame}: ")
    engine.allow(1)
    qtbot.waitUntil(lambda: not widget.running)
    assert (layer.data == 201).all()


class Recorder:
    """A lazy array that notes who reads how much of it at once."""

    def __init__(self, shape):
        self.shape, self.ndim, self.dtype = shape, len(shape), np.dtype(np.uint8)
        self.reads = []

    def __getitem__(self, key):
        rng = np.random.default_rng(0)
        pixels = np.broadcast_to(rng.integers(0, 255, self.shape[-2:], dtype=np.uint8), self.shape)[key]
        self.reads.append((threading.current_thread() is threading.main_thread(), pixels.size))
        return np.array(pixels)

    def __array__(self, dtype=None, copy=None):
        raise AssertionError("all of a lazy array was read at once")


def test_lazy_layers_are_read_piece_by_piece_and_never_by_the_window(widget, viewer, qtbot, notes, monkeypatch):
    from napari_backprop_segmentation.params.params import Params

    monkeypatch.setattr("napari_backprop_segmentation.image.source.SAMPLE_PIXELS", 10_000)
    monkeypatch.setattr("napari_backprop_segmentation.image.source.ALL_PIXELS", 10_000)
    array = Recorder((6, 5, 64, 64))
    viewer.add_image(array, name="lazy", axis_labels=["t", "z", "y", "x"], contrast_limits=(0, 255))
    widget.controls.fill(Params(n_channels=4, iterations=1, n_superpixels=50, volumes="slices", frames="once"))
    viewer.dims.set_current_step(0, 3)
    array.reads.clear()
    widget.input_form.describe()
    assert array.reads == []
    widget.run()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    assert notes == []
    assert viewer.layers["lazy labels"].data.shape == array.shape
    assert max(size for _, size in array.reads) <= array.shape[1] * 64 * 64
    in_window = [size for main, size in array.reads if main]
    assert all(size <= 64 * 64 for size in in_window)  # napari draws planes


def test_the_widget_opens_on_a_volume_that_is_there_already(viewer, notes):
    viewer.add_image(np.zeros((5, 16, 16), np.uint8), name="volume", axis_labels=["z", "y", "x"])
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    assert notes == []
    assert widget.input_form.roi.range.choices == ("", "Z")
    widget.input_form.roi.range.value = "Z"
    assert "only slice 2" in widget.input_form.describe()

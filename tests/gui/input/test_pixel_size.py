"""The size of a pixel as the layer says or the user types, and sizes in its unit."""

import numpy as np
import pytest
from napari.layers import Image

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.pixel_size import PixelSize, in_words, parse_pixel_size
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, Part
from napari_backprop_segmentation.gui.result import measuring
from napari_backprop_segmentation.gui.run.preview import METADATA

VOLUME = {"scale": (0.3, 0.1, 0.1), "units": ("um", "um", "um"), "axis_labels": ("z", "y", "x")}


@pytest.mark.parametrize(
    ("text", "n_axes", "expected"),
    [
        ("0.29 x 0.26 x 0.26 µm", 3, ((0.29, 0.26, 0.26), "µm")),
        ("0.29*0.26*0.26um", 3, ((0.29, 0.26, 0.26), "µm")),
        ("300; 100; 100 nm", 3, ((300, 100, 100), "nm")),
        ("0,3, 0,1, 0,1 mm", 3, ((0.3, 0.1, 0.1), "mm")),
        ("0.3 \N{MULTIPLICATION SIGN} 0.1", 2, ((0.3, 0.1), "inch")),
        ("5e-1", 2, ((0.5, 0.5), "inch")),
        ("2 pixel", 2, ((2, 2), "")),
        ("2 inch", 2, ((2, 2), "inch")),
    ],
)
def test_what_is_typed_is_understood(text, n_axes, expected):
    found = parse_pixel_size(text, n_axes, own_unit="inch")
    assert found == PixelSize(*expected)
    assert parse_pixel_size(in_words(found), n_axes, own_unit="inch") == found


@pytest.mark.parametrize("text", ["abc", "0.1 x 0.2 µm", "0 µm", "-1 µm", "nan µm", "1 x", "1 parsec", "1,2,3 µm"])
def test_what_is_no_size_is_refused_in_words(text):
    with pytest.raises(ImageError, match=r"pixel size must be .*, got|unit of the pixel size must be .*, got"):
        parse_pixel_size(text, 3)


def test_what_is_typed_is_of_the_finest_level_and_of_the_axes_that_are_taken():
    pyramid = Image([np.zeros((4, 32, 32)), np.zeros((4, 16, 16))], multiscale=True, **VOLUME)
    typed = PixelSize((3.0, 2.0, 1.0), "nm")
    found = run_input_of(LayerSelection((pyramid,), "ZYX", level=1, pixel=typed))
    assert (found.spacing, found.unit) == ((3.0, 4.0, 2.0), "nm")
    assert run_input_of(LayerSelection((pyramid,), "ZYX", part=Part({0: 1}), pixel=typed)).spacing == (2.0, 1.0)


def test_the_layers_size_is_shown_and_a_typed_one_counts_for_the_run_alone(widget, viewer, engine, qtbot):
    layer = viewer.add_image(np.random.default_rng(0).integers(0, 99, (6, 24, 32)), name="stack", **VOLUME)
    pixel = widget.input_form.pixel
    assert pixel.value == "0.3 x 0.1 x 0.1 µm"
    pixel.value = "1.5 x 0.5 x 0.5 um"
    assert "pixel 1.5 x 0.5 x 0.5 µm, as typed" in widget.input_form.describe()
    widget.run()
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    run_input = engine.runs[-1].run_input
    assert (run_input.spacing, run_input.unit) == ((1.5, 0.5, 0.5), "µm")
    np.testing.assert_allclose(layer.scale, VOLUME["scale"])
    labels = viewer.layers["stack labels"]
    np.testing.assert_allclose(labels.scale, VOLUME["scale"])
    assert labels.metadata[METADATA]["image"]["pixel"] == {"sizes": [1.5, 0.5, 0.5], "unit": "µm"}
    viewer.layers.selection.active = viewer.layers["cells"]
    assert pixel.value == "1 pixel"
    viewer.layers.selection.active = layer
    assert pixel.value == "1.5 x 0.5 x 0.5 um"
    pixel.value = ""
    assert widget.input_form.run_input().spacing == VOLUME["scale"]
    layer.scale = (0.6, 0.2, 0.2)
    assert pixel.value == "0.6 x 0.2 x 0.2 µm"


def test_what_cannot_be_read_is_said_and_no_run_begins(widget, engine, notes):
    widget.input_form.pixel.value = "small"
    assert widget.input_form.describe().startswith("Pixel size must be one positive number or 2, and a unit, got")
    assert not widget.run_button.enabled
    widget.run()
    assert not engine.runs


def test_other_axes_forget_a_size_of_three(widget, viewer):
    viewer.add_image(np.zeros((2, 24, 32), np.uint16), name="stack")
    axis, pixel = widget.input_form.axes[0], widget.input_form.pixel
    axis.value = "Z"
    pixel.value = "3 x 1 x 1 µm"
    axis.value = "T"
    assert pixel.value == "1 pixel"
    assert widget.input_form.describe() == "Time 2 x 24 x 32, grey, 16-bit."


def test_labels_are_measured_in_what_is_typed_now(widget, viewer, engine, qtbot, monkeypatch):
    monkeypatch.setattr(measuring, "EDIT_MS", 1)
    widget.run()
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    labels = viewer.layers["cells labels"]
    widget.input_form.pixel.value = "0.5 µm"
    widget.curation.measure()
    qtbot.waitUntil(lambda: "area (µm²)" in labels.features)
    assert labels.features["area (µm²)"].sum() == 24 * 32 / 4


def test_sizes_are_shown_and_typed_in_the_unit_of_the_image(widget, viewer):
    viewer.add_image(np.random.default_rng(0).random((6, 24, 32)), name="stack", **VOLUME)
    box, control = widget.controls.beside["min_object"].box, widget.controls["min_object"]
    control.value = 1000
    assert box.text() == "= 3.000 µm³"
    box.setValue(1.5)
    assert control.value == widget.state.params.min_object == 500
    largest = widget.controls.beside["max_object"].box
    assert largest.text() == "= no limit"
    largest.setValue(30.0)
    assert widget.state.params.max_object == 10_000
    widget.input_form.pixel.value = "1 µm"
    assert box.text() == "= 500 µm³"
    viewer.layers.selection.active = viewer.layers["cells"]
    assert box.isHidden()
    assert control.value == 500

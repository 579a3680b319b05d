"""The menu of a result, in the real widget: settings used again, texts that repeat it in another process, files."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from napari.layers import Labels
from npe2 import PluginManifest
from qtpy.QtWidgets import QApplication

import napari_backprop_segmentation
from napari_backprop_segmentation.gui.readers import labels_reader, model_reader
from napari_backprop_segmentation.gui.result import this_result
from napari_backprop_segmentation.gui.result.this_result import COMMAND, PYTHON, SAVE, USE
from napari_backprop_segmentation.gui.run.preview import KINDS, METADATA
from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import read_record
from napari_backprop_segmentation.io.write import write_labels
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.teaching.plain import runs_of

NAME = "napari-backprop-segmentation"
MANIFEST = Path(napari_backprop_segmentation.__file__).parent / "napari.yaml"
SETTINGS = {"n_channels": 8, "iterations": 3, "n_superpixels": 50, "min_labels": 0, "min_region": 1}
PLACED = {"scale": (0.5, 0.25), "translate": (3.0, -2.0), "rotate": 30.0, "units": ("um", "um")}


def choose(widget, text):
    (action,) = [each for each in widget.this_result.menu.actions() if each.text() == text]
    assert action.isEnabled(), text
    action.trigger()


def ran(widget, qtbot, **settings):
    widget.controls.fill(Params(**SETTINGS | settings))
    widget.run_button.native.click()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    return widget.state.result.layer


def copied(widget, qtbot, text):
    QApplication.clipboard().setText("")
    choose(widget, text)
    qtbot.waitUntil(lambda: bool(QApplication.clipboard().text()), timeout=20_000)
    return QApplication.clipboard().text()


def repeated(python, command, folder):
    """Return the labels that copied Python and a copied command make, in another process."""
    (line,) = [line for line in command.splitlines() if not line.startswith("#")]
    code = (
        f"{python}\nimport numpy, runpy, sys\nnumpy.save({str(folder / 'again.npy')!r}, labels)\n"
        f"sys.argv = {shlex.split(line)!r}\n"
        "runpy.run_module('napari_backprop_segmentation.cli.entry', run_name='__main__', alter_sys=True)\n"
    )
    words = [sys.executable, "-c", code]
    subprocess.run(words, check=True, timeout=120, cwd=folder, env=dict(os.environ), capture_output=True)
    return np.load(folder / "again.npy"), read_image(folder / "again.tif").pixels


@pytest.fixture
def on_file(viewer, image, tmp_path):
    """The widget, on an image that napari has read from a file."""
    tifffile.imwrite(tmp_path / "cells.tif", image)
    viewer.open(str(tmp_path / "cells.tif"), plugin="napari")
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    return widget


@pytest.fixture
def path(tmp_path, monkeypatch):
    """The file that is chosen in the dialog."""
    path = tmp_path / "cells labels.tif"
    monkeypatch.setattr(this_result, "ask_where_to_save", lambda *_: str(path))
    return path


def test_what_is_copied_repeats_the_result_in_another_process(on_file, qtbot, tmp_path):
    layer = ran(on_file, qtbot, automatic=True)
    on_file.controls["detail"].value = 80.0  # after the run
    text = copied(on_file, qtbot, PYTHON)
    assert f"open_image({str(tmp_path / 'cells.tif')!r}).pixels\n" in text
    assert on_file.status == "Copied Python that makes these labels again."
    command = copied(on_file, qtbot, COMMAND)
    assert on_file.status == "Copied the command that makes these labels again."
    for labels in repeated(text, command, tmp_path):
        np.testing.assert_array_equal(labels, layer.data)


@pytest.mark.slow
def test_a_loaded_network_is_applied_again_in_another_process(on_file, qtbot, tmp_path, monkeypatch):
    from napari_backprop_segmentation.gui.result import model_files

    model = tmp_path / "cells.safetensors"
    monkeypatch.setattr(model_files, "ask_where_to_save", lambda *_: str(model))
    ran(on_file, qtbot)
    on_file.model_files.save_button.native.click()
    qtbot.waitUntil(model.exists)
    on_file.model_files.open(model)
    qtbot.waitUntil(lambda: on_file.state.model is not None, timeout=20_000)
    on_file.model_files.apply_button.native.click()
    qtbot.waitUntil(lambda: not on_file.running, timeout=60_000)
    layer = on_file.state.result.layer
    assert layer.metadata[METADATA]["model_file"] == str(model)
    for labels in repeated(copied(on_file, qtbot, PYTHON), copied(on_file, qtbot, COMMAND), tmp_path):
        np.testing.assert_array_equal(labels, layer.data)


def test_a_layer_without_a_file_says_what_to_fill_in(widget, qtbot):
    layer = ran(widget, qtbot)
    text = copied(widget, qtbot, PYTHON)
    assert "image = FILL_IN  # put the pixels of 'cells' here (24 x 32, axes YX)" in text
    assert "Put in what stands at FILL_IN" in widget.status
    layer.data_setitem((np.array([3]), np.array([4])), 9)
    assert "# The labels were edited by hand after the run" in copied(widget, qtbot, PYTHON)
    assert "save the layer 'cells'" in copied(widget, qtbot, COMMAND)


def test_the_settings_of_a_layer_are_used_again(widget, viewer, qtbot):
    layer = ran(widget, qtbot, objects="bright", seed=5, detail=30.0)
    widget.preset.value = "em"
    assert widget.state.settings.seed == 0
    choose(widget, USE)
    assert widget.status == "The settings are those of 'cells labels' now."
    used = Params.from_dict({**layer.metadata[METADATA]["params"], "automatic": False})
    assert widget.state.settings == used
    assert (widget.controls["seed"].value, widget.controls["objects"].value) == (5, "bright")
    assert widget.preset.value in ("fast", "nuclei")
    before = layer.data.copy()
    widget.run_button.native.click()
    qtbot.waitUntil(lambda: not widget.running, timeout=60_000)
    np.testing.assert_array_equal(widget.state.result.layer.data, before)


def test_labels_of_others_have_nothing_to_repeat(widget, viewer):
    viewer.add_labels(np.ones((24, 32), np.uint8))
    assert not widget.curation.row.isHidden()
    assert [each.isEnabled() for each in widget.this_result.menu.actions() if each.text()] == [False] * 4


def test_saved_labels_come_back_as_they_were(widget, viewer, qtbot, path):
    image = viewer.layers["cells"]
    for name, value in PLACED.items():
        setattr(image, name, value)
    layer = ran(widget, qtbot, objects="bright")
    qtbot.waitUntil(lambda: "area (µm²)" in layer.features or len(layer.features.columns) > 2, timeout=20_000)
    choose(widget, SAVE)
    qtbot.waitUntil(lambda: widget.status == f"Saved the labels as {path.name}.", timeout=20_000)
    ((data, settings, _),) = labels_reader(str(path))(str(path))
    again = viewer.add_labels(data, **settings)
    np.testing.assert_array_equal(again.data, layer.data)
    for name in ("scale", "translate", "rotate", "shear"):
        np.testing.assert_allclose(getattr(again, name), getattr(layer, name))
    np.testing.assert_allclose(np.asarray(again.affine), np.asarray(layer.affine))
    assert (again.units, again.axis_labels) == (layer.units, layer.axis_labels)
    assert list(again.features.columns) == list(layer.features.columns)
    np.testing.assert_allclose(again.features.to_numpy(float), layer.features.to_numpy(float))
    viewer.layers.selection = {again}
    widget.preset.value = "em"
    choose(widget, USE)
    assert widget.state.settings == Params(**SETTINGS, objects="bright")
    assert read_image(path).calibration.sizes["X"] == (0.25, "µm")


def test_a_table_of_somebody_else_is_left_alone(widget, qtbot, path):
    layer = ran(widget, qtbot, objects="bright")
    qtbot.waitUntil(lambda: len(layer.features.columns) > 2, timeout=20_000)
    path.with_suffix(".csv").write_text("mine")
    choose(widget, SAVE)
    qtbot.waitUntil(lambda: "The table was left out" in widget.status, timeout=20_000)
    assert path.with_suffix(".csv").read_text() == "mine"


def test_labels_that_cannot_be_written_are_told_in_a_sentence(widget, qtbot, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(this_result, "ask_where_to_save", lambda *_: str(tmp_path / "file" / "labels.tif"))
    ran(widget, qtbot)
    choose(widget, SAVE)
    qtbot.waitUntil(
        lambda: widget.status.startswith("The labels were not saved. Labels must be written"), timeout=20_000
    )


def test_napari_opens_saved_labels(npe2pm, viewer, regions, path):
    write_labels(path, regions.labels, regions.record)
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(MANIFEST)):
        (layer,) = viewer.open(str(path), plugin=None)
    assert isinstance(layer, Labels)
    np.testing.assert_array_equal(layer.data, regions.labels)
    assert layer.metadata[METADATA]["params"] == regions.record["params"]


def test_kinds_come_back_with_their_names_and_colours(model, tmp_path):
    from napari_backprop_segmentation.gui.result.saved_labels import kinds_in, layer_data, to_save
    from napari_backprop_segmentation.io.label_layer import read_layer, write_layer

    drawn = Labels(np.array([[0, 1], [2, 2]], np.uint16))
    kinds = kinds_in(drawn, {1: "vein"}, [0, 1, 2])
    record = {
        "params": Params().to_dict(),
        "axes": "YX",
        "regions": "kinds",
        KINDS: kinds,
        "drawn": runs_of(drawn.data),
    }
    layer = model.add_labels(np.array([[1, 1], [2, 2]]), metadata={METADATA: record})
    write_layer(tmp_path / "labels.tif", *to_save(layer, record))
    again = Labels(
        layer_data(read_layer(tmp_path / "labels.tif"), "x")[0],
        **layer_data(read_layer(tmp_path / "labels.tif"), "x")[1],
    )
    assert again.metadata[METADATA][KINDS]["1"]["name"] == "vein"
    np.testing.assert_allclose(again.get_color(2), drawn.get_color(2), atol=0.01)


@pytest.mark.parametrize("name", ["their labels.tif", "their labels.tiff", "their.safetensors", "their labels.png"])
def test_files_of_others_are_declined(tmp_path, name, image):
    path = tmp_path / name
    if path.suffix.startswith(".tif"):
        theirs = {"ome": True} if name.endswith("tif") else {"description": '{"params": 3}', "metadata": None}
        tifffile.imwrite(path, image, **theirs)
    else:
        path.write_bytes(b'\x10\0\0\0\0\0\0\0{"w": {}}')
    assert labels_reader(str(path)) is None
    assert model_reader(str(path)) is None
    assert labels_reader([str(path)]) is None
    assert labels_reader(str(tmp_path / "none labels.tif")) is None


def test_a_dropped_network_opens_the_widget_with_it(npe2pm, viewer, regions, image, tmp_path, qtbot):
    from napari_backprop_segmentation.io.model_file import save_model

    path = tmp_path / "cells.safetensors"
    save_model(path, regions.model)
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(MANIFEST)):
        viewer.add_image(image)
        assert viewer.open(str(path), plugin=None) == []
        (widget,) = (w for w in viewer.window.dock_widgets.values() if isinstance(w, BackpropWidget))
        qtbot.waitUntil(lambda: widget.state.model is not None, timeout=20_000)
        assert widget.status.startswith("Loaded the model cells.safetensors.")
        assert widget.model_files.folded.unfolded
        path.write_bytes(path.read_bytes()[:5000])
        viewer.open(str(path), plugin=None)
        qtbot.waitUntil(lambda: widget.status.startswith("cells.safetensors was not loaded."), timeout=20_000)


def test_the_files_of_the_command_line_open_with_their_place(tmp_path, image):
    from napari_backprop_segmentation.cli.main import main

    tifffile.imwrite(
        tmp_path / "cells.tif", image, ome=True, metadata={"axes": "YX", "PhysicalSizeX": 0.25, "PhysicalSizeY": 0.5}
    )
    out = tmp_path / "cells_labels.tif"
    quick = ["--n-channels", "8", "--iterations", "3", "--n-superpixels", "50", "--min-labels", "0", "--quiet"]
    assert main(["run", str(tmp_path / "cells.tif"), "-o", str(out), "--table", *quick]) == 0
    ((data, settings, kind),) = labels_reader(str(out))(str(out))
    layer = Labels(data, **settings)
    assert (kind, layer.scale.tolist(), [str(unit) for unit in layer.units]) == (
        "labels",
        [0.5, 0.25],
        ["micrometer"] * 2,
    )
    assert "index" in layer.features
    assert layer.metadata[METADATA]["params"] == read_record(out)["params"]

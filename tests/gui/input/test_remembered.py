"""Settings from session to session, in the real widget: taken up again, reset, and never in the way of opening it."""

import json
from pathlib import Path

import pytest
from napari import settings
from npe2 import PluginManifest

import napari_backprop_segmentation
from napari_backprop_segmentation.gui.input import remembered
from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.io.kept_settings import KeptSettings, keep, kept
from napari_backprop_segmentation.params.params import Params

asked = remembered.wanted  # the real one, whatever stands for it
MANIFEST = Path(napari_backprop_segmentation.__file__).parent / "napari.yaml"
NAME = "napari-backprop-segmentation"


@pytest.fixture
def viewer(viewer, image):
    viewer.add_image(image, name="cells")
    return viewer


def open_widget(viewer):
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    return widget


def close(viewer, widget, qtbot):
    viewer.window.remove_dock_widget(widget.native)
    gone = []
    widget.native.destroyed.connect(lambda: gone.append(True))
    widget.native.deleteLater()  # which napari does not
    qtbot.waitUntil(lambda: bool(gone))
    qtbot.wait(50)


def test_a_widget_that_is_opened_again_has_the_settings_it_was_closed_with(viewer, qtbot):
    first = open_widget(viewer)
    assert first.state.params == Params.preset("auto")
    first.preset.value = "nuclei"
    first.controls["seed"].value = 7
    first.controls["split_objects"].value = False
    before = first.state.params
    close(viewer, first, qtbot)
    again = open_widget(viewer)
    assert again.preset.value == "nuclei"
    assert (again.state.params, again.state.params.given) == (before, before.given)
    assert (again.controls["seed"].value, again.controls["split_objects"].value) == (7, False)
    assert again._about_preset.text().endswith("Changed: split touching, seed.")


def test_what_is_wanted_comes_back_also_where_the_image_decides_the_rest(viewer, settings_file, qtbot):
    first = open_widget(viewer)
    first.wanted.switch.buttons["Regions"].click()
    qtbot.waitUntil(settings_file.exists)  # a moment later, without closing
    close(viewer, first, qtbot)
    again = open_widget(viewer)
    assert again.wanted.switch.value == "Regions"
    again.wanted.switch.buttons["Automatic"].click()
    close(viewer, again, qtbot)
    assert open_widget(viewer).wanted.switch.value == "Automatic"


def test_reset_goes_back_to_the_beginning_and_forgets(viewer, settings_file, qtbot):
    first = open_widget(viewer)
    first.preset.value = "em"
    first.controls["iterations"].value = 3
    first.more.reset_button.click()
    assert (first.preset.value, first.state.params) == ("auto", Params.preset("auto"))
    assert first.controls["iterations"].value == 20
    close(viewer, first, qtbot)
    assert not settings_file.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"[" * 5000,
        b'{"preset": [1], "settings": {}}',
        b'{"preset": "gone", "settings": {}}',
        b'{"preset": "em", "settings": 3}',
        b'{"preset": "em"}',
    ],
)
def test_a_damaged_file_is_as_none(settings_file, content):
    settings_file.parent.mkdir()
    settings_file.write_bytes(content)
    last = remembered.taken_up()  # what a widget is opened with
    assert (last.preset, last.params()) == ("auto", Params.preset("auto"))


def test_a_widget_opens_where_the_file_is_damaged(viewer, settings_file):
    settings_file.parent.mkdir()
    settings_file.write_bytes(b'{"preset": "gone", "settings": {}}')
    assert open_widget(viewer).state.params == Params.preset("auto")


def test_settings_of_another_version_are_left_out_one_by_one(settings_file):
    settings_file.parent.mkdir()
    told = {"preset": "em", "settings": {"seed": 4, "gone": 1, "iterations": "many", "detail": 1e9}}
    settings_file.write_text(json.dumps(told))
    assert kept() == KeptSettings("em", {"seed": 4})


def test_a_folder_that_cannot_be_written_to_is_no_trouble(viewer, settings_file, qtbot):
    settings_file.parent.write_text("a file where a folder should be")
    widget = open_widget(viewer)
    widget.preset.value = "em"
    close(viewer, widget, qtbot)
    keep(KeptSettings("em"))
    assert settings_file.parent.read_text().startswith("a file")


@pytest.mark.skipif(not hasattr(settings, "get_plugin_settings"), reason="napari 0.6 has no preferences of plugins")
def test_the_preferences_of_napari_can_switch_it_off(npe2pm, plugin_settings, viewer, settings_file, monkeypatch):
    monkeypatch.setattr(remembered, "wanted", asked)
    keep(KeptSettings("em"))
    assert asked()  # the plugin is not known here
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(MANIFEST)):
        assert open_widget(viewer).preset.value == "em"
        settings.get_plugin_settings(NAME).general.remember = False
        widget = open_widget(viewer)
        assert widget.preset.value == "auto"
        widget.preset.value = "nuclei"
        widget._remembered.close()
    assert kept().preset == "em"

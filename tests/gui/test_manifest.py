from pathlib import Path

import numpy as np
import pytest
import yaml
from napari._app_model.constants import MenuId
from npe2 import PluginManifest
from npe2.manifest.contributions import ContributionPoints

import napari_backprop_segmentation
from napari_backprop_segmentation.gui.samples import open_sample
from napari_backprop_segmentation.io import samples

PATH = Path(napari_backprop_segmentation.__file__).parent / "napari.yaml"
RAW = yaml.safe_load(PATH.read_text())
ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAME = "napari-backprop-segmentation"


@pytest.fixture(scope="module")
def manifest():
    return PluginManifest.from_file(PATH)


def test_manifest_is_the_one_that_is_installed(manifest):
    assert PluginManifest.from_distribution(NAME).contributions == manifest.contributions


def test_everything_it_names_can_be_imported(manifest):
    manifest.validate_imports()


def test_no_key_is_unknown():
    """The validator ignores keys it does not know: a misspelt one would silently do nothing."""
    assert set(RAW) <= set(PluginManifest.model_fields)
    assert set(RAW["contributions"]) <= set(ContributionPoints.model_fields)


def test_every_command_that_is_used_is_declared_and_the_other_way_round():
    contributions = RAW["contributions"]
    declared = {command["id"] for command in contributions["commands"]}
    used = {item["command"] for key in ("widgets", "sample_data", "readers") for item in contributions[key]}
    in_menus = {item["command"] for items in contributions["menus"].values() for item in items}
    assert used | in_menus <= declared
    # What is neither a widget nor a sample is for the command palette.
    assert {name.split(".")[-1] for name in declared - used} == {"run", "pause", "stop", "cancel", "apply"}


def test_menus_exist():
    """The names of menus that do not exist are dropped without a word."""
    assert set(RAW["contributions"]["menus"]) <= {str(menu.value) for menu in MenuId.contributables()}


def test_every_sample_is_on_offer_under_its_title():
    offered = {sample["key"]: sample["display_name"] for sample in RAW["contributions"]["sample_data"]}
    assert offered == {name: sample.title for name, sample in samples.SAMPLES.items()}


@pytest.mark.parametrize("name", samples.SAMPLES)
def test_samples_need_no_network_and_say_what_to_do_with_them(name, monkeypatch, notes):
    def fail(*_, **__):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("socket.socket.connect", fail)
    ((array, settings, kind),) = open_sample(name)
    assert kind == "image"
    assert array.size > 100_000
    assert np.ptp(array) > 0
    assert len(settings["axis_labels"]) == array.ndim - settings.get("rgb", False)
    advice = samples.SAMPLES[name].advice
    assert notes == [("info", advice)]
    assert advice in " ".join(README.split())
    assert f"*{samples.SAMPLES[name].title}*" in README


def test_the_plugin_opens_from_the_menus_and_the_palette(npe2pm, make_napari_viewer, monkeypatch, qtbot):
    from napari._app_model import get_app_model

    from napari_backprop_segmentation.gui.widget import BackpropWidget

    pressed = []
    for name in ("run", "pause", "stop", "cancel", "apply"):
        monkeypatch.setattr(BackpropWidget, name, lambda self, name=name: pressed.append(name))
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(PATH)):
        viewer = make_napari_viewer()
        app = get_app_model()
        entries = {item.command.id: item.command.title for item in app.menus.get_menu("napari/layers/segment")}
        assert f"*Layers > Segment > {entries[f'{NAME}.widget']}*" in README
        for name in ("run", "pause", "stop", "cancel", "apply"):
            app.commands.execute_command(f"{NAME}.{name}").result()
        assert pressed == ["run", "pause", "stop", "cancel", "apply"]
        assert len(viewer.window.dock_widgets) == 1
        viewer.open_sample(NAME, "fluorescence")
        (widget,) = (w for w in viewer.window.dock_widgets.values() if isinstance(w, BackpropWidget))
        assert widget.input_form.describe() == "512 x 512, 2 channels, 16-bit; pixel 0.325 µm."
        assert widget.input_form.channels.names == ("cytoplasm", "nuclei")
        assert widget.status == samples.SAMPLES["fluorescence"].advice


def test_quickstart_opens_the_widget_with_a_result_that_can_be_worked_on(npe2pm, viewer, regions, image, monkeypatch):
    """What `./quickstart` shows: the commands of its script, in a window whose event loop does not run."""
    import napari

    from napari_backprop_segmentation.cli import window

    monkeypatch.setattr(napari, "Viewer", lambda **_: viewer)
    assert (ROOT / "quickstart").read_text().rstrip().endswith('exec .venv/bin/backprop-segment demo "$@"')
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(PATH)):
        window.open_viewer(image, regions, "YX", "cells")
        (widget,) = viewer.window.dock_widgets.values()
        assert [layer.name for layer in viewer.layers] == ["cells", "cells labels"]
        layer = viewer.layers["cells labels"]
        np.testing.assert_array_equal(layer.data, regions.labels)
        assert layer.editable
        assert widget.status.startswith("Done in ")
        assert not widget.curation.row.isHidden()
        before = regions.hierarchy.count(widget.state.detail)
        widget.controls["detail"].value = 100.0
        assert len(np.unique(layer.data)) == regions.hierarchy.count(100) > before
        assert widget.run_button.enabled


def test_quickstart_shows_the_labels_where_the_plugin_is_disabled(npe2pm, viewer, regions, image, monkeypatch):
    import napari

    from napari_backprop_segmentation.cli import window

    monkeypatch.setattr(napari, "Viewer", lambda **_: viewer)
    window.open_viewer(image, regions, "YX", "cells")
    assert [layer.name for layer in viewer.layers] == ["cells", "cells labels"]
    assert not viewer.window.dock_widgets

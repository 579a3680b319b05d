from pathlib import Path

import numpy as np
import pytest
import yaml
from napari._app_model.constants import MenuId
from npe2 import PluginManifest
from npe2.manifest.contributions import ContributionPoints

import napari_backprop_segmentation
from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui.samples import open_sample
from napari_backprop_segmentation.io import samples

PATH = Path(napari_backprop_segmentation.__file__).parent / "napari.yaml"
RAW = yaml.safe_load(PATH.read_text())
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
    used = {item["command"] for key in ("widgets", "sample_data") for item in contributions[key]}
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


@pytest.mark.parametrize("name", [name for name, sample in samples.SAMPLES.items() if not sample.online])
def test_offline_samples_need_no_network(name):
    ((array, settings, kind),) = open_sample(name)
    assert kind == "image"
    assert array.size > 100_000
    assert np.ptp(array) > 0
    assert len(settings["axis_labels"]) == array.ndim - settings.get("rgb", False)


@pytest.mark.parametrize("name", [name for name, sample in samples.SAMPLES.items() if sample.online])
def test_online_samples_say_what_to_do_when_offline(name, monkeypatch):
    def fail(*_, **__):
        raise ConnectionError("no route to host")

    monkeypatch.setattr("skimage.data._fetchers._fetch", fail)
    with pytest.raises(SegmentationError, match=f"'{name}' must be downloaded once, .*; connect to the internet, or"):
        open_sample(name)


def test_the_plugin_opens_from_the_menus_and_the_palette(npe2pm, make_napari_viewer, monkeypatch, qtbot):
    from napari._app_model import get_app_model

    from napari_backprop_segmentation.gui.widget import BackpropWidget

    pressed = []
    for name in ("run", "pause", "stop", "cancel", "apply"):
        monkeypatch.setattr(BackpropWidget, name, lambda self, name=name: pressed.append(name))
    with npe2pm.tmp_plugin(manifest=PluginManifest.from_file(PATH)):
        viewer = make_napari_viewer()
        app = get_app_model()
        assert f"{NAME}.widget" in {item.command.id for item in app.menus.get_menu("napari/layers/segment")}
        for name in ("run", "pause", "stop", "cancel", "apply"):
            app.commands.execute_command(f"{NAME}.{name}").result()
        assert pressed == ["run", "pause", "stop", "cancel", "apply"]
        assert len(viewer.window.dock_widgets) == 1
        viewer.open_sample(NAME, "fluorescence")
        (widget,) = (w for w in viewer.window.dock_widgets.values() if isinstance(w, BackpropWidget))
        assert widget.input_form.describe() == "512 x 512, 2 channels, 16-bit; pixel 0.325 µm."

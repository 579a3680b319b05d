"""The switch on top of the settings and the rows under it, in the real widget."""

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication

from napari_backprop_segmentation.gui.input.more_settings import matches
from napari_backprop_segmentation.gui.input.wanted import OPEN, Wanted, settings_for, wanted_of
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import PRESETS
from napari_backprop_segmentation.pipeline import settle

OBJECTS = {"objects", "sensitivity", "min_object", "max_object", "split_objects", "fill_holes"}
REGIONS = {"detail", "n_regions"}


def window_of(viewer):
    """Return the main window: through the wrapper that plugins get, it is not to be had."""
    return getattr(viewer, "__wrapped__", viewer).window._qt_window


def shown(widget):
    """Return the settings that are shown under the switch."""
    return {name for name in OBJECTS | REGIONS if in_sight(widget, name)}


def in_sight(widget, name):
    native = widget.controls[name].native
    return native.isVisibleTo(widget.native)


def press(widget, text, qtbot):
    qtbot.mouseClick(widget.wanted.switch.buttons[text], Qt.MouseButton.LeftButton)


def test_the_settings_that_say_what_is_wanted_are_those_the_engine_knows():
    assert OPEN == settle.OPEN


@pytest.mark.parametrize("wanted", [each for each in Wanted if each is not Wanted.AUTOMATIC])
@pytest.mark.parametrize("preset", PRESETS)
def test_what_is_chosen_is_what_the_settings_say(wanted, preset):
    params = Params.preset(preset)
    chosen = params.replace(**settings_for(wanted, params, params.objects))
    assert wanted_of(chosen) is wanted
    assert {"objects", "reading"} <= chosen.given


def test_a_preset_moves_the_switch(widget):
    texts = {"nuclei": "Objects", "fast": "Regions", "published-2018": "As trained", "auto": "Automatic"}
    for preset, text in texts.items():
        widget.preset.value = preset
        assert widget.wanted.switch.value == text


def test_under_the_switch_is_only_what_belongs_to_it(widget, qtbot):
    said = widget.wanted._meaning
    rows = {"Objects": OBJECTS, "Regions": REGIONS, "Classes": REGIONS, "As trained": set(), "Automatic": set()}
    for before in ("As trained", "Classes"):
        for text, expected in rows.items():
            press(widget, before, qtbot)
            press(widget, text, qtbot)
            assert widget.wanted.switch.value == text
            assert shown(widget) == expected, (before, text)
            assert said.isVisibleTo(widget.native) == (text == "As trained")  # the preset says enough of Automatic


def test_the_number_is_called_by_what_is_counted(widget, qtbot):
    press(widget, "Classes", qtbot)
    assert widget.controls.titles["n_regions"].text() == "Number of classes"
    press(widget, "Regions", qtbot)
    assert widget.controls.titles["n_regions"].text() == "Number of regions"


def test_the_engine_is_asked_for_what_the_switch_says(widget, engine, qtbot):
    asked = {}
    for text in ("Objects", "Regions", "Classes", "As trained", "Automatic"):
        press(widget, text, qtbot)
        widget.run()
        engine.allow(1000)
        qtbot.waitUntil(lambda: not widget.running)
        engine.gate = type(engine.gate)(0)
        asked[text] = engine.runs[-1].params
    assert (asked["Objects"].objects, asked["Objects"].automatic) == ("auto", True)
    assert "objects" in asked["Regions"].given
    assert (asked["Regions"].objects, asked["Regions"].regions) == ("off", "merged")
    assert (asked["Classes"].objects, asked["Classes"].regions) == ("off", "classes")
    assert asked["As trained"].regions == "trained"
    assert asked["Automatic"] == Params.preset("auto")
    assert asked["Automatic"].given == frozenset()


def test_automatic_leaves_open_what_is_wanted_and_keeps_what_else_was_given(widget, qtbot):
    widget.preset.value = "nuclei"
    widget.controls["iterations"].value = 7
    press(widget, "Automatic", qtbot)
    assert widget.preset.value == "auto"
    assert widget.state.params == Params.preset("auto", iterations=7)
    assert widget.state.params.given == {"iterations"}


def test_the_switch_is_one_stop_for_the_keyboard_and_arrows_go_along_it(widget, viewer, qtbot):
    window_of(viewer).show()
    first, second = widget.wanted.switch.buttons["Automatic"], widget.wanted.switch.buttons["Objects"]
    first.setFocus()
    qtbot.keyClick(first, Qt.Key.Key_Right)
    assert widget.wanted.switch.value == "Objects"
    assert second.isChecked()
    assert second.accessibleName() == "What is wanted: Objects"


def test_the_switch_rests_during_a_run(widget, engine, qtbot):
    widget.run()
    qtbot.waitUntil(lambda: len(engine.runs) == 1)
    assert not widget.wanted.switch.isEnabled()
    press(widget, "Objects", qtbot)
    assert widget.wanted.switch.value == "Automatic"
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    assert widget.wanted.switch.isEnabled()


def test_a_search_shows_the_settings_with_the_word_in_title_name_or_description(widget):
    widget.more.folded.unfold()
    widget.more.search.setText("seed")
    rows = {name for name in widget.controls.titles if in_sight(widget, name)}
    assert "seed" in rows
    assert "iterations" not in rows
    by_name = {setting.name: setting for members in Params.groups().values() for setting in members}
    assert all(matches(by_name[name], ["seed"]) for name in rows - OBJECTS - REGIONS)
    widget.more.search.setText("no such words")
    assert not {name for name in widget.controls.titles if in_sight(widget, name)}
    assert widget.more._none.isVisibleTo(widget.native)
    widget.more.search.clear()
    rows = {name for name in widget.controls.titles if in_sight(widget, name)}
    assert rows == set(widget.controls.titles) - OBJECTS - REGIONS


def stops(widget):
    """Return the widgets of the panel that Tab goes to, in order."""
    first = current = widget.native
    found = []
    while (current := current.nextInFocusChain()) is not first:
        inside = widget.native.isAncestorOf(current)
        if inside and current.focusPolicy() & Qt.FocusPolicy.TabFocus and current.isVisible() and current.isEnabled():
            found.append(current)
    return found


@pytest.mark.usefixtures("styled")
def test_every_stop_of_the_keyboard_can_be_seen(widget, viewer, qtbot):
    window_of(viewer).show()
    for text in ("Automatic", "Objects", "Regions"):
        press(widget, text, qtbot)
        QApplication.processEvents()
        found = stops(widget)
        assert widget.run_button.native in found
        assert all(stop.width() > 4 and stop.height() > 4 for stop in found), text
        assert not any(widget.more.folded.content.isAncestorOf(stop) for stop in found), text


@pytest.mark.usefixtures("styled")
def test_nothing_is_wider_than_the_narrowest_dock(widget, viewer, qtbot):
    window = window_of(viewer)
    window.show()
    widget.native.setFixedWidth(300)
    for text in widget.wanted.switch.buttons:
        press(widget, text, qtbot)
        QApplication.processEvents()
        for button in widget.wanted.switch.buttons.values():
            needed = button.fontMetrics().horizontalAdvance(button.text())
            assert button.width() >= needed, (button.text(), button.width(), needed)
            right = button.mapTo(widget.native, button.rect().topRight()).x()
            assert right < 300, (button.text(), right)


def test_a_checkbox_says_its_name_once(widget, qtbot):
    press(widget, "Objects", qtbot)
    for name in ("split_objects", "fill_holes"):
        assert widget.controls[name].native.text() == widget.controls[name].label
        assert name not in widget.controls.titles
    assert widget.controls["drop_border"].native.text() == ""
    assert widget.controls.titles["drop_border"].text() == "Leave out cut ones"


def test_run_rests_with_the_reason_until_there_is_an_image(widget, viewer, image):
    assert widget.run_button.enabled
    viewer.layers.clear()
    assert not widget.run_button.enabled
    assert widget._about_image.text().startswith("Choose an image first")
    viewer.add_image(np.zeros((3, 4, 5, 6, 7, 8), np.uint8), name="too many axes")
    assert not widget.run_button.enabled
    assert widget._about_image.text()
    viewer.add_image(image, name="cells")
    assert widget.run_button.enabled


@pytest.mark.usefixtures("styled")
def test_run_stays_where_it_is(widget, viewer, engine, qtbot):
    window_of(viewer).show()
    places = set()

    def look():
        QApplication.processEvents()
        native = widget.run_button.native
        places.add((native.mapTo(widget.native, native.rect().topLeft()).y(), native.height()))

    look()
    for text in widget.wanted.switch.buttons:
        press(widget, text, qtbot)
        look()
    widget.more.folded.unfold()
    look()
    widget.run()
    engine.allow(1)
    qtbot.waitUntil(lambda: len(widget.chart.points) == 1)
    look()
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    look()
    viewer.layers.clear()
    look()
    assert len(places) == 1


def test_the_plot_is_there_while_there_is_something_to_watch(widget, viewer, engine, qtbot, image):
    assert not widget.plot.isVisibleTo(widget.native)
    widget.run()
    engine.allow(1)
    qtbot.waitUntil(lambda: len(widget.chart.points) == 1)
    assert widget.chart.isVisibleTo(widget.native)
    engine.allow(1000)
    qtbot.waitUntil(lambda: not widget.running)
    assert not widget.chart.isVisibleTo(widget.native)
    assert widget.plot.isVisibleTo(widget.native)
    widget.plot.button.click()
    assert widget.chart.isVisibleTo(widget.native)
    viewer.add_image(image, name="other")
    assert not widget.plot.isVisibleTo(widget.native)  # it was of the image before


@pytest.mark.usefixtures("styled")
def test_dim_text_can_be_read_in_both_themes(widget, viewer):
    from napari_backprop_segmentation.gui.colours import LEAST_CONTRAST, contrast

    window_of(viewer).show()
    for theme in ("dark", "light"):
        viewer.theme = theme
        QApplication.processEvents()
        label = widget._about_preset
        text, ground = label.palette().windowText().color(), widget.native.grab().toImage().pixelColor(1, 1)
        label.ensurePolished()
        assert label.isEnabled()
        assert contrast(text.getRgb()[:3], ground.getRgb()[:3]) >= LEAST_CONTRAST, theme
        assert text != widget._status.palette().windowText().color(), theme

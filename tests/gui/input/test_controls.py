from dataclasses import dataclass, field, fields

import pytest
from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, SpinBox
from qtpy.QtCore import QSize
from qtpy.QtGui import QResizeEvent
from qtpy.QtWidgets import QApplication

from napari_backprop_segmentation.gui.input import controls
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.params.fields import choices
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import PRESETS

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def made(state):
    return controls.Controls(state)


def values(made):
    return {setting.name: made[setting.name].value for setting in fields(Params)}


def test_every_setting_has_a_control_with_its_words_and_limits(made):
    for setting in fields(Params):
        control = made[setting.name]
        assert control.label == setting.metadata["title"]
        assert control.tooltip.startswith(setting.metadata["description"])
        assert control.value == setting.default
        if options := choices(setting):
            assert control.choices == options
        elif setting.type is bool:
            assert isinstance(control, CheckBox)
        else:
            low = setting.metadata["minimum"]
            # A positive number is shown with at least two digits, and zero is not positive.
            assert control.min == (0.01 if 0 < low < 0.01 else low)
            assert control.max == setting.metadata["maximum"]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_goes_through_the_controls_unchanged(made, name):
    made.fill(Params.preset(name))
    assert values(made) == Params.preset(name).to_dict()
    assert made.params() == Params.preset(name)
    assert controls.differing(made.params(), Params.preset(name)) == []


def test_small_numbers_are_not_rounded_away(made):
    odd = Params(learning_rate=1.25e-05, momentum=0.999)
    made.fill(odd)
    assert values(made) == odd.to_dict()


def test_a_new_setting_gets_a_control_by_itself(monkeypatch):
    def setting(default, **limits):
        return field(default=default, metadata={"group": "new", "title": "T", "description": "D", **limits})

    @dataclass(frozen=True, kw_only=True)
    class More(Params):
        flag: bool = setting(True)
        unlimited: int = setting(7)
        share: float = setting(0.125, minimum=0.0, maximum=1.0)

    monkeypatch.setattr(controls, "Params", More)
    made = controls.Controls(State(More()))
    kinds = {name: type(made[name]) for name in ("flag", "unlimited", "share", "method")}
    assert kinds == {"flag": CheckBox, "unlimited": SpinBox, "share": FloatSpinBox, "method": ComboBox}
    assert made.params() == More()
    made["flag"].value = False
    assert made.params() == More(flag=False)


def test_the_least_value_is_said_in_words_where_it_means_something(made, state):
    box = made["max_object"].native
    edit = box.lineEdit()
    assert (edit.text(), edit.placeholderText(), box.value()) == ("", "no limit", 0)
    for width, said in ((20, "\N{EN DASH}"), (200, "no limit")):
        edit.setFixedWidth(width)
        QApplication.sendEvent(edit, QResizeEvent(edit.size(), QSize()))
        assert edit.placeholderText() == said
    box.stepUp()
    assert (edit.text(), state.params.max_object) == ("1", 1)
    edit.setText("250")
    assert state.params.max_object == 250
    edit.setText("0")
    assert (edit.text(), state.params.max_object) == ("", 0)
    state.change("max_object", 7)
    assert edit.text() == "7"
    state.fill(Params())
    assert edit.text() == ""
    assert made["min_object"].native.lineEdit().placeholderText() == "by itself"


def test_changes_are_told_once_and_named(made, state):
    told = []
    state.events.params.connect(lambda _: told.append(True))
    made.fill(Params(n_layers=5, iterations=3))
    assert len(told) == 1
    made["n_layers"].value = 4
    assert len(told) == 2
    assert controls.differing(made.params(), Params()) == ["Iterations", "Layers"]
    assert made.params().given >= {"n_layers"}

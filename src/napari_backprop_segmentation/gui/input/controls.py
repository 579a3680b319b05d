"""Controls made from the metadata of Params: one a setting, so that a new setting appears by itself."""

from collections.abc import Mapping
from dataclasses import Field, fields
from decimal import Decimal
from functools import partial
from typing import Any

from magicgui import widgets
from magicgui.widgets import CheckBox, ComboBox, FloatSpinBox, SpinBox
from magicgui.widgets.bases import ValueWidget
from qtpy.QtWidgets import QLabel

from napari_backprop_segmentation.gui.input.size_in_units import SizeInUnits
from napari_backprop_segmentation.gui.input.special_value import NamedLeast
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.params.fields import choices
from napari_backprop_segmentation.params.params import Params

MIN_DECIMALS = 2
FOUND = "as found"  # what that is stands above it: names of readings are wider than a control


def make_control(setting: "Field[Any]") -> ValueWidget[Any]:
    """Return the control of a field of Params.

    Parameters
    ----------
    setting : dataclasses.Field
        Its type chooses the control; its metadata gives label, tooltip and limits.
    """
    meta = setting.metadata
    tooltip = f"{meta['description']}\nDefault: {setting.default}"
    common = {"name": setting.name, "label": meta["title"], "tooltip": tooltip, "value": setting.default}
    control = _bare_control(setting, common)
    control.native.setAccessibleName(meta["title"])
    return control


def _bare_control(setting: "Field[Any]", common: Mapping[str, Any]) -> ValueWidget[Any]:
    meta = setting.metadata
    if options := choices(setting):
        return ComboBox(choices=options, **common)
    if setting.type is bool:
        return CheckBox(text="", **common)
    limits = {short: meta[name] for short, name in (("min", "minimum"), ("max", "maximum")) if name in meta}
    if "widget" in meta:
        return getattr(widgets, meta["widget"])(**limits, **common)  # type: ignore[no-any-return]
    control = (SpinBox if setting.type is int else FloatSpinBox)(**limits, **common)
    if "special" in meta:
        NamedLeast(control.native, meta["minimum"], meta["special"])
    control.adaptive_step = setting.name != "n_regions"  # each number is worth a look
    return control


class Controls:
    """All settings of a run as controls.

    Parameters
    ----------
    state : State
        Whose settings are shown and changed.

    Attributes
    ----------
    titles : dict of str to QLabel
        What stands before the controls that are in a form.
    beside : dict of str to SizeInUnits
        What stands beside the controls of sizes in pixels.
    """

    def __init__(self, state: State) -> None:
        self.titles: dict[str, QLabel] = {}
        self.beside: dict[str, SizeInUnits] = {}
        self._state = state
        self._controls = {setting.name: make_control(setting) for setting in fields(Params)}
        for setting in fields(Params):
            self._show_value(setting)
        for name, control in self._controls.items():
            control.changed.connect(partial(state.change, name))
        self.beside = {
            setting.name: SizeInUnits(state, self._controls[setting.name], setting)
            for setting in fields(Params)
            if setting.metadata.get("in_pixels")
        }
        events = state.events
        heard = (events.params, events.detail, events.result, events.labels, events.input, events.taken, events.notice)
        for signal in heard:
            signal.connect(self._show)
        state.events.phase.connect(self._lock)

    def __getitem__(self, name: str) -> ValueWidget[Any]:
        """Return the control of a setting."""
        return self._controls[name]

    def params(self) -> Params:
        """Return the settings for the next run; what differs from what was filled in counts as given by the user."""
        return self._state.settings

    def fill(self, params: Params) -> None:
        """Show these settings."""
        self._state.fill(params)

    def _show(self, _: Any = None) -> None:
        """Bring the controls to the settings."""
        for setting in fields(Params):
            if self._controls[setting.name].value != self._value(setting.name):
                self._show_value(setting)
        self._name_off()

    def _name_off(self) -> None:
        """Say what is shown where objects were found that the setting does not ask for: it is not off then."""
        box = self._controls["objects"].native
        box.setItemText(box.findData("off"), FOUND if self._state.read_as else "off")

    def _show_value(self, setting: "Field[Any]") -> None:
        control, value = self._controls[setting.name], self._value(setting.name)
        with control.changed.blocked():
            if isinstance(control, FloatSpinBox):
                _set_decimals(control, value, setting.metadata)
            control.value = value
        if setting.name in self.beside:
            self.beside[setting.name].show_size()

    def _value(self, name: str) -> Any:
        return self._state.shown(name)

    def _lock(self, _: Any = None) -> None:
        """Make the controls unusable during a run, or usable again."""
        for name, control in self._controls.items():
            if name not in ("detail", "n_regions"):  # which have more reasons to rest, see `DetailSlider`
                control.enabled = not self._state.busy
        for beside in self.beside.values():
            beside.setEnabled(not self._state.busy)


def first_settings(group: str) -> "list[Field[Any]]":
    """Return the settings of a group that are shown as soon as the group is what is wanted."""
    return [setting for setting in Params.groups()[group] if setting.metadata.get("first")]


def differing(params: Params, others: Params) -> list[str]:
    """Return the titles of the settings that were given and differ."""
    return [
        str(setting.metadata["title"])
        for members in Params.groups().values()
        for setting in members
        if setting.name in params.given and getattr(params, setting.name) != getattr(others, setting.name)
    ]


def _set_decimals(control: FloatSpinBox, value: float, limits: Mapping[str, Any]) -> None:
    """Show a number with as many digits as it needs; neither it nor a limit may be rounded out of bounds."""
    low, high = limits.get("minimum", control.min), limits.get("maximum", control.max)
    digits = max(MIN_DECIMALS, decimals(value), decimals(high))
    control.native.setDecimals(digits)
    control.min = max(low, 10.0**-digits) if low > 0 else low
    control.max = high


def decimals(value: float) -> int:
    """Return how many digits after the point a number needs.

    Examples
    --------
    >>> decimals(0.1), decimals(20.0), decimals(1e-06)
    (1, 0, 6)
    """
    exponent = Decimal(repr(value)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0

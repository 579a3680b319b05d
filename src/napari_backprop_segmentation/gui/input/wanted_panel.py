"""The switch on top of the settings, and under it only what belongs to where it stands."""

from collections.abc import Callable
from typing import Any

from magicgui.widgets.bases import ValueWidget
from qtpy.QtWidgets import QCheckBox, QFormLayout, QHBoxLayout, QWidget

from napari_backprop_segmentation.gui.forms import SPACING, add_row, show_row, text_label
from napari_backprop_segmentation.gui.input.controls import Controls, first_settings
from napari_backprop_segmentation.gui.input.switch import Switch
from napari_backprop_segmentation.gui.input.wanted import GROUP, MEANINGS, Wanted, kind_of, settings_for, wanted_of
from napari_backprop_segmentation.gui.result.readings import MEANINGS as READINGS
from napari_backprop_segmentation.gui.state import State

FOUND = "Objects found: {}."
NUMBERS = {Wanted.REGIONS: "Number of regions", Wanted.CLASSES: "Number of classes"}


class WantedPanel:
    """Says what is wanted, and changes it on the finished result where that needs no other run.

    Parameters
    ----------
    state : State
    controls : Controls
    leave_open : callable
        Takes the settings by which the image decides.

    Attributes
    ----------
    switch : Switch
    """

    def __init__(self, state: State, controls: Controls, leave_open: Callable[[], None]) -> None:
        self._state, self._controls, self._leave_open = state, controls, leave_open
        self.switch = Switch("What is wanted", {each.value: MEANINGS[each] for each in Wanted}, self._choose)
        self._meaning = text_label(dim=True)
        self._ticks = QWidget()
        self._rows: dict[str, list[ValueWidget[Any]]] = {}
        events = state.events
        for signal in (events.params, events.result, events.labels, events.input, events.taken, events.phase):
            signal.connect(self._show)

    @property
    def group(self) -> str | None:
        """The group of settings that is shown: of what is wanted, or left open, of what was found."""
        wanted = wanted_of(self._state.params)
        if wanted is not Wanted.AUTOMATIC:
            return GROUP.get(wanted)
        result = self._state.looked_at
        if result is None or (not result.has_objects and result.segmentation.hierarchy is None):
            return None
        return GROUP[Wanted.OBJECTS if result.has_objects else Wanted.REGIONS]

    def add_to(self, form: QFormLayout) -> None:
        """Add the switch and all rows to a form."""
        form.addRow(self.switch)
        form.addRow(self._meaning)
        ticks = QHBoxLayout(self._ticks)
        ticks.setContentsMargins(0, 0, 0, 0)
        ticks.setSpacing(3 * SPACING)
        for group in dict.fromkeys(GROUP.values()):
            self._rows[group] = []
            for setting in first_settings(group):
                control = self._controls[setting.name]
                if isinstance(control.native, QCheckBox):  # two short ones share a row, and say their own names
                    control.native.setText(control.label)
                    ticks.addWidget(control.native)
                    continue
                self._controls.titles[setting.name] = add_row(form, control, self._controls.beside.get(setting.name))
                self._rows[group].append(control)
        ticks.addStretch(1)
        form.addRow(self._ticks)  # they need all of the width
        self._show()

    def _choose(self, text: str) -> None:
        wanted = Wanted(text)
        if wanted is wanted_of(self._state.params):
            return
        if wanted is Wanted.AUTOMATIC:
            self._leave_open()
        else:
            kind = str(self._state.shown("objects"))
            kind = kind_of(self._state.read_as) if kind == "off" else kind
            self._state.want(**settings_for(wanted, self._state.params, kind))

    def _show(self, _: Any = None) -> None:
        wanted, shown = wanted_of(self._state.params), self.group
        self.switch.show_choice(wanted.value)
        self.switch.setEnabled(not self._state.busy)
        for group, controls in self._rows.items():
            for control in controls:
                title = self._controls.titles[control.name]
                show_row(title, control, group == shown)
                if control.name == "n_regions":
                    title.setText(NUMBERS.get(wanted, NUMBERS[Wanted.REGIONS]))
        self._ticks.setVisible(shown == GROUP[Wanted.OBJECTS])
        read_as = self._state.read_as
        self._meaning.setText(FOUND.format(read_as) if read_as else MEANINGS[wanted])
        self._meaning.setToolTip(READINGS.get(read_as, ""))
        # left open, the preset says it already
        self._meaning.setVisible(bool(read_as) or (shown is None and wanted is not Wanted.AUTOMATIC))

"""A size that is set in pixels, beside it in the unit of the image: either can be typed."""

import math
from dataclasses import Field
from typing import Any

from magicgui.widgets.bases import ValueWidget
from qtpy.QtCore import QSignalBlocker
from qtpy.QtWidgets import QAbstractSpinBox, QDoubleSpinBox, QHBoxLayout, QSizePolicy, QWidget

from napari_backprop_segmentation.gui.state import State

RAISED = {2: "²", 3: "³"}
LIMIT = 1e15
WIDEST = 2**24 - 1  # pixels: no limit, to Qt


class SizeInUnits(QWidget):
    """Shows the value of a control times the area or volume of a pixel, and takes it there too.

    Parameters
    ----------
    state : State
        Knows the chosen image. Where that has no unit, nothing is shown.
    control : ValueWidget
        Holds the size in pixels.
    setting : dataclasses.Field
        Whose metadata give the limits.

    Attributes
    ----------
    box : QDoubleSpinBox
    """

    def __init__(self, state: State, control: ValueWidget[Any], setting: "Field[Any]") -> None:
        super().__init__()
        self._state, self._control = state, control
        self._limits: tuple[int, int] = setting.metadata["minimum"], setting.metadata["maximum"]
        special = setting.metadata.get("special", "")
        self.box = QDoubleSpinBox()
        self.box.setKeyboardTracking(False)  # what is half typed is no size
        self.box.setStepType(QAbstractSpinBox.StepType.AdaptiveDecimalStepType)
        self.box.setButtonSymbols(QAbstractSpinBox.ButtonSymbols.NoButtons)  # which would leave no room for the unit
        self.box.setPrefix("= ")
        self.box.setSpecialValueText(f"= {special}" if special else "")
        self.box.setAccessibleName(f"{control.label} in the unit of the image")
        self.box.setToolTip(f"{control.tooltip}\nThe same in the unit of the image; it is kept as a number of pixels.")
        self.box.setMinimumWidth(0)
        self.box.setSizePolicy(QSizePolicy.Policy.Ignored, self.box.sizePolicy().verticalPolicy())
        self.box.valueChanged.connect(self._typed)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.box)
        control.changed.connect(self.show_size)
        state.events.input.connect(self.show_size)
        self.show_size()

    def show_size(self, _: Any = None) -> None:
        """Show the size that the control holds, and rest where it rests."""
        chosen = self._state.input.run_input
        known = chosen is not None and bool(chosen.unit)
        self.box.setVisible(known)
        self.setMaximumWidth(WIDEST if known else 0)  # else it takes half of the row for nothing
        if chosen is None or not known:
            return
        pixel = math.prod(chosen.spacing)
        with QSignalBlocker(self.box):
            self.box.setDecimals(max(0, math.ceil(-math.log10(pixel))))
            low, high = self._limits
            self.box.setRange(low * pixel, min(high * pixel, LIMIT))
            self.box.setSuffix(f" {chosen.unit}{RAISED[len(chosen.spacing)]}")
            self.box.setValue(self._control.value * pixel)

    def _typed(self, size: float) -> None:
        chosen = self._state.input.run_input
        if chosen is not None:
            low, high = self._limits
            self._control.value = min(max(round(size / math.prod(chosen.spacing)), low), high)
        self.show_size()  # a whole number of pixels

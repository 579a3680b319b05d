"""What a run will take, before Run is pressed: one line above the buttons."""

import math
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import psutil
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel

from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.forms import text_label
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.state import Phase, State
from napari_backprop_segmentation.image.axes import spatial_axes
from napari_backprop_segmentation.network.estimate import GB, Costs, Estimate
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.estimate import estimate
from napari_backprop_segmentation.pipeline.iteration import total_steps

ARGUMENTS = ("-P", "-m")
PROBE = "napari_backprop_segmentation.pipeline.machine_speed"
PLANNING = "napari_backprop_segmentation.network.planning"
OWN_MEMORY = "cuda"  # the kind of device that has memory of its own
TOLERANCE = 2.0
LOOK_MS = 250
SLOW_START = 1.0  # seconds a run may take longer than estimated for things that are done once
DEVICES = {"cpu": "the processor", "cuda": "the graphics card", "mps": "the graphics card"}


class RunEstimate:
    """Estimates time and memory from the measured speed of the machine.

    Parameters
    ----------
    state : State
        What a run would be of.

    Attributes
    ----------
    label : QLabel
    """

    def __init__(self, state: State) -> None:
        self.label: QLabel = text_label(dim=True)
        self._state = state
        self._probe: threading.Thread | None = None
        self._costs = Costs.load()
        for signal in (state.events.input, state.events.params, state.events.detail):
            signal.connect(self.show)
        state.events.phase.connect(self._compare)
        self.show()

    def measure(self) -> None:
        """Measure the speed in a process of its own, unless it is known; takes three seconds, once.

        Nobody waits any more once the label is gone; the process ends by itself.
        """
        if self._costs is not None or self._probe is not None:
            return
        self._probe = threading.Thread(target=_probe, daemon=True)
        self._probe.start()
        self._timer = QTimer(self.label)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)

    def show(self, _: Any = None) -> None:
        """Say what a run would take; nothing where that is not known."""
        run_input = self._state.input.run_input
        text = "" if run_input is None else self._sentence(run_input, self._state.settings)
        self.label.setText(text)
        self.label.setVisible(bool(text))

    def _compare(self, phase: Phase) -> None:
        """Measure the speed again where a whole run took much more or less than was said: the machine was busy then."""
        if phase is not Phase.DONE or self._state.result is None or self._costs is None:
            return
        record = self._state.result.segmentation.record
        params, axes, shape = Params.from_dict(record["params"]), record["axes"], record["image_shape"]
        if record["iterations"] < total_steps(params, spatial_axes(axes), shape[1:]):
            return  # ended early, or a network was reused
        found = self._estimate(params, axes, shape)
        if found is None:
            return
        if not found.seconds / TOLERANCE < record["seconds"] < found.seconds * TOLERANCE + SLOW_START:
            self._costs = None
            self.measure()

    def _look(self) -> None:
        """See whether the process has ended."""
        if self._probe is None or self._probe.is_alive():
            return
        self._timer.stop()
        self._probe = None
        self._costs = Costs.load()
        self.show()

    def _estimate(self, params: Params, axes: str, shape: Sequence[int]) -> Estimate | None:
        """Return what a run takes on an image (C, *spatial) of an array with these axes."""
        if self._costs is None:
            return None
        return estimate(params, shape, self._costs, free_memory(self._costs.device), spatial_axes(axes))

    def _sentence(self, run_input: RunInput, params: Params) -> str:
        found = self._estimate(params, run_input.axes, (run_input.n_channels, *run_input.shape))
        if found is None or self._costs is None:
            return ""
        start = 0.0 if "torch" in sys.modules else self._costs.start
        device = DEVICES.get(self._costs.device.partition(":")[0], self._costs.device)
        text = f"Takes {words.duration(found.seconds + start)} and {found.bytes / GB:.1f} GB on {device}"
        return words.sentence("; ".join((f"{text} ({self._costs.precision})", *found.notes)))


def free_memory(device: str) -> float:
    """Return how many bytes are free on a device; infinity, of which nothing is said, where that is not known yet.

    Only torch knows how much of a graphics card is free, and importing it would halt the window for seconds. So it is
    asked once a run has brought it in. A graphics card that shares the memory of the machine has no other.
    """
    if not device.startswith(OWN_MEMORY):
        return float(psutil.virtual_memory().available)
    ask = getattr(sys.modules.get(PLANNING), "free_memory", None)  # there once the module is loaded whole
    return math.inf if ask is None else float(ask(sys.modules["torch"].device(device)))


def _probe() -> None:
    """Run the probe; without its result there is no estimate, and nothing else is lost."""
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would show a terminal
    with suppress(OSError, TypeError):  # TypeError: some embedded interpreters have no executable
        subprocess.run([sys.executable, *ARGUMENTS, PROBE], capture_output=True, creationflags=hidden, check=False)

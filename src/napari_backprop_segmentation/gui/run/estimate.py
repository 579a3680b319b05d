"""What a run will take, before Run is pressed: one line above the buttons."""

import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import psutil
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QLabel, QWidget

from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.forms import text_label
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.image.axes import spatial_axes
from napari_backprop_segmentation.network.estimate import GB, Costs, Estimate
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.estimate import estimate
from napari_backprop_segmentation.pipeline.iteration import total_steps

ARGUMENTS = ("-P", "-m")
PROBE = "napari_backprop_segmentation.pipeline.machine_speed"
TOLERANCE = 2.0
LOOK_MS = 250
SLOW_START = 1.0  # seconds a run may take longer than estimated for things that are done once
DEVICES = {"cpu": "the processor", "cuda": "the graphics card", "mps": "the graphics card"}


class RunEstimate:
    """Estimates time and memory from the measured speed of the machine.

    Parameters
    ----------
    on_change : callable
        Called when the speed has become known.

    Attributes
    ----------
    label : QLabel
    """

    def __init__(self, on_change: Callable[[], None]) -> None:
        self.label: QLabel = text_label(dim=True)
        self._on_change = on_change
        self._probe: threading.Thread | None = None
        self._costs = Costs.load()

    def measure(self, parent: QWidget) -> None:
        """Measure the speed in a process of its own, unless it is known; takes three seconds, once.

        Parameters
        ----------
        parent : QWidget
            Nobody waits any more when it is gone; the process ends by itself.
        """
        if self._costs is not None or self._probe is not None:
            return
        self._probe = threading.Thread(target=_probe, daemon=True)
        self._probe.start()
        self._timer = QTimer(parent)
        self._timer.timeout.connect(self._look)
        self._timer.start(LOOK_MS)

    def show(self, run_input: RunInput | None, params: Params | None) -> None:
        """Say what a run would take; nothing where that is not known.

        Parameters
        ----------
        run_input : RunInput, optional
        params : Params, optional
        """
        text = "" if run_input is None or params is None else self._sentence(run_input, params)
        self.label.setText(text)
        self.label.setVisible(bool(text))

    def compare(self, record: Mapping[str, Any], parent: QWidget) -> None:
        """Measure the speed again where a whole run took much more or less than was said: the machine was busy then.

        Parameters
        ----------
        record : mapping
            Of a result.
        parent : QWidget
            As of `measure`.
        """
        params, axes, shape = Params.from_dict(record["params"]), record["axes"], record["image_shape"]
        steps = total_steps(params, spatial_axes(axes), shape[1:])
        if self._costs is None or record["iterations"] < steps:  # ended early, or a network was reused
            return
        found = self._estimate(params, axes, shape)
        if found is None:
            return
        if not found.seconds / TOLERANCE < record["seconds"] < found.seconds * TOLERANCE + SLOW_START:
            self._costs = None
            self.measure(parent)

    def _look(self) -> None:
        """See whether the process has ended."""
        if self._probe is None or self._probe.is_alive():
            return
        self._timer.stop()
        self._probe = None
        self._costs = Costs.load()
        self._on_change()

    def _estimate(self, params: Params, axes: str, shape: Sequence[int]) -> Estimate | None:
        """Return what a run takes on an image (C, *spatial) of an array with these axes."""
        if self._costs is None:
            return None
        return estimate(params, shape, self._costs, _free_memory(), spatial_axes(axes))

    def _sentence(self, run_input: RunInput, params: Params) -> str:
        found = self._estimate(params, run_input.axes, (run_input.n_channels, *run_input.shape))
        if found is None or self._costs is None:
            return ""
        start = 0.0 if "torch" in sys.modules else self._costs.start
        device = DEVICES.get(self._costs.device.partition(":")[0], self._costs.device)
        text = f"Takes {words.duration(found.seconds + start)} and {found.bytes / GB:.1f} GB on {device}"
        return words.sentence("; ".join((f"{text} ({self._costs.precision})", *found.notes)))


def _free_memory() -> float:
    return float(psutil.virtual_memory().available)


def _probe() -> None:
    """Run the probe; without its result there is no estimate, and nothing else is lost."""
    hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would show a terminal
    with suppress(OSError, TypeError):  # TypeError: some embedded interpreters have no executable
        subprocess.run([sys.executable, *ARGUMENTS, PROBE], capture_output=True, creationflags=hidden, check=False)

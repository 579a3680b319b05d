"""A napari window for the command `demo`: whether there can be one, and what it shows."""

import os
import subprocess
import sys
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.image.axes import channel_axis

OPEN_WINDOW = "import napari; from qtpy.QtWidgets import QApplication; QApplication([])"
PROBE_SECONDS = 120
SAFE_PATH = ("-P",)  # a napari.py in the folder where the command is given is not napari


def window_obstacle() -> str | None:
    """Return why napari cannot open a window here, or None.

    A child process tries it, because Qt ends its process when the display does not answer or a library is missing.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "no display"
    try:
        tried = subprocess.run(
            [sys.executable, *SAFE_PATH, "-c", OPEN_WINDOW],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "napari cannot open a window: no answer from the display"
    if tried.returncode == 0:
        return None
    reason = [line.strip() for line in tried.stderr.splitlines() if line.strip()] or ["Qt gave no reason"]
    return f"napari cannot open a window: {reason[-1]}"


def show(image: NDArray[Any], labels: NDArray[Any], axes: str) -> None:
    """Open napari with an image and its labels, and return when its window is closed."""
    import napari

    viewer = napari.Viewer(title="Backprop Segmentation")
    viewer.add_image(image, name="image", rgb="S" in axes, channel_axis=channel_axis(axes) if "C" in axes else None)
    viewer.add_labels(labels, name="labels")
    napari.run()

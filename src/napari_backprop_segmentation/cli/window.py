"""A napari window for the command `demo`: whether there can be one, and what it shows."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

if TYPE_CHECKING:
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

PLUGIN = "napari-backprop-segmentation"
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


def show(image: NDArray[Any], result: "Segmentation", axes: str, name: str = "image") -> None:
    """Open napari with an image, the widget docked and its result shown as one; return when the window is closed.

    Parameters
    ----------
    image : array
    result : Segmentation
        Of all of the image.
    axes : str
        One letter an axis of the image.
    name : str
        Of the image.
    """
    import napari

    open_viewer(image, result, axes, name)
    napari.run()


def open_viewer(image: NDArray[Any], result: "Segmentation", axes: str, name: str) -> Any:
    """Return a napari viewer as `show` opens it.

    The widget comes from the plugin manager, as from the menu; whoever has disabled the plugin gets the labels alone.
    """
    import napari
    from npe2 import PluginManager

    viewer = napari.Viewer(title="Backprop Segmentation")
    letters = [letter.lower() for letter in axes if letter != "S"]
    viewer.add_image(image, name=name, rgb="S" in axes, axis_labels=letters)
    if any(widget.plugin_name == PLUGIN for widget in PluginManager.instance().iter_widgets()):
        viewer.window.add_plugin_dock_widget(PLUGIN)[1].show_result(result)
    else:
        viewer.add_labels(result.labels, name=f"{name} labels")
    return viewer

"""Commands of the palette: the buttons of the widget, for hands on the keyboard."""

from typing import cast

from napari import Viewer

from napari_backprop_segmentation.gui.widget import BackpropWidget

PLUGIN, WIDGET = "napari-backprop-segmentation", "Backprop Segmentation"


def run(viewer: Viewer) -> None:
    """Segment the active image."""
    _widget(viewer).run()


def pause(viewer: Viewer) -> None:
    """Pause the run, or resume it."""
    _widget(viewer).pause()


def stop(viewer: Viewer) -> None:
    """End the run and keep the labels."""
    _widget(viewer).stop()


def cancel(viewer: Viewer) -> None:
    """End the run and remove the labels."""
    _widget(viewer).cancel()


def apply(viewer: Viewer) -> None:
    """Apply the network that was trained on a part to the whole image."""
    _widget(viewer).apply()


def _widget(viewer: Viewer) -> BackpropWidget:
    """Return the widget, opened if need be."""
    return cast(BackpropWidget, viewer.window.add_plugin_dock_widget(PLUGIN, WIDGET)[1])

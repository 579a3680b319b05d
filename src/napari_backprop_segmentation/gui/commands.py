"""Commands of the palette: the buttons of the widget, for hands on the keyboard."""

from typing import cast

from napari import Viewer

from napari_backprop_segmentation.gui.widget import BackpropWidget

PLUGIN, WIDGET = "napari-backprop-segmentation", "Backprop Segmentation"


def run(viewer: Viewer) -> None:
    """Segment the active image."""
    widget_of(viewer).run()


def pause(viewer: Viewer) -> None:
    """Pause the run, or resume it."""
    widget_of(viewer).pause()


def stop(viewer: Viewer) -> None:
    """End the run and keep the labels."""
    widget_of(viewer).stop()


def cancel(viewer: Viewer) -> None:
    """End the run and remove the labels."""
    widget_of(viewer).cancel()


def apply(viewer: Viewer) -> None:
    """Apply the network that was trained on a part to the whole image."""
    widget_of(viewer).apply()


def widget_of(viewer: Viewer) -> BackpropWidget:
    """Return the widget, opened if need be."""
    return cast(BackpropWidget, viewer.window.add_plugin_dock_widget(PLUGIN, WIDGET)[1])

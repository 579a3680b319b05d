"""The preset and the settings of the user, taken up when the widget opens and kept a moment after each change."""

from collections.abc import Callable
from typing import Any

from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.io.kept_settings import KeptSettings, forget, keep, kept
from napari_backprop_segmentation.params.params import Params

PLUGIN = "napari-backprop-segmentation"
KEEP_MS = 500


def wanted() -> bool:
    """Return whether settings are to be remembered, by the preferences of napari; they are where it has none."""
    try:
        from napari.settings import get_plugin_settings  # since napari 0.9

        return bool(get_plugin_settings(PLUGIN).general.remember)
    except Exception:  # noqa: BLE001 - whatever is wrong with the preferences, the widget opens
        return True


def taken_up() -> KeptSettings:
    """Return what the user chose last."""
    return kept() if wanted() else KeptSettings()


def chosen(preset: str, params: Params) -> KeptSettings:
    """Return what is kept of settings: what was given, beside the preset."""
    return KeptSettings(preset, {name: getattr(params, name) for name in sorted(params.given)})


class Remembered:
    """Keeps the settings of a widget.

    Parameters
    ----------
    state : State
    preset : callable
        Returns the name of the preset that is shown.
    parent : QWidget
        The timer ends with it.
    """

    def __init__(self, state: State, preset: Callable[[], str], parent: QWidget) -> None:
        self._state, self._preset = state, preset
        self._pending: KeptSettings | None = None
        self._late = QTimer(parent)
        self._late.setSingleShot(True)
        self._late.setInterval(KEEP_MS)
        self._late.timeout.connect(self.stop)
        state.events.params.connect(self._note)

    def reset(self) -> None:
        """Forget what was kept."""
        self._late.stop()
        self._pending = None
        forget()

    def close(self) -> None:
        """Keep what is not yet kept, at once."""
        self._late.stop()
        self.stop()

    def stop(self) -> None:
        """Keep what is not yet kept; the timer may be gone."""
        pending, self._pending = self._pending, None
        if pending is not None and wanted():
            keep(pending)

    def _note(self, params: Any) -> None:
        self._pending = chosen(self._preset(), params)
        self._late.start()

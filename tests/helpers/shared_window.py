"""One napari window that the tests of a module use in turn: to make one takes longer than most of them.

After each test all that was docked, added or changed is taken away, and the viewer is compared with a new one. At the
end of the module the window is closed, and nothing may keep it. A window that was on the screen serves one test only:
what OpenGL has drawn of layers that are gone is not to be relied upon.
"""

import gc
import sys
from contextlib import ExitStack
from inspect import signature
from unittest.mock import patch

import pytest
from qtpy.QtCore import QEvent, QThreadPool
from qtpy.QtWidgets import QApplication, QDialog, QDockWidget, QWidget

MOUSE = ("mouse_move_callbacks", "mouse_drag_callbacks", "mouse_wheel_callbacks", "mouse_double_click_callbacks")
PLAIN = ("help", "status", "theme", "title", "mouse_over_canvas")
PARTS = ("dims", "cursor", "tooltip")
LAYERS_CHANGE = {"inserted", "removed", "reordered", "renamed"}  # what napari connects with a widget that it docks
THREADS_MS = 20_000


class SharedWindow:
    """A window that is made when a test first asks for one."""

    def __init__(self):
        self._viewer, self._shown, self._ending = None, False, ExitStack()

    def open(self, show=False, *, styled=True, freeze=True):
        """Return the viewer of the window, on the screen or not.

        Without the style sheet of napari, for tests of what is not seen, all is laid out in a third of the time. If
        frozen, later collections look only at what comes after.
        """
        if show:
            self.close()
            gc.freeze()  # the window is to be collected after the test
            self._make(show)
        else:
            self._open_hidden(styled)
            gc.collect()  # what the last test has left
            (gc.freeze if freeze else gc.unfreeze)()
        self._above, self._raised = _of_nobody(), getattr(sys, "last_value", None)
        return self._viewer

    def _open_hidden(self, styled):
        if self._viewer is None:
            self._make(show=False)
        window, style = self._viewer.window._qt_window, self._style if styled else ""
        if window.styleSheet() != style:
            window.setStyleSheet(style)

    def clear(self, failed=False):
        """Take away what a test has left; a window that it has closed, shown or failed in is not used again."""
        if self._viewer is None:
            return
        if failed or not self._hidden():
            above, raised = self._above, self._raised
            self.close(failed)
            _check_left(above, raised)
            return
        self._take_away()
        changed = [(was, now) for was, now in zip(self._new, self._state(), strict=True) if was != now]
        if changed:
            self.close(failed=True)
        assert not changed, f"the next test would not find a viewer like new: {changed}"
        _check_left(self._above, self._raised)

    def _hidden(self):
        window = getattr(self._viewer.window, "_qt_window", None)  # no longer there where a test has closed it
        return window is not None and not window.isVisible()

    def close(self, failed=False):
        """Close the window."""
        if self._viewer is None:
            return
        from napari._qt.qt_viewer import QtViewer

        viewer, self._viewer = self._viewer, None
        if hasattr(viewer.window, "_qt_window"):
            with patch.object(viewer.window._qt_window, "_save_current_window_settings"):
                viewer.close()
        del viewer
        self._dialogs = self._docks = self._above = set()
        self._ending.close()
        _process()
        if not self._shown:
            gc.unfreeze()
        gc.collect()
        gc.unfreeze()
        kept = len(QtViewer._instances)
        QtViewer._instances.clear()
        assert failed or not kept, "something keeps the window"

    def _make(self, show):
        import napari
        from napari._app_model._app import NapariApplication, _napari_names
        from napari.settings import get_settings

        patches = self._ending.enter_context(pytest.MonkeyPatch.context())
        patches.setattr("napari._qt.threads.status_checker.StatusChecker.start", lambda *_, **__: None)
        patches.setattr("napari._qt.qt_viewer.QtViewer._get_console", _no_console)
        patches.setattr("napari._qt.qt_main_window.SHOW_QT_WARNING", False, raising=False)
        self._ending.callback(_forget_actions)
        _forget_actions(destroy=False)
        app = NapariApplication("test_app")
        app.injection_store.namespace = _napari_names
        self._ending.enter_context(patch.object(NapariApplication, "get_app_model", return_value=app))
        patches.setattr("napari.settings._base.EventedConfigFileSettings._maybe_save", lambda _: None)
        get_settings().reset()
        self._ending.callback(get_settings().reset)
        known = signature(napari.Viewer).parameters
        plain = {"show_welcome_screen": False} if "show_welcome_screen" in known else {}  # napari 0.6 has none
        self._viewer, self._shown = napari.Viewer(show=show, **plain), show
        _process()
        window = self._viewer.window._qt_window
        # it looks at each event, in Python, for the sake of a menu bar that is hidden
        QApplication.instance().removeEventFilter(window)
        self._size, self._style = window.size(), window.styleSheet()
        self._dialogs, self._docks = set(window.findChildren(QDialog)), set(window.findChildren(QDockWidget))
        self._mouse = [list(getattr(self._viewer, name)) for name in MOUSE]
        self._keymap = dict(self._viewer.keymap)
        self._dumps = [_dump(part) for part in self._parts()]
        self._plain = {name: getattr(self._viewer, name) for name in PLAIN}
        get_settings().application.plugin_widget_positions.clear()
        self._settings, self._new = _told(_dump(get_settings())), self._state()

    def _parts(self):
        """Return what a viewer is made of besides its layers, in napari 0.9 and before."""
        viewer = self._viewer
        parts = [getattr(viewer, name) for name in PARTS]
        if hasattr(viewer, "scene"):
            overlays = [*viewer.scene.overlays.values(), *viewer.canvas.overlays.values()]
            return [*parts, viewer.scene.camera, viewer.canvas.grid, *overlays]
        return [*parts, viewer.camera, viewer.grid, viewer.axes, viewer.scale_bar, viewer.text_overlay]

    def _state(self):
        viewer = self._viewer
        parts = [(type(part).__name__, _told(_dump(part))) for part in self._parts()]
        plain = [(name, getattr(viewer, name)) for name in PLAIN]
        mouse = [list(getattr(viewer, name)) for name in MOUSE]
        return [*parts, *plain, mouse, dict(viewer.keymap), len(viewer.layers), len(viewer.window.dock_widgets)]

    def _take_away(self):
        from napari.settings import get_settings

        viewer = self._viewer
        window = viewer.window._qt_window
        _remove_docks(viewer, self._docks)
        for each in filter(_is_shown_by_us, set(window.findChildren(QDialog)) - self._dialogs):
            each.close()
            each.deleteLater()
        _process()
        assert QThreadPool.globalInstance().waitForDone(THREADS_MS), "a thread of the test does not end"
        _process()
        viewer.window._task_status_manager._tasks.clear()
        viewer.layers.clear()
        get_settings().application.plugin_widget_positions.clear()
        if _told(_dump(get_settings())) != self._settings:
            get_settings().reset()
        for callbacks, was in zip((getattr(viewer, name) for name in MOUSE), self._mouse, strict=True):
            callbacks[:] = was
        viewer.keymap.clear()
        viewer.keymap.update(self._keymap)
        for part, was in zip(self._parts(), self._dumps, strict=True):
            if _told(_dump(part)) != _told(was):
                part.update(was)
        for name, was in self._plain.items():
            if getattr(viewer, name) != was:
                setattr(viewer, name, was)
        window.resize(self._size)
        _process()


def _remove_docks(viewer, own):
    """Delete what is docked, as a window that closes does; to take it out before would lay it out once more."""
    window = viewer.window._qt_window
    for dock in set(window.findChildren(QDockWidget)) - own:
        inner = dock.inner_widget()
        told = LAYERS_CHANGE & set(viewer.layers.events) if hasattr(inner, "reset_choices") else ()
        for event in told:
            getattr(viewer.layers.events, event).disconnect(inner.reset_choices)
        window.removeDockWidget(dock)
        dock.deleteLater()
    viewer.window._wrapped_dock_widgets.clear()


def _process():
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


def _dump(part):
    return part.model_dump() if hasattr(part, "model_dump") else part.dict()


def _told(value):
    """Return values in words, alike for what is equal: 1 is 1.0."""
    if isinstance(value, dict):
        return str({key: _told(each) for key, each in value.items()})
    if isinstance(value, int) and not isinstance(value, bool):
        return str(float(value))
    return str(value)


def _is_shown_by_us(dialog):
    """Whether a dialog is a note, or none of those that belong to the sliders of napari."""
    return type(dialog).__name__ == "NapariQtNotification" or not type(dialog).__module__.startswith("napari.")


def _of_nobody():
    """Return the widgets without a parent, but for those that napari and vispy are known to leave, and the window."""
    widgets = (each for each in QApplication.topLevelWidgets() if each.parent() is None)
    kinds = ("_QtMainWindow", "CanvasBackendDesktop")
    return {each for each in widgets if type(each).__name__ not in kinds and each.objectName() != "handled_widget"}


def _check_left(above, raised):
    """Find widgets of nobody that a test has made; a traceback may keep some for a while."""
    left = _of_nobody() - above
    assert not left or getattr(sys, "last_value", None) is not raised, f"widgets are left: {left}"


def _no_console(*_):
    console = QWidget()
    console._update_theme = lambda *_: None
    return console


def _forget_actions(destroy=True):
    """Have the next window make its actions and plugins known anew."""
    from app_model import Application
    from napari._qt._qapp_model.qactions import init_qactions
    from napari.plugins import _initialize_plugins

    if destroy:
        Application.destroy("test_app")
    _initialize_plugins.cache_clear()
    init_qactions.cache_clear()

"""Somebody who clicks on everything: random actions on the real widget, whatever controls it has."""

import time
from collections import Counter

import numpy as np
from napari.layers import Image, Labels
from napari.utils.notifications import ErrorNotification, notification_manager
from qtpy.QtCore import QThreadPool
from qtpy.QtWidgets import QAbstractButton, QAbstractSlider, QAbstractSpinBox, QApplication, QComboBox, QFileDialog

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui.run import worker
from napari_backprop_segmentation.gui.widget import BackpropWidget

DOCK = "Backprop Segmentation"
MOST = {"iterations": 12, "n_channels": 12, "n_runs": 2, "n_superpixels": 60, "n_layers": 3}
SIDE = 40
MOST_LAYERS = 8
MOST_SECONDS = 300  # for a run of such an image, on a machine that does much else


def quick(monkeypatch):
    """Let runs be small, whatever is asked for, and let no dialog wait for anybody."""
    real = worker.start_steps

    def start_steps(run_input, params, control, *taught, **kept):
        less = {name: min(most, getattr(params, name)) for name, most in MOST.items()}
        return real(
            run_input, type(params).from_dict(params.to_dict() | less).marked(params.given), control, *taught, **kept
        )

    monkeypatch.setattr(worker, "start_steps", start_steps)
    monkeypatch.setattr(QFileDialog, "exec", lambda *_: 0)
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_, **__: ("/no/such/model.safetensors", ""))


class Monkey:
    """Acts on a viewer with the widget in it, and looks after each action whether all is well.

    Attributes
    ----------
    done : Counter
        How often each action was taken.
    """

    def __init__(self, viewer, seed):
        self.viewer, self.rng = viewer, np.random.default_rng(seed)
        self.done, self.defects = Counter(), []
        self.theirs = {}  # what layers of the user held when they were made or last changed by the monkey
        self.widget = None
        notification_manager.notification_ready.connect(self._hear)
        self.open()

    def close(self):
        """End everything that is still going on."""
        notification_manager.notification_ready.disconnect(self._hear)
        self.widget.cancel()
        self.wait(lambda: not self.widget.running)
        assert QThreadPool.globalInstance().waitForDone(60_000)

    def act(self):
        """Take one action; raises if anything is wrong after it."""
        action = self.pick(self.actions())
        self.done[action.__name__] += 1
        self.last = action.__name__
        action()
        self.look(self.rng.choice([0, 0, 0.01, 0.1, 0.3]))
        self.check()

    def actions(self):
        often = [self.press, self.press, self.press, self.change, self.change, self.wait_for_run]
        layers = [self.add, self.remove, self.select, self.rename, self.replace, self.rescale, self.hide]
        return [*often, *layers, self.paint, self.undo, self.step_through, self.turn, self.click, self.reopen]

    def pick(self, things):
        return things[self.rng.integers(len(things))]

    def look(self, seconds=0.0):
        """Let the window live."""
        until = time.monotonic() + seconds
        while True:
            QApplication.processEvents()
            if time.monotonic() >= until:
                return
            time.sleep(0.005)

    def wait(self, condition):
        until = time.monotonic() + MOST_SECONDS
        while not condition():
            assert time.monotonic() < until, f"hangs after {self.last}: {self.widget.status}"
            self.look(0.02)

    def check(self):
        assert not self.defects, (self.last, self.defects)
        for layer, pixels in self.theirs.items():
            if layer in self.viewer.layers:
                np.testing.assert_array_equal(layer.data, pixels, err_msg=f"{layer.name} after {self.last}")
        for layer in self.viewer.layers:
            if isinstance(layer, Labels):
                assert np.issubdtype(layer.data.dtype, np.integer), layer.name
        assert self.widget.status

    def _hear(self, notification):
        if isinstance(notification, ErrorNotification) and not isinstance(notification.exception, SegmentationError):
            self.defects.append(repr(notification.exception))

    def controls(self, kind):
        """Return all controls of the widget that the user could use now."""
        return [
            each
            for each in self.widget.native.findChildren(kind)
            if each.isVisibleTo(self.widget.native) and each.isEnabled()
        ]

    def layers(self, kind=None):
        return [layer for layer in self.viewer.layers if kind is None or isinstance(layer, kind)]

    def some(self, kind=None):
        found = self.layers(kind)
        return self.pick(found) if found else None

    # what it does

    def open(self):
        self.widget = BackpropWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name=DOCK)
        self.last = "open"
        self.look()

    def reopen(self):
        if self.rng.random() < 0.2:
            self.viewer.window.remove_dock_widget(self.widget.native)
            self.look(0.05)
            self.widget.native.deleteLater()
            self.look(0.05)
            self.open()

    def press(self):
        if buttons := self.controls(QAbstractButton):
            self.pick(buttons).click()

    def change(self):
        found = [control for kind in (QComboBox, QAbstractSlider, QAbstractSpinBox) for control in self.controls(kind)]
        if not found:
            return
        control = self.pick(found)
        if isinstance(control, QComboBox):
            control.setCurrentIndex(int(self.rng.integers(-1, max(1, control.count()))))
        elif isinstance(control, QAbstractSlider):
            control.setValue(int(self.rng.integers(control.minimum(), control.maximum() + 1)))
        else:
            for _ in range(self.rng.integers(1, 4)):
                self.pick([control.stepUp, control.stepDown])()

    def wait_for_run(self):
        if self.rng.random() < 0.3 and self.widget.running and self.widget.state.phase.value != "paused":
            self.wait(lambda: not self.widget.running or self.widget.state.phase.value == "paused")

    def add(self):
        if len(self.viewer.layers) < MOST_LAYERS:
            kind = self.pick(["grey", "rgb", "volume", "time", "float", "constant", "labels", "tiny", "channels"])
            layer = self.viewer.add_labels(self.pixels(kind)) if kind == "labels" else self.added(kind)
            self.theirs[layer] = np.array(layer.data)

    def added(self, kind):
        options = {"rgb": kind == "rgb", "name": kind, "contrast_limits": (0, 255)}
        if kind in ("volume", "time", "channels") and self.rng.random() < 0.8:
            options["axis_labels"] = {"volume": ["z", "y", "x"], "time": ["t", "y", "x"]}.get(kind, ["c", "y", "x"])
        return self.viewer.add_image(self.pixels(kind), **options)

    def pixels(self, kind):
        extra = {"rgb": (3,), "tiny": ()}.get(kind, ())
        first = {"volume": (4,), "time": (3,), "channels": (2,)}.get(kind, ())
        side = 3 if kind == "tiny" else SIDE
        checks = np.add.outer(np.arange(side) // 10, np.arange(side + 5) // 10) % 2 * 120
        noise = self.rng.integers(0, 60, (*first, *checks.shape, *extra))
        pixels = (noise + checks.reshape(*checks.shape, *(1 for _ in extra))).astype(np.uint8)
        if kind == "float":
            return np.where(pixels > 170, np.nan, pixels).astype(np.float32)
        if kind == "constant":
            return np.full_like(pixels, 7)
        return pixels // 60 if kind == "labels" else pixels

    def remove(self):
        if self.rng.random() < 0.5 and (layer := self.some()) is not None:
            self.viewer.layers.remove(layer)
            self.theirs.pop(layer, None)

    def select(self):
        layers = self.layers()
        if layers:
            self.viewer.layers.selection = {self.pick(layers) for _ in range(self.rng.integers(1, 3))}

    def rename(self):
        if (layer := self.some()) is not None:
            layer.name = str(self.pick(["a", "cells labels", "grey", "µ <b>x</b> %s {0}"]))

    def replace(self):
        layer = self.some((Image, Labels))
        if layer is not None and layer.ndim == 2 and not getattr(layer, "rgb", False):
            layer.data = self.pixels("labels" if isinstance(layer, Labels) else "grey")
            if layer in self.theirs:
                self.theirs[layer] = np.array(layer.data)

    def rescale(self):
        if (layer := self.some()) is not None:
            layer.scale = [float(self.pick([0.5, 1, 2, 2.5]))] * layer.ndim

    def hide(self):
        if (layer := self.some()) is not None:
            layer.visible = not layer.visible

    def paint(self):
        layer = self.some(Labels)
        if layer is not None and layer.editable and not layer.multiscale:
            layer.selected_label = int(self.rng.integers(0, 5))
            layer.paint(tuple(int(self.rng.integers(n)) for n in layer.data.shape), layer.selected_label)
            if layer in self.theirs:
                self.theirs[layer] = np.array(layer.data)

    def undo(self):
        layer = self.some(Labels)
        if layer is not None and layer.editable:
            self.pick([layer.undo, layer.redo])()
            if layer in self.theirs:
                self.theirs[layer] = np.array(layer.data)

    def step_through(self):
        for axis, n in enumerate(self.viewer.dims.nsteps):
            self.viewer.dims.set_current_step(axis, int(self.rng.integers(n)))

    def turn(self):
        if self.rng.random() < 0.2:
            self.viewer.dims.ndisplay = 5 - self.viewer.dims.ndisplay

    def click(self):
        """Click on the picture, as for corrections; a mouse that is heard gets the place in the world."""
        layer = self.some(Labels) or self.some(Image)
        if layer is None:
            return
        for callback in list(self.viewer.mouse_drag_callbacks):
            if "napari_backprop" in getattr(callback, "__module__", ""):
                place = [float(self.rng.integers(-2, n + 2)) for n in self.viewer.dims.nsteps]
                event = Click(place, self.viewer)
                heard = callback(self.viewer, event)
                for _ in heard or ():
                    event.type = "mouse_release"


class Click:
    """What napari tells of a press of the mouse."""

    type, button, modifiers, is_dragging, dims_point = "mouse_press", 1, (), False, ()
    handled = False

    def __init__(self, position, viewer):
        self.position, self.pos = tuple(position), tuple(position[-2:])
        self.dims_displayed = list(viewer.dims.displayed)
        deep = viewer.dims.ndisplay == 3 and len(position) > 2
        self.view_direction = np.eye(len(position))[-3] if deep else None
        self.up_direction = None

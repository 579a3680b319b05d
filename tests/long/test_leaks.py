"""A hundred runs of each kind on the real widget: memory stays flat, and no layer, thread or process is left alive."""

import ctypes
import gc
import os
import sys
import threading
from weakref import ref

import numpy as np
import psutil
import pytest

from napari_backprop_segmentation.params.params import Params

RUNS = int(os.environ.get("LEAK_RUNS", "100"))
WARM_UP = max(1, RUNS // 4)  # runs after which what libraries keep once is there
MOST = 1.05
QUICK = {"n_channels": 8, "iterations": 3, "n_superpixels": 50, "min_labels": 0}
LONG_WAIT = 300_000  # milliseconds
SIDE = 96


def image():
    """Return nine bright squares in noise."""
    pixels = np.random.default_rng(0).integers(0, 60, (SIDE, SIDE)).astype(np.uint8)
    for y in (10, 40, 70):
        for x in (10, 40, 70):
            pixels[y : y + 16, x : x + 16] += 150
    return pixels


def resident():
    """Return the memory that is in use, in bytes, without what the allocator only keeps for later."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return psutil.Process().memory_info().rss


def threads():
    """Return how many threads Python has begun; those of Qt's pool, of a fixed size, end after half a minute."""
    return sum(not isinstance(each, threading._DummyThread) for each in threading.enumerate())


def processes():
    return {child.pid for child in psutil.Process().children(recursive=True)}


class Hands:
    """Somebody who does the same again and again on one window."""

    def __init__(self, make_viewer, qtbot):
        self.make_viewer, self.qtbot, self.viewer = make_viewer, qtbot, None
        self.kept = []  # what must be gone after each time
        self.open()

    def open(self):
        from napari_backprop_segmentation.gui.widget import BackpropWidget

        self.viewer = self.make_viewer()
        self.widget = BackpropWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name="Backprop Segmentation")

    def wait(self, done):
        self.qtbot.waitUntil(done, timeout=LONG_WAIT)

    def run(self, **settings):
        self.add()
        self.widget.controls.fill(Params(**{**QUICK, **settings}))
        self.widget.run()

    def add(self):
        self.kept.append(ref(self.viewer.add_image(image(), name="cells")))

    def end(self):
        self.wait(lambda: not self.widget.running)
        self.kept += [ref(layer) for layer in self.viewer.layers]

    def plain(self):
        self.run()
        self.end()

    def measured(self):
        self.run(objects="bright")
        self.end()
        self.widget.curation.measure()
        layer = self.viewer.layers["cells labels"]
        self.wait(lambda: "area" in " ".join(map(str, layer.features.columns)))

    def read(self):
        self.run()
        self.end()
        self.widget.readings.button.native.click()
        self.wait(lambda: self.widget.readings.button.text != "Looking...")
        if self.widget.readings.pictures.count() > 1:
            self.widget.readings.take(1)

    def taught(self):
        self.run()
        self.end()
        self.widget.strokes.button.native.click()
        layer = self.widget.state.drawing.layer
        for number, place in ((1, (18, 18)), (2, (4, 4))):
            layer.selected_label = number
            layer.paint(place, number)
        self.wait(lambda: self.widget.strokes.live.settled)
        self.widget.strokes.button.native.click()

    def batch(self):
        self.widget.controls.fill(Params(**QUICK))
        for _ in range(3):
            self.add()
        self.viewer.layers.selection = set(self.viewer.layers)
        self.widget.batch_button.native.click()
        self.widget.batch.start()
        self.wait(lambda: not self.widget.batch.running)
        self.widget.batch.close()
        self.end()

    def cancelled(self):
        self.run(iterations=100_000)
        self.wait(lambda: len(self.widget.chart.points) > 1)
        self.widget.cancel()
        self.end()

    def closed(self):
        self.run(iterations=100_000)
        self.wait(lambda: len(self.widget.chart.points) > 1)
        self.kept += [ref(layer) for layer in self.viewer.layers]
        self.kept.append(ref(self.widget))
        self.viewer.close()
        self.rest()
        self.open()

    def once(self, kind):
        """Do it, and take everything away again."""
        from napari._app_model._app import NapariApplication

        getattr(self, kind)()
        self.viewer.layers.clear()
        self.rest()
        NapariApplication.get_app_model.reset_mock()  # in tests of napari it keeps its calls, 1,600 a window

    def rest(self):
        from qtpy.QtCore import QThreadPool
        from qtpy.QtWidgets import QApplication

        assert QThreadPool.globalInstance().waitForDone(LONG_WAIT)
        for _ in range(5):
            QApplication.processEvents()
        self.qtbot.wait(20)

    def left(self):
        """Return what is alive still of what was there, but for what the last time has left to be looked at."""
        gc.collect()
        return [each() for each in self.kept if each() is not None]


KINDS = ["plain", "measured", "read", "taught", "batch", "cancelled", "closed"]


@pytest.fixture
def hands(make_napari_viewer, qtbot, monkeypatch, tmp_path):
    monkeypatch.setattr("napari_backprop_segmentation.network.estimate.cache_path", lambda: tmp_path / "costs.json")
    monkeypatch.setattr("napari_backprop_segmentation.io.kept_settings.path", lambda: tmp_path / "settings.json")
    monkeypatch.setattr("napari_backprop_segmentation.io.kept_strokes.folder", lambda: tmp_path / "strokes")
    monkeypatch.setattr("napari_backprop_segmentation.gui.run.estimate.RunEstimate.measure", lambda _: None)
    return Hands(make_napari_viewer, qtbot)


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_runs_leave_nothing(hands, kind):
    before = alive = None
    others = processes()
    for number in range(RUNS):
        hands.once(kind)
        if number + 1 == WARM_UP:
            before, alive = resident(), threads()
    after, left = resident(), hands.left()
    print(f"{kind}: {RUNS} runs, {before / 2**20:.0f} MiB after {WARM_UP}, {after / 2**20:.0f} at the end")  # noqa: T201
    assert left == []
    assert threads() <= alive
    assert processes() <= others
    assert after < before * MOST

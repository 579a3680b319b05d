"""Write the pictures of docs/teaching.md: a window in which one teaches, from the image to the table.

xvfb-run -s '-screen 0 1400x1000x24' python docs/make_teaching.py
"""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import napari
import numpy as np
from PIL import Image
from qtpy.QtCore import QPoint, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication
from skimage import data

from napari_backprop_segmentation.gui.widget import BackpropWidget

FOLDER = Path(__file__).parent / "images"
SIZE, SHOWN = (1280, 800), (960, 600)
PATIENCE = 300.0  # seconds

Place = tuple[int, int]


class Window:
    """A window with the widget, driven as by hand."""

    def __init__(self) -> None:
        self.viewer = napari.Viewer(show=True)
        self.viewer.window.resize(*SIZE)
        self.widget: BackpropWidget | None = None

    def open(self) -> None:
        """Open an image and dock the widget."""
        self.viewer.add_image(data.coins(), name="coins")
        self.widget = BackpropWidget(self.viewer)
        self.viewer.window.add_dock_widget(self.widget, name="Backprop Segmentation")
        self.rest()  # the canvas is narrower now
        self.viewer.reset_view()

    def wait(self, done: Callable[[], bool]) -> None:
        """Let the window live until something is so."""
        began = time.monotonic()
        while not done():
            QApplication.processEvents()
            time.sleep(0.01)
            if time.monotonic() - began > PATIENCE:
                raise TimeoutError(self.widget.status)

    def rest(self, seconds: float = 0.7) -> None:
        """Let the window live for a moment."""
        stop = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() > stop)

    def spot(self, place: Place) -> QPoint:
        """Return where a pixel of the image is on the canvas."""
        node = self.viewer.window._qt_viewer.canvas.layer_to_visual[self.viewer.layers[0]].node
        x, y = node.get_transform("visual", "canvas").map([place[1] + 0.5, place[0] + 0.5])[:2]
        return QPoint(int(x), int(y))

    @property
    def canvas(self) -> object:
        """What hears the mouse."""
        return self.viewer.window._qt_viewer.canvas.native

    def click(self, place: Place, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """Click on a pixel."""
        QTest.mouseMove(self.canvas, self.spot(place))
        self.rest(0.2)
        QTest.mouseClick(self.canvas, Qt.MouseButton.LeftButton, keys, self.spot(place))
        self.rest()

    def draw(self, kind: int, *places: Place) -> None:
        """Draw a stroke of a kind through pixels."""
        self.widget.state.drawing.layer.selected_label = kind
        QTest.mousePress(self.canvas, Qt.MouseButton.LeftButton, pos=self.spot(places[0]))
        for start, stop in pairwise(places):
            for part in np.linspace(0, 1, 12):
                QTest.mouseMove(self.canvas, self.spot(tuple(np.add(start, part * np.subtract(stop, start)))))
                QApplication.processEvents()
        QTest.mouseRelease(self.canvas, Qt.MouseButton.LeftButton, pos=self.spot(places[-1]))
        self.rest(0.3)
        self.wait(lambda: self.widget.strokes.live.settled)

    def picture(self, name: str) -> None:
        """Write what the window shows."""
        self.rest()
        pixels = self.viewer.screenshot(canvas_only=False, flash=False)
        Image.fromarray(pixels[..., :3]).resize(SHOWN).save(FOLDER / f"teaching_{name}.jpg", quality=80)


def main() -> None:
    """Run the command."""
    window = Window()
    window.open()
    widget = window.widget
    window.picture("1_open")
    widget.preset.value = "fast"
    widget.run()
    window.wait(lambda: not widget.running)
    window.picture("2_run")
    widget.examples.button.native.click()
    window.wait(lambda: widget.state.teaching.finder is not None)
    QTest.mouseMove(window.canvas, window.spot((115, 110)))
    window.picture("3_example")
    window.click((115, 110))
    window.wait(lambda: not widget.examples._finding)
    window.picture("4_alike")
    window.click((126, 266), Qt.KeyboardModifier.AltModifier)
    window.wait(lambda: not widget.examples._finding)
    window.picture("5_counter_example")
    widget.strokes.button.native.click()
    window.rest()
    window.draw(1, (108, 100), (120, 118))
    window.draw(2, (85, 20), (85, 360))
    window.picture("6_strokes")
    window.draw(1, (245, 40), (255, 50))
    widget.strokes.meaning.value = "objects"
    window.wait(lambda: widget.strokes.live.settled)
    window.picture("7_correction")
    widget.strokes.button.native.click()
    widget.curation.measure_button.native.click()
    window.rest(3)
    window.picture("8_table")
    window.viewer.close()


if __name__ == "__main__":
    main()

"""Write the pictures of docs/batch.md and docs/how-it-works.md: one network for two images, history, a loaded network.

xvfb-run -s '-screen 0 1400x1000x24' python docs/make_reuse.py [--folder DIR]
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import napari
import numpy as np
from numpy.typing import NDArray
from PIL import Image
from qtpy.QtWidgets import QApplication
from skimage import data

from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.io.model_file import save_model
from napari_backprop_segmentation.params.params import Params

FOLDER = Path(__file__).parent / "images"
SIZE, SHOWN = (1280, 800), (960, 600)
PATIENCE = 600.0  # seconds
GREYS = (40, 110, 200)


def rock(shape: tuple[int, int], seed: int) -> NDArray[np.uint8]:
    """Return a generated section (Y, X) of grains of two materials in a third."""
    rng = np.random.default_rng(seed)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    kinds = np.zeros(shape, np.int64)
    for number in range(26):
        y, x, radius = rng.integers(0, shape[0]), rng.integers(0, shape[1]), rng.integers(7, 20)
        kinds[(rows - y) ** 2 + (columns - x) ** 2 < radius**2] = 1 + number % 2
    return (np.array(GREYS)[kinds] + rng.normal(0, 8, shape)).clip(0, 255).astype(np.uint8)


def wait(done: Callable[[], bool]) -> None:
    """Let the window live until something is so."""
    began = time.monotonic()
    while not done():
        QApplication.processEvents()
        time.sleep(0.01)
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError


def rest(seconds: float = 0.7) -> None:
    """Let the window live for a moment."""
    stop = time.monotonic() + seconds
    wait(lambda: time.monotonic() > stop)


def picture(viewer: napari.Viewer, path: Path) -> None:
    """Write what the window shows."""
    rest()
    pixels = viewer.screenshot(canvas_only=False, flash=False)
    Image.fromarray(pixels[..., :3]).resize(SHOWN).save(path, quality=80)


def one_network(folder: Path) -> None:
    """Write the pictures of two images that share one network: the window of the batch, and the result."""
    viewer, widget = opened()
    for name, shape, seed in (("first", (160, 200), 1), ("second", (200, 150), 2)):
        viewer.add_image(rock(shape, seed), name=name, translate=(0, 220 * (seed - 1)))
    viewer.reset_view()
    widget.state.fill(Params(regions="classes", n_regions=3))
    viewer.layers.selection = set(viewer.layers)
    widget.open_batch()
    dialog = widget.batch
    dialog.form.together.value = True
    dialog.start()
    wait(lambda: not dialog.running)
    rest(2)
    dialog.grab().save(str(folder / "one_network.png"))
    Image.open(folder / "one_network.png").convert("RGB").save(folder / "one_network.jpg", quality=85)
    (folder / "one_network.png").unlink()
    dialog.hide()
    picture(viewer, folder / "one_network_classes.jpg")
    viewer.close()


def history(folder: Path) -> None:
    """Write the pictures of an iteration looked back at, and of a network that was loaded."""
    viewer, widget = opened()
    viewer.add_image(data.coffee()[60:340, 120:480], name="coffee")
    viewer.reset_view()
    widget.state.fill(Params())
    widget.run()
    wait(lambda: not widget.running)
    widget.history.folded.unfold()
    widget.history.slider.setValue(widget.history.slider.maximum() // 3)
    picture(viewer, folder / "history.jpg")
    with tempfile.TemporaryDirectory() as made:
        path = Path(made) / "coffee.safetensors"
        save_model(path, widget.state.result.model)
        widget.model_files.open(path)
        wait(lambda: widget.state.model is not None)
    picture(viewer, folder / "loaded_model.jpg")
    viewer.close()


def opened() -> tuple[napari.Viewer, BackpropWidget]:
    """Return a window with the widget."""
    viewer = napari.Viewer(show=True)
    viewer.window.resize(*SIZE)
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    return viewer, widget


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    folder = parser.parse_args().folder.absolute()
    one_network(folder)
    history(folder)


if __name__ == "__main__":
    main()

"""Write the picture of docs/batch.md: the window of a batch over generated images, one of them broken.

xvfb-run -s '-screen 0 1400x1000x24' python docs/make_batch.py [--folder DIR] [--theme light]
"""

import argparse
import contextlib
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import napari
import tifffile
from PIL import Image
from qtpy.QtWidgets import QApplication

from napari_backprop_segmentation.gui.batch.dialog import BatchDialog
from napari_backprop_segmentation.gui.batch.form import FILES
from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.io import synthetic
from napari_backprop_segmentation.params.params import Params

FOLDER = Path(__file__).parent / "images"
SIZE = (1280, 800)
PATIENCE = 600.0  # seconds
SHAPE = (128, 128)
STEPS = {"iterations": 20}


def images(folder: Path) -> None:
    """Write generated images of three kinds, one of another size and one that is broken."""
    folder.mkdir(parents=True)
    for day in range(1, 4):
        tifffile.imwrite(folder / f"nuclei_day{day}.tif", synthetic.nuclei(SHAPE, 4 + 4 * day, seed=day))
        tifffile.imwrite(folder / f"phase_day{day}.tif", synthetic.phase_contrast(SHAPE, 4 + 2 * day, seed=day))
    tifffile.imwrite(folder / "membranes.tif", synthetic.membranes((112, 176), 12))
    broken = folder / "nuclei_day2.tif"
    broken.write_bytes(broken.read_bytes()[:300])


def wait(done: Callable[[], bool]) -> None:
    """Let the window live until something is so."""
    began = time.monotonic()
    while not done():
        QApplication.processEvents()
        time.sleep(0.01)
        if time.monotonic() - began > PATIENCE:
            raise TimeoutError


def picture(dialog: BatchDialog, path: Path) -> None:
    """Write what the window of the batch shows."""
    stop = time.monotonic() + 0.7
    wait(lambda: time.monotonic() > stop)
    dialog.grab().save(str(path.with_suffix(".png")))
    Image.open(path.with_suffix(".png")).convert("RGB").save(path, quality=85)
    path.with_suffix(".png").unlink()


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where the pictures go")
    parser.add_argument("--theme", default="dark")
    args = parser.parse_args()
    viewer = napari.Viewer(show=True)
    viewer.theme = args.theme
    viewer.window.resize(*SIZE)
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    widget.state.fill(Params.preset("auto", **STEPS))
    args.folder = args.folder.absolute()
    with tempfile.TemporaryDirectory() as made, contextlib.chdir(made):
        images(Path("images"))
        widget.open_batch()
        dialog = widget.batch
        dialog.form.source.value = FILES
        dialog.form.folder.value = "images"
        dialog.form.output.value = "labels"
        dialog.form.pattern.value = "*.tif"
        dialog.start()
        wait(lambda: not dialog.running)
        picture(dialog, args.folder / "batch.jpg")
    viewer.close()


if __name__ == "__main__":
    main()

"""The display is lost in mid-run: the program ends with all its processes, and files that are done are whole."""

import os
import shutil
import subprocess
import sys
import time

import numpy as np
import psutil
import pytest
import tifffile

from napari_backprop_segmentation.io.read import read_image
from napari_backprop_segmentation.io.record import read_record

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(shutil.which("Xvfb") is None, reason="needs Xvfb"),
]

PROGRAM = """
import sys
from pathlib import Path
import napari
from napari_backprop_segmentation.gui.batch.form import FILES
from napari_backprop_segmentation.gui.widget import BackpropWidget
from napari_backprop_segmentation.params.params import Params

folder, kind = Path(sys.argv[1]), sys.argv[2]
viewer = napari.Viewer()
widget = BackpropWidget(viewer)
viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
widget.state.fill(Params(n_channels=8, iterations=100_000 if kind == "run" else 30, n_superpixels=50, min_labels=0))
if kind == "run":
    viewer.open(folder / "0.tif")
    widget.run()
else:
    widget.batch_button.native.click()
    form = widget.batch.form
    form.source.value = FILES
    form.folder.value, form.output.value = str(folder), str(folder / "out")
    widget.batch.start()
(folder / "began").touch()
napari.run()
"""


def display():
    """Start a display; return its process and its name."""
    reads, writes = os.pipe()
    process = subprocess.Popen(
        ["Xvfb", "-displayfd", str(writes), "-screen", "0", "1280x800x24"], pass_fds=[writes], stderr=subprocess.DEVNULL
    )
    os.close(writes)
    with os.fdopen(reads) as told:
        return process, f":{told.readline().strip()}"


def wait(condition, seconds=600):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


@pytest.mark.parametrize("kind", ["run", "batch"])
def test_display_that_goes(tmp_path, kind):
    rng = np.random.default_rng(0)
    for number in range(6):
        tifffile.imwrite(tmp_path / f"{number}.tif", rng.integers(0, 255, (150, 150)).astype(np.uint8))
    server, name = display()
    (tmp_path / "program.py").write_text(PROGRAM)
    home = {"XDG_CONFIG_HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "home")}
    process = subprocess.Popen(
        [sys.executable, str(tmp_path / "program.py"), str(tmp_path), kind],
        env={**os.environ, "DISPLAY": name, "QT_QPA_PLATFORM": "xcb", **home},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait(lambda: (tmp_path / "began").exists() or process.poll() is not None)
        if kind == "batch":
            wait(lambda: len(list((tmp_path / "out").glob("*_labels.tif"))) > 1 or process.poll() is not None)
        else:
            time.sleep(5)
        children = psutil.Process(process.pid).children(recursive=True)
        server.kill()
        server.wait()
        _, said = process.communicate(timeout=120)
    finally:
        server.kill()
        process.kill()
    assert "Traceback" not in said, said  # Qt ends the program with 1, or as if the window had been closed
    _, alive = psutil.wait_procs(children, timeout=30)
    assert alive == []
    done = list((tmp_path / "out").glob("*_labels.tif"))
    assert len(done) > 1 or kind == "run"
    for path in done:
        assert read_image(path).pixels.shape == (150, 150)
        assert read_record(path)["input"]

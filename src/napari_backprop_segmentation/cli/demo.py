"""The command `demo`: a sample image, its labels, and napari or files to see them in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.cli.progress import watch
from napari_backprop_segmentation.cli.run import Outcome, summary
from napari_backprop_segmentation.cli.signals import Interruption
from napari_backprop_segmentation.image.axes import channel_axis, spatial_axes
from napari_backprop_segmentation.io.overlay import overlay
from napari_backprop_segmentation.io.overwrite import check_labels, check_png
from napari_backprop_segmentation.io.places import check_places
from napari_backprop_segmentation.io.samples import sample_image
from napari_backprop_segmentation.io.write import write_labels, write_png
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.iteration import total_steps
from napari_backprop_segmentation.pipeline.run import run

SAMPLE = "histology"
FOLDER = Path("backprop-demo")
OPEN_WINDOW = "import napari; from qtpy.QtWidgets import QApplication; QApplication([])"
PROBE_SECONDS = 120
SAFE_PATH = ("-P",)  # a napari.py in the folder where the command is given is not napari


def demo(output: Path | None, window: bool = True, quiet: bool = False) -> Iterator[Outcome]:
    """Segment a sample image; show it in napari where a window can be opened, else write TIFF and PNG files.

    Parameters
    ----------
    output : Path or None
        A folder for the files. They are written if it is given, and in `FOLDER` if no window can be opened.
    window : bool
        Whether a window is wanted.
    quiet : bool
        Whether to leave out the progress bar.

    Yields
    ------
    Outcome
        One for the run and one for each thing done with its result; the window is open until the user closes it.
    """
    image, axes = sample_image(SAMPLE)
    params, folder = Params(), output or FOLDER
    labels, picture = folder / f"{SAMPLE}_labels.tif", folder / f"{SAMPLE}_overlay.png"
    if output:
        _check(labels, picture)
    steps, total = run(image, params, axes=axes), total_steps(params, axes, image.shape)
    with Interruption() as interruption:
        result = watch(steps, total, interruption, name=SAMPLE, quiet=quiet)
    yield Outcome(f"{SAMPLE}: {summary(result)}", signal=interruption.asked)
    obstacle = window_obstacle() if window else "no window wanted"
    if output or obstacle:
        _check(labels, picture)
        write_labels(labels, result.labels, {**result.record, "input": f"sample {SAMPLE}"}, spatial_axes(axes))
        write_png(picture, overlay(image, result.labels, axes))
        yield Outcome(f"written ({obstacle or 'output given'}): {labels.resolve()} and {picture.resolve()}")
    if not obstacle:
        show(image, result.labels, axes)


def _check(labels: Path, picture: Path) -> None:
    """Refuse places where nothing can be written, or where something stands that is not ours."""
    check_places((labels, picture))
    check_labels(labels)
    check_png(picture)


def window_obstacle() -> str | None:
    """Return why napari cannot open a window here, or None.

    A child process tries it, because Qt ends its process when the display does not answer or a library is missing.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return "no display"
    try:
        tried = subprocess.run(
            [sys.executable, *SAFE_PATH, "-c", OPEN_WINDOW],
            capture_output=True,
            text=True,
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "napari cannot open a window: no answer from the display"
    if tried.returncode == 0:
        return None
    reason = [line.strip() for line in tried.stderr.splitlines() if line.strip()] or ["Qt gave no reason"]
    return f"napari cannot open a window: {reason[-1]}"


def show(image: NDArray[Any], labels: NDArray[Any], axes: str) -> None:
    """Open napari with an image and its labels, and return when its window is closed."""
    import napari

    viewer = napari.Viewer(title="Backprop Segmentation")
    viewer.add_image(image, name="image", rgb="S" in axes, channel_axis=channel_axis(axes) if "C" in axes else None)
    viewer.add_labels(labels, name="labels")
    napari.run()

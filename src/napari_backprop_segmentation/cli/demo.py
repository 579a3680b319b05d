"""The command `demo`: a sample image, its labels, and napari or files to see them in."""

from collections.abc import Iterator
from pathlib import Path

from napari_backprop_segmentation.batch.summary import summary
from napari_backprop_segmentation.cli.demo_files import check_files, write_files
from napari_backprop_segmentation.cli.outcome import Outcome
from napari_backprop_segmentation.cli.progress import watch
from napari_backprop_segmentation.cli.signals import Interruption
from napari_backprop_segmentation.cli.window import show, window_obstacle
from napari_backprop_segmentation.io.samples import sample_image
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.iteration import total_steps
from napari_backprop_segmentation.pipeline.run import run

SAMPLE = "histology"
FOLDER = Path("backprop-demo")


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
        check_files(labels, picture)
    steps, total = run(image, params, axes=axes), total_steps(params, axes, image.shape)
    with Interruption() as interruption:
        result = watch(steps, total, interruption, name=SAMPLE, quiet=quiet)
    yield Outcome(f"{SAMPLE}: {summary(result)}", signal=interruption.asked)
    obstacle = window_obstacle() if window else "no window wanted"
    if output or obstacle:
        check_files(labels, picture)
        write_files(labels, picture, image, result, SAMPLE)
        yield Outcome(f"written ({obstacle or 'output given'}): {labels.resolve()} and {picture.resolve()}")
    if not obstacle:
        show(image, result, axes, SAMPLE)

"""The command `train`: one network for several files."""

from collections.abc import Callable, Sequence
from pathlib import Path

from napari_backprop_segmentation.batch.folder import listed
from napari_backprop_segmentation.batch.together import read_references, trained
from napari_backprop_segmentation.batch.wanted import Reading
from napari_backprop_segmentation.cli.outcome import Outcome
from napari_backprop_segmentation.cli.progress import watch
from napari_backprop_segmentation.cli.signals import Interruption
from napari_backprop_segmentation.io.model_file import check_name, save_model
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.together import total_steps_together

__all__ = ["Reading", "listed", "train_files"]


def train_files(
    images: Sequence[Path],
    output: Path,
    params: Params,
    reading: Reading,
    *,
    strokes: Sequence[Path] = (),
    log: Path | None = None,
    quiet: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Outcome:
    """Train one network on files and write it; strokes are one file for each of them, or none."""
    check_name(output)
    found = read_references(images, params, reading, strokes)
    for each in found:
        say(f"{each.path}: {each.understood}")
    with Interruption() as interruption:
        total = total_steps_together(params, len(found))
        model = watch(trained(found, params), total, interruption, name=output.name, log=log, quiet=quiet)
        save_model(output, model, {"params": params.to_dict(), "references": [str(path) for path in images]})
        told = f"{len(found)} images -> {output}: {model.stopped_by}"
        if interruption.asked:
            return Outcome(f"interrupted, what was learned so far is kept: {told}", signal=interruption.asked)
    return Outcome(told)

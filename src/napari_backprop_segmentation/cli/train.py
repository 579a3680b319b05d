"""The command `train`: one network for several files."""

from collections.abc import Callable, Sequence
from pathlib import Path

from napari_backprop_segmentation.batch.folder import listed
from napari_backprop_segmentation.batch.network_file import prepare_network, write_network
from napari_backprop_segmentation.batch.together import read_references, trained
from napari_backprop_segmentation.batch.wanted import Reading
from napari_backprop_segmentation.cli.outcome import Outcome
from napari_backprop_segmentation.cli.progress import watch
from napari_backprop_segmentation.cli.signals import Interruption
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
    overwrite: bool = False,
) -> Outcome:
    """Train one network on files and write it; strokes are one file for each of them, or none.

    What cannot be written, or would be lost by it, is refused before anything is computed.
    """
    prepare_network(output, log, overwrite=overwrite)
    found = read_references(images, params, reading, strokes)
    for each in found:
        say(f"{each.path}: {each.understood}")
    with Interruption() as interruption:
        total = total_steps_together(params, len(found))
        model = watch(trained(found, params), total, interruption, name=output.name, log=log, quiet=quiet)
        facts = {"params": params.to_dict(), "references": [str(path) for path in images]}
        write_network(output, model, facts)
        told = f"{len(found)} images -> {output}: {model.stopped_by}"
        if interruption.asked:
            return Outcome(f"interrupted, what was learned so far is kept: {told}", signal=interruption.asked)
    return Outcome(told)

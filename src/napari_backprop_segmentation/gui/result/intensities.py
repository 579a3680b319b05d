"""In which other images the brightness of labels can be measured."""

from dataclasses import replace

from napari.layers import Image

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, Part, RunInput

CHANNELS = "C"


def seen_in(image: Image, run_input: RunInput) -> RunInput | None:
    """Return labels' own image with the pixels of another layer; None where that has another size.

    Parameters
    ----------
    image : Image
    run_input : RunInput
        The image that the labels belong to; of the other one the same part and the same level are taken.
    """
    axes = str(run_input.origin.get("axes", ""))
    spans = {int(axis): _span(span) for axis, span in run_input.origin.get("part", {}).items()}
    for kept in (range(len(axes)), [axis for axis, letter in enumerate(axes) if letter != CHANNELS]):
        if len(kept) != image.ndim:
            continue
        part = Part({new: spans[old] for new, old in enumerate(kept) if old in spans})
        level = run_input.origin.get("level") if image.multiscale else None
        try:
            found = run_input_of(LayerSelection((image,), "".join(axes[axis] for axis in kept), level=level, part=part))
        except (ImageError, IndexError):  # an image of another kind
            continue
        if found.shape == run_input.shape:
            return replace(run_input, name=image.name, array=found.array, axes=found.axes, channels=None)
    return None


def _span(span: int | tuple[int, int] | list[int]) -> int | tuple[int, int]:
    return span if isinstance(span, int) else (int(span[0]), int(span[1]))

"""What strokes lead to: kinds, objects of one kind, or pieces that follow their strokes."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.teaching.blockwise_kinds import Looked, blockwise_kinds, learned_in_blocks
from napari_backprop_segmentation.teaching.blockwise_split import blockwise_objects
from napari_backprop_segmentation.teaching.choosing import Offered, best_objects
from napari_backprop_segmentation.teaching.kinds import Forests, Knows, Strokes, Taught, apply, learn, most_doubtful
from napari_backprop_segmentation.teaching.lesson import Lesson
from napari_backprop_segmentation.teaching.patches import Patches
from napari_backprop_segmentation.teaching.pieces import Pieces, pieces

__all__ = [
    "Knows",
    "Lesson",
    "Looked",
    "Offered",
    "Pieces",
    "Strokes",
    "Taught",
    "apply",
    "best_objects",
    "blockwise_kinds",
    "blockwise_objects",
    "in_pieces",
    "learned",
    "learned_in_blocks",
    "most_doubtful",
    "taught",
]


def taught(parts: Sequence[Patches], strokes: Sequence[Strokes], seed: int = 0) -> list[Taught]:
    """Return what is learned of each plane or volume: what is drawn on one counts for all.

    Parameters
    ----------
    parts : sequence of Patches
    strokes : sequence of (*spatial) int arrays
        One for each; 0 where nothing is drawn.
    seed : int

    Raises
    ------
    ImageError
        If fewer than two kinds are drawn.
    """
    forests = learned(parts, strokes, seed)
    return [apply(forests, part, on_it) for part, on_it in zip(parts, strokes, strict=True)]


def learned(parts: Sequence[Patches], strokes: Sequence[Strokes], seed: int = 0) -> Forests:
    """Return what is learned of all strokes together; parameters and errors as of `taught`."""
    drawn = [(part, on_it) for part, on_it in zip(parts, strokes, strict=True) if on_it.any()]
    if not drawn:
        raise ImageError("strokes must be drawn somewhere, got none; draw on two things at least")
    return learn(drawn, seed)


def in_pieces(trees: Sequence[Hierarchy], strokes: Sequence[Strokes], detail: float) -> NDArray[Any]:
    """Return a cut (*spatial) put right by strokes of one thing each; see `pieces`.

    Raises
    ------
    ImageError
        If there are several planes or volumes.
    """
    if len(trees) > 1:
        raise ImageError(
            f"strokes must lie on one image to show one thing each, got {len(trees)} frames or slices; "
            "take one of them, or draw kinds"
        )
    return pieces(trees[0], strokes[0], detail)

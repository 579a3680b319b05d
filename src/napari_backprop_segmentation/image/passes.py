"""Passes over an image that does not fit the memory: item after item, each of which is kept once it is done."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from napari_backprop_segmentation.image.blocks import Window
from napari_backprop_segmentation.image.kept_blocks import Arrays, Work

T = TypeVar("T")
COUNTED = "areas"  # of what is numbered through all of a pass
PASS_SIDE = {2: 1024, 3: 96}  # pixels: about a million in a block


def passed(
    work: Work,
    name: str,
    function: Callable[[Any, Any], T],
    common: Any,
    items: Sequence[Callable[[], Any]],
    *,
    take: Callable[[int, int, T], Arrays],
) -> list[Arrays]:
    """Return what each item of a pass adds, in their order.

    Parameters
    ----------
    work : Work
    name : str
        Of what is kept.
    function : callable
        What is done, see `Each`.
    common : object
        What is the same for all items.
    items : sequence of callable
        Make the items when their turn comes.
    take : callable
        Is told of each item, in their order, its number, how many `COUNTED` all before it have, and what was found; it
        writes what is large, and returns the rest.
    """
    parts = work.kept.parts(name)
    found: list[Arrays | None] = [parts.get(number) for number in range(len(items))]
    coming = work.threaded(
        function, common, (item() for item, arrays in zip(items, found, strict=True) if arrays is None)
    )
    behind = 0
    for number, known in enumerate(found):
        arrays = known
        if arrays is None:
            found[number] = arrays = take(number, behind, next(coming))
            parts.put(number, arrays)
        behind += len(arrays.get(COUNTED, ()))
        work.tell(number + 1, len(items))
    return [arrays for arrays in found if arrays is not None]


def kept_once(work: Work, name: str, make: Callable[[], Arrays]) -> Arrays:
    """Return some arrays, those of an earlier start first."""
    parts = work.kept.parts(name)
    arrays = parts.get(0)
    if arrays is None:
        arrays = make()
        parts.put(0, arrays)
    return arrays


def around(boxes: Any) -> Window:
    """Return the window around boxes (n, ndim, 2), each from its first pixel to behind its last."""
    return tuple(
        slice(int(low), int(high)) for low, high in zip(boxes[..., 0].min(0), boxes[..., 1].max(0), strict=True)
    )

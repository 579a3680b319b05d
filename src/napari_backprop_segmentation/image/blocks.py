"""An image in blocks: windows of a grid, and the same windows with what lies around them."""

from collections.abc import Iterator, Sequence
from itertools import product

Window = tuple[slice, ...]
Edges = Sequence[tuple[bool, bool]]  # for each axis whether a window begins, and whether it ends, where the image does
SMALLEST_SIDE = 32  # pixels: smaller blocks are mostly halo
BLOCK_SIDE = {2: 256, 3: 64}  # pixels: 65 thousand in a block of a plane, 262 thousand in one of a volume


def blocks(shape: Sequence[int], side: int) -> Iterator[Window]:
    """Yield the windows of a grid of blocks over `shape`; the last of each axis may be smaller."""
    spans = [[slice(a, min(a + side, size)) for a in range(0, size, side)] for size in shape]
    yield from product(*spans)


def in_groups(windows: Sequence[Window], n: int) -> list[Sequence[Window]]:
    """Return windows in groups of `n`, in order; the last one may be smaller."""
    return [windows[first : first + n] for first in range(0, len(windows), n)]


def with_halo(window: Window, halo: int, shape: Sequence[int]) -> tuple[Window, Window]:
    """Return the window grown by `halo` pixels inside `shape`, and where the window lies inside the grown one."""
    grown = tuple(slice(max(w.start - halo, 0), min(w.stop + halo, n)) for w, n in zip(window, shape, strict=True))
    inner = tuple(slice(w.start - g.start, w.stop - g.start) for w, g in zip(window, grown, strict=True))
    return grown, inner


def edges_of(window: Window, shape: Sequence[int]) -> Edges:
    """Return at which of its sides a window meets the edge of an image (*spatial)."""
    return [(side.start == 0, side.stop == n) for side, n in zip(window, shape, strict=True)]


def halves(window: Window) -> tuple[Window, ...]:
    """Return the two halves of a window across its longest side; none where that is short already.

    Examples
    --------
    >>> halves((slice(0, 8), slice(10, 110)))
    ((slice(0, 8, None), slice(10, 60, None)), (slice(0, 8, None), slice(60, 110, None)))
    """
    axis = max(range(len(window)), key=lambda a: window[a].stop - window[a].start)
    side = window[axis]
    if side.stop - side.start < 2 * SMALLEST_SIDE:
        return ()
    middle = (side.start + side.stop) // 2
    before, after = window[:axis], window[axis + 1 :]
    return (*before, slice(side.start, middle), *after), (*before, slice(middle, side.stop), *after)

"""In which order regions merge; and the same in a process of its own, for programs with a window.

higra holds the interpreter while it builds a tree: a tenth of a second at two thousand regions, seconds at ten
thousand noisy ones. This module imports neither torch nor anything else that would slow the start of that process.
"""

import io
import logging
import subprocess
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import IO, Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.hierarchy.lazy_merge import lazy_tree
from napari_backprop_segmentation.hierarchy.linkage import linked_tree

logger = logging.getLogger(__name__)
LENGTH_BYTES = 8
# Before each answer: what a sitecustomize or a library prints to standard output is passed over.
MARK = b"\0backprop-segmentation tree\0"
MOST_PRINTED = 2**24  # bytes before a mark; more is no answer
COMPLAINT = 2000  # bytes of what the other process says last
# To wait for the other process, and for each region; of an idle laptop a region takes a sixth of that.
LONGEST_SECONDS, LONGEST_EACH = 60.0, 2e-3
# Regions that higra merges: ground with so many objects in it takes it half a minute, and four times as long for twice
# as many. Images that fit the memory never have more, see
# `leaf_graph.MOST_LEAVES`.
MOST_AT_ONCE = 20_000


@dataclass(frozen=True)
class Regions:
    """n regions, what they look like, and which of them touch.

    Attributes
    ----------
    areas : (n,) float64
        In pixels.
    features : (n, F) float64
        Mean of each region.
    edges : (m, 2) int64
        Pairs of touching regions.
    lengths : (m,) float64
        Pixel faces each pair shares.
    """

    areas: NDArray[np.float64]
    features: NDArray[np.float64]
    edges: NDArray[np.int32]
    lengths: NDArray[np.float64]


@dataclass(frozen=True)
class Borders:
    """n regions, which of them touch, and how salient the border between each pair is.

    Attributes
    ----------
    areas : (n,) float64
        In pixels.
    saliencies : (m,) float64
        From 0.
    edges : (m, 2) int64
        Pairs of touching regions.
    lengths : (m,) float64
        Pixel faces each pair shares; more than 0.
    """

    areas: NDArray[np.float64]
    saliencies: NDArray[np.float64]
    edges: NDArray[np.int32]
    lengths: NDArray[np.float64]


@dataclass(frozen=True)
class Tree:
    """Attributes as of `Hierarchy`, (2 n - 1,) each; the areas of the nodes are in pixels."""

    parents: NDArray[np.int64]
    altitudes: NDArray[np.float64]
    areas: NDArray[np.float64]


class Merge(Protocol):
    """Something that builds a tree."""

    def __call__(self, regions: Regions | Borders) -> Tree:
        """Return the merge tree of two regions or more."""
        ...


def merge_regions(regions: Regions | Borders) -> Tree:
    """Merge regions two by two.

    Parameters
    ----------
    regions : Regions or Borders
        Regions merge in the order of the piecewise-constant Mumford-Shah energy of their features, more than
        `MOST_AT_ONCE` of them nearly so, see `lazy_tree`; those of `Borders` in the order of the mean saliency along
        their common border (average linkage), see `linked_tree`.

    References
    ----------
    Arbelaez, Maire, Fowlkes and Malik, Contour detection and hierarchical image segmentation, TPAMI 33(5), 2011: merges
    by the mean strength of borders.
    """
    from napari_backprop_segmentation.hierarchy.higra_module import hg  # which is needed only after training

    if len(regions.areas) > MOST_AT_ONCE:
        parents, altitudes = _of_many(regions)
        return Tree(parents, altitudes, hg.accumulate_sequential(hg.Tree(parents), regions.areas, hg.Accumulators.sum))
    adjacency = hg.UndirectedGraph(len(regions.areas))
    adjacency.add_edges(regions.edges[:, 0], regions.edges[:, 1])
    if isinstance(regions, Borders):
        tree, altitudes = hg.binary_partition_tree_average_linkage(adjacency, regions.saliencies, regions.lengths)
    else:
        tree, altitudes = _by_energy(adjacency, regions)
    return Tree(
        parents=tree.parents().astype(np.int64),
        altitudes=hg.tree_monotonic_regression(tree, altitudes, "max"),
        areas=hg.accumulate_sequential(tree, regions.areas, hg.Accumulators.sum),
    )


def _of_many(regions: Regions | Borders) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the parents and altitudes of a tree of more regions than higra merges."""
    if isinstance(regions, Borders):
        return linked_tree(len(regions.areas), regions.saliencies, regions.edges, regions.lengths)
    return lazy_tree(regions.areas, regions.features, regions.edges, regions.lengths)


def _by_energy(adjacency: Any, regions: Regions) -> tuple[Any, NDArray[np.float64]]:
    """Return the tree of higra and the altitudes of its nodes."""
    from napari_backprop_segmentation.hierarchy.higra_module import hg

    perimeters = np.zeros(len(regions.areas))
    np.add.at(perimeters, regions.edges.ravel(), np.repeat(regions.lengths, 2))
    sums = regions.features * regions.areas[:, None]
    return hg.binary_partition_tree_MumfordShah_energy(  # type: ignore[no-any-return]
        adjacency, sums, regions.areas, perimeters, regions.lengths, squared_vertex_values=sums * regions.features
    )


class MergeProcess:
    """Builds trees in a process of its own; where that is not possible, here.

    The process starts at once, so that it has imported higra when it is needed. Use it in a ``with`` statement.
    """

    def __init__(self) -> None:
        command = [sys.executable, "-P", "-m", __spec__.name]
        hidden = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would show a terminal
        pipe = subprocess.PIPE
        self._process: subprocess.Popen[bytes] | None = None
        self._complaints: IO[bytes] | None = None
        try:
            # Not a pipe: one that nobody empties would halt the process.
            self._complaints = tempfile.TemporaryFile()  # noqa: SIM115 - closed where the process is ended
            self._process = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=self._complaints, creationflags=hidden
            )
        except (OSError, TypeError) as error:  # TypeError: some embedded interpreters have no executable
            logger.warning("no process for the merge tree: %s", error)
            if self._complaints is not None:
                self._complaints.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def __call__(self, regions: Regions | Borders) -> Tree:
        """Return the tree; waits without holding the interpreter."""
        if self._process is None:
            return merge_regions(regions)
        longest = LONGEST_SECONDS + LONGEST_EACH * len(regions.areas)
        watchdog = threading.Timer(longest, self._process.kill)
        watchdog.start()
        try:
            _send(self._process.stdin, _packed(regions))  # type: ignore[arg-type]
            answer = _answer(self._process.stdout)  # type: ignore[arg-type]
        except (OSError, ValueError):
            answer = b""
        finally:
            watchdog.cancel()
        if answer:
            return Tree(**_unpacked(answer))
        logger.warning("the process for the merge tree failed: %s", self._end())
        return merge_regions(regions)

    def _end(self) -> str:
        """End the process; return the end of what it complained of."""
        if self._process is None:
            return ""
        process, self._process = self._process, None
        process.kill()
        with suppress(OSError, ValueError):  # what was not sent any more
            process.communicate()
        complaints, self._complaints = self._complaints, None
        if complaints is None:
            return ""
        with complaints, suppress(OSError):
            size = complaints.seek(0, io.SEEK_END)
            complaints.seek(max(0, size - COMPLAINT))
            return complaints.read().decode(errors="replace")
        return ""


def _send(stream: IO[bytes], data: bytes) -> None:
    stream.write(len(data).to_bytes(LENGTH_BYTES, "big"))
    stream.write(data)
    stream.flush()


def _received(stream: IO[bytes]) -> bytes:
    """Return what was sent; nothing if the other side has ended."""
    length = int.from_bytes(stream.read(LENGTH_BYTES), "big")
    data = stream.read(length)
    return data if len(data) == length else b""


def _answer(stream: IO[bytes]) -> bytes:
    """Return the next answer, and pass over what else was printed; nothing if the other side has ended."""
    last = b""
    for _ in range(MOST_PRINTED):
        byte = stream.read(1)
        last = (last + byte)[-len(MARK) :]
        if last == MARK:
            return _received(stream)
        if not byte:
            break
    return b""


def _packed(arrays: Regions | Borders | Tree) -> bytes:
    stream = io.BytesIO()
    np.savez(stream, **asdict(arrays))
    return stream.getvalue()


def _unpacked(data: bytes) -> dict[str, Any]:
    with np.load(io.BytesIO(data)) as arrays:
        return dict(arrays)


def _serve() -> None:
    """Read regions from standard input and write their trees to standard output until there are no more."""
    import napari_backprop_segmentation.hierarchy.higra_module  # noqa: F401 - while training goes on elsewhere

    while data := _received(sys.stdin.buffer):
        arrays = _unpacked(data)
        regions = Borders(**arrays) if "saliencies" in arrays else Regions(**arrays)
        sys.stdout.buffer.write(MARK)
        _send(sys.stdout.buffer, _packed(merge_regions(regions)))


if __name__ == "__main__":
    _serve()

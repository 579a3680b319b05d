"""What blocks of one image take on workers of dask, whether that predicts two workers, and what larger images take.

    python benchmarks/cluster.py --side 4096 --json cluster.json
    python benchmarks/cluster.py --files FOLDER --json files.json

One worker is measured: seconds of its processor, seconds of the process that hands out the work, bytes on the way. From
these the time of two workers is calculated and then measured. Seconds are those of processors, so that what else the
machine does counts only in the time on the clock.
"""

import argparse
import json
import os
import pickle
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from quality import environment

from napari_backprop_segmentation import Params, train
from napari_backprop_segmentation.batch.jobs import plan_files
from napari_backprop_segmentation.batch.wanted import Wanted
from napari_backprop_segmentation.cli.run import run_files
from napari_backprop_segmentation.hierarchy.blockwise import blockwise_graph
from napari_backprop_segmentation.hierarchy.blockwise_means import blockwise_means
from napari_backprop_segmentation.hierarchy.build_in_blocks import MERGE_BYTES
from napari_backprop_segmentation.hierarchy.leaf_graph import most_leaves
from napari_backprop_segmentation.hierarchy.region_graph import simplified
from napari_backprop_segmentation.hierarchy.tree import build_hierarchy
from napari_backprop_segmentation.image.kept_blocks import Work
from napari_backprop_segmentation.image.source import ArraySource
from napari_backprop_segmentation.network.seen import Seen
from napari_backprop_segmentation.params.sections import Regions
from napari_backprop_segmentation.pipeline.cluster import client_of
from napari_backprop_segmentation.pipeline.room import SHARE
from napari_backprop_segmentation.pipeline.workers import Workers

MEGA = 1e6
MACHINE_BYTES, FEATURES = 64e9, 110  # memory of the machine that merges; features of a region
N_EMPTY = 200  # tasks that do nothing, for what each task costs


@dataclass
class Pass:
    """One pass over an image.

    Attributes
    ----------
    clock, worker, client : float
        Seconds: on the clock, of the processors of all workers, of the processor of the process that hands out.
    tasks : int
    sent, received : int
        Bytes.
    """

    clock: float = 0.0
    worker: float = 0.0
    client: float = 0.0
    tasks: int = 0
    sent: int = 0
    received: int = 0


@dataclass
class Measured:
    """All passes over one image, and what is done at one place."""

    n_workers: int
    megapixels: float
    regions: int = 0
    leaves: int = 0
    graph: Pass = field(default_factory=Pass)
    features: Pass = field(default_factory=Pass)
    tree: float = 0.0
    paint: float = 0.0

    @property
    def clock(self) -> float:
        """Seconds from the first block to the labels."""
        return self.graph.clock + self.features.clock + self.tree + self.paint


def timed(common: tuple[Callable[..., Any], Any], item: Any) -> tuple[Any, float]:
    """Call a function on a worker, and tell how many seconds of the processor it took."""
    function, shared = common
    began = time.process_time()
    found = function(shared, item)
    return found, time.process_time() - began


class Watched:
    """Workers whose work is measured."""

    def __init__(self, client: Any) -> None:
        self._workers = Workers(client)
        self.passed = Pass()

    def __call__(self, function: Callable[..., Any], common: Any, items: Iterable[Any]) -> Iterator[Any]:
        """Yield what workers find."""
        self.passed = passed = Pass()

        def weighed() -> Iterator[Any]:
            for item in items:
                passed.sent += len(pickle.dumps(item))
                yield item

        for found, seconds in self._workers(timed, (function, common), weighed()):
            passed.worker += seconds
            passed.tasks += 1
            passed.received += len(pickle.dumps(found))
            yield found


def synthetic(side: int) -> np.ndarray:
    """Return a noisy RGB image of blobs of many sizes (side, side, 3), tile by tile alike."""
    rng = np.random.default_rng(0)
    tile = min(side, 1024)
    y, x = np.mgrid[:tile, :tile] / 20
    waves = np.sin(y) * np.cos(1.3 * x) + np.sin(0.37 * y + 0.5 * x)
    colours = np.stack([waves, -waves, np.sin(0.2 * x * y / 8)], axis=-1)
    pixels = 128 + 45 * colours + rng.normal(0, 12, colours.shape)
    return np.tile(np.clip(pixels, 0, 255).astype(np.uint8), (side // tile, side // tile, 1))


def measure_blocks(seen: Seen, regions: Regions, client: Any, n_workers: int) -> Measured:
    """Return what the blocks of an image take."""
    from napari_backprop_segmentation.hierarchy.merge import merge_regions

    shape = seen.source.shape[1:]
    found, watched = Measured(n_workers, np.prod(shape) / MEGA), Watched(client)
    work = Work(each=watched)

    def passed(function: Callable[[], Any]) -> tuple[Any, Pass]:
        clock, processor = time.perf_counter(), time.process_time()
        made = function()
        watched.passed.clock = time.perf_counter() - clock
        watched.passed.client = time.process_time() - processor
        return made, watched.passed

    graph, found.graph = passed(lambda: blockwise_graph(seen.source, regions, work))
    found.regions = len(graph.areas)
    graph = simplified(graph, regions.min_region, most_leaves(graph.index.size))
    found.leaves = len(graph.areas)
    means, found.features = passed(lambda: blockwise_means(graph, (seen.elsewhere("cpu"), regions), work))
    began = time.perf_counter()
    tree = build_hierarchy(graph, means, merge_regions)
    found.tree = time.perf_counter() - began
    began = time.perf_counter()
    tree.paint(tree.table(50.0), np.empty(shape, np.int32))
    found.paint = time.perf_counter() - began
    return found


def predicted(one: Measured, n_workers: int, cores: int) -> float:
    """Return the seconds on the clock that so many workers would take, from what one has taken.

    A pass ends when its slowest part does: workers side by side, the process that hands out, or the processor where
    both share it. The tree and the painting are done by one process.
    """
    seconds = one.tree + one.paint
    for each in (one.graph, one.features):
        seconds += max(each.worker / n_workers, each.client, (each.worker + each.client) / cores)
    return seconds


def empty(common: Any, _: Any) -> Any:
    """Do nothing."""
    return common


def overhead(client: Any) -> float:
    """Return the seconds on the clock that a task takes which does nothing."""
    began = time.perf_counter()
    for _ in Workers(client)(empty, 0, range(N_EMPTY)):
        pass
    return (time.perf_counter() - began) / N_EMPTY


def larger(one: Measured) -> list[dict[str, Any]]:
    """Return what larger images take by the same figures, and how many workers are worth having."""
    worker = (one.graph.worker + one.features.worker) / one.megapixels
    client = (one.graph.client + one.features.client) / one.megapixels
    traffic = sum(p.sent + p.received for p in (one.graph, one.features)) / one.megapixels
    paint, tree = one.paint / one.megapixels, one.tree / one.leaves
    rows = []
    for name, megapixels in (("slide of 100,000 x 100,000", 1e4), ("light-sheet volume of 2 TB in 16 bits", 1e6)):
        busy = worker / client  # from so many workers on they wait for the one that hands out
        leaves = min(most_leaves(int(megapixels * MEGA)), int(SHARE * MACHINE_BYTES / MERGE_BYTES / FEATURES))
        rows.append(
            {
                "image": name,
                "megapixels": megapixels,
                "processor hours of workers": worker * megapixels / 3600,
                "GB on the network": traffic * megapixels / 1e9,
                "most workers": int(busy),
                "hours with that many": (client * megapixels + paint * megapixels + tree * leaves) / 3600,
                "million regions": leaves / MEGA,
                "pixels a region": megapixels * MEGA / leaves,
            }
        )
    return rows


def measure_files(folder: Path, out: Path, client: Any) -> float:
    """Return the seconds on the clock that a folder of files takes."""
    images = sorted(path for path in folder.iterdir() if path.suffix in (".tif", ".png", ".jpg"))
    jobs = plan_files(images, out)
    began = time.perf_counter()
    outcomes = list(run_files(jobs, Wanted(Params()), True, client=client, overwrite=True))
    failed = [outcome.message for outcome in outcomes if outcome.error]
    if failed:
        raise SystemExit(failed[0])
    return time.perf_counter() - began


def with_workers(n_workers: int, function: Callable[[Any], Any]) -> Any:
    """Return what a function finds that is given a client of so many processes."""
    with client_of(n_workers, None) as client:
        list(Workers(client)(empty, 0, range(2 * n_workers)))  # all are there, with what they import
        return function(client)


def main() -> None:
    """Measure, calculate, compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=4096, help="of the image, in pixels")
    parser.add_argument("--files", type=Path, help="a folder of images instead of blocks of one")
    parser.add_argument("--iterations", type=int, default=10, help="of the training, which is not measured")
    parser.add_argument("--out", type=Path, default=Path("cluster-out"), help="where labels of files go")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    report: dict[str, Any] = {**environment(), "cores": cores, "load before": psutil.getloadavg()}
    if args.files:
        report["files"] = {n: with_workers(n, lambda c: measure_files(args.files, args.out, c)) for n in (1, 2)}
        report["times faster"] = report["files"][1] / report["files"][2]
    else:
        pixels = synthetic(args.side)
        steps = train(pixels, Params(iterations=args.iterations, device="cpu"), axes="YXS")
        seen = Seen(_last(steps), ArraySource(pixels, "YXS"))
        one, two = (with_workers(n, lambda c, n=n: measure_blocks(seen, Regions(), c, n)) for n in (1, 2))
        report |= {
            "one": asdict(one),
            "two": asdict(two),
            "seconds a task of nothing": with_workers(2, overhead),
            "two, calculated": predicted(one, 2, cores),
            "two, measured": two.clock,
            "times faster": one.clock / two.clock,
            "larger": larger(one),
        }
    report["load after"] = psutil.getloadavg()
    text = json.dumps(report, indent=1)
    print(text)
    if args.json:
        args.json.write_text(text)


def _last(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as done:
            return done.value


if __name__ == "__main__":
    main()

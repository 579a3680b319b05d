"""Compare segmentations with ground truth, all methods side by side, and print a table.

    python benchmarks/quality.py --dataset BSDS500 --kind regions --split val --methods felzenszwalb,control,ours:fast
    python benchmarks/quality.py --dataset DIR --kind objects --limit 60 --seeds 5 --jobs 2 --json result.json

What is scored and how: `scores.py`, `metrics.py`; which methods: `rivals.py`; which folders: `datasets.py`.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from datasets import EVERYTHING, Entry, find_entries
from rivals import METHODS, Picture, method
from scores import COLUMNS, ROWS, SUMMARIES, Rows, image_record
from tqdm import tqdm

PACKAGES = ("napari-backprop-segmentation", "torch", "numpy", "scipy", "scikit-image", "scikit-learn", "higra")
DEFAULT_METHODS = {
    "regions": "blank,kmeans,felzenszwalb,slic-merge,control,ours:fast",
    "boundaries": "felzenszwalb,slic-merge,control,ours:fast",
    "objects": "kmeans,felzenszwalb,otsu,otsu-watershed,multiotsu,slic-merge,control,ours:fast",
    "semantic": "blank,kmeans,felzenszwalb,otsu,multiotsu,slic-merge,control,ours:fast",
}


@dataclass(frozen=True)
class Task:
    """One method with one seed on one image."""

    entry: Entry
    method: str
    seed: int
    kind: str
    shrink: int


@dataclass(frozen=True)
class Done:
    """What a task ended with: the scores of every scale and the seconds the method took."""

    task: Task
    rows: Rows
    seconds: float


def perform(task: Task) -> Done:
    """Segment and score one image."""
    sample = task.entry.read(task.shrink)
    picture = Picture(sample.image, sample.axes, photograph=task.kind in ("regions", "boundaries"))
    function, _ = method(task.method)
    started = time.perf_counter()
    prediction = function(picture, task.seed)
    seconds = time.perf_counter() - started
    return Done(task, ROWS[task.kind](sample, picture, prediction), seconds)


def perform_all(tasks: Sequence[Task], jobs: int) -> Iterator[Done]:
    """Yield finished tasks, in order of completion when there are several processes."""
    if jobs == 1:
        yield from map(perform, tasks)
        return
    threads = str(max(1, (os.cpu_count() or 1) // jobs))
    os.environ |= {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads, "MKL_NUM_THREADS": threads}
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        for future in as_completed([pool.submit(perform, task) for task in tasks]):
            yield future.result()


def make_tasks(entries: Sequence[Entry], methods: Sequence[str], seeds: int, options: argparse.Namespace) -> list[Task]:
    """Return every method on every image; those that draw no random numbers once, the others with each seed."""
    return [
        Task(entry, name, seed, options.kind, options.shrink)
        for name in methods
        for seed in range(seeds if method(name)[1] else 1)
        for entry in entries
    ]


def summarise(done: Sequence[Done], kind: str) -> list[dict[str, Any]]:
    """Return one record for each method and group of images: mean and spread (standard deviation) over the seeds."""
    groups = sorted({d.task.entry.group for d in done})
    names = list(dict.fromkeys(d.task.method for d in done))
    records = []
    for group in [EVERYTHING, *(groups if len(groups) > 1 else [])]:
        for name in names:
            inside = [d for d in done if d.task.method == name and group in (EVERYTHING, d.task.entry.group)]
            records.append({"method": name, "group": group, **_over_seeds(inside, kind)})
    return records


def _over_seeds(done: Sequence[Done], kind: str) -> dict[str, Any]:
    seeds = sorted({d.task.seed for d in done})
    ordered = sorted(done, key=lambda d: d.task.entry.name)
    runs = [SUMMARIES[kind]([d.rows for d in ordered if d.task.seed == seed]) for seed in seeds]
    columns = [c for c in COLUMNS[kind] if all(c in run for run in runs)]
    return {
        "images": len(done) // len(seeds),
        "seeds": len(seeds),
        "mean": {c: float(np.mean([run[c] for run in runs])) for c in columns},
        "spread": {c: float(np.std([run[c] for run in runs], ddof=len(runs) > 1)) for c in columns},
        "settings": [{k: v for k, v in run.items() if not isinstance(v, float)} for run in runs],
        "seconds": float(np.median([d.seconds for d in done])),
    }


def table(records: Iterable[dict[str, Any]], kind: str) -> str:
    """Return the records as Markdown, one table a group; a spread over seeds stands behind its mean."""
    lines: list[str] = []
    group = None
    for record in records:
        if record["group"] != group:
            group = record["group"]
            lines += ["", f"**{group}**, {record['images']} images", ""]
            lines += ["| method | " + " | ".join(COLUMNS[kind]) + " | seconds |"]
            lines += ["|---" * (len(COLUMNS[kind]) + 2) + "|"]
        cells = [_cell(record, column) for column in COLUMNS[kind]]
        lines += [f"| {record['method']} | " + " | ".join(cells) + f" | {record['seconds']:.2f} |"]
    return "\n".join(lines)


def _cell(record: dict[str, Any], column: str) -> str:
    if column not in record["mean"]:
        return "-"
    mean = f"{record['mean'][column]:.4f}" if column.startswith("ap_") else f"{record['mean'][column]:.3f}"
    return f"{mean} ± {record['spread'][column]:.3f}" if record["seeds"] > 1 else mean


def environment() -> dict[str, Any]:
    """Return what a reader needs to judge and repeat the figures: machine, versions, commit, date."""
    here = Path(__file__).parent
    git = ["git", "-C", str(here)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    changes = subprocess.run([*git, "status", "--porcelain"], capture_output=True, text=True, check=False).stdout
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {"processor": _processor(), "cores": os.cpu_count(), "system": platform.platform()},
        "versions": {name: _version(name) for name in PACKAGES} | {"python": platform.python_version()},
        "commit": commit or None,
        "uncommitted_changes": bool(changes),
    }


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def write_json(path: Path, options: argparse.Namespace, records: list[dict[str, Any]], done: Sequence[Done]) -> None:
    """Write everything that was found, with one row an image, method and seed."""
    rows = [
        {
            "image": d.task.entry.name, "group": d.task.entry.group, "method": d.task.method, "seed": d.task.seed,
            "seconds": d.seconds, **image_record(options.kind, d.rows),
        }
        for d in done
    ]  # fmt: skip
    chosen = {k: str(v) if isinstance(v, Path) else v for k, v in vars(options).items()}
    content = {"options": chosen, **environment(), "summary": records, "images": rows}
    path.write_text(json.dumps(content, indent=1, default=float) + "\n", encoding="utf8")


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True, help="folder, see the head of datasets.py")
    parser.add_argument("--kind", choices=sorted(ROWS), required=True, help="what the ground truth means")
    parser.add_argument("--split", default=EVERYTHING, help="train, val, test; or a modality of the manifest")
    parser.add_argument("--methods", help=f"comma-separated: {', '.join(METHODS)}, published-2018:N, ours:PRESET:N")
    parser.add_argument("--limit", type=int, default=0, help="so many images, evenly spread (default: all)")
    parser.add_argument("--seeds", type=int, default=1, help="runs of the methods that draw random numbers")
    parser.add_argument("--shrink", type=int, default=1, help="divide the size of the images by a whole number")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--json", type=Path, help="write everything to this file")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command."""
    options = parse(arguments)
    methods = (options.methods or DEFAULT_METHODS[options.kind]).split(",")
    entries = find_entries(options.dataset, options.split, options.limit)
    tasks = make_tasks(entries, methods, options.seeds, options)
    done = list(tqdm(perform_all(tasks, options.jobs), total=len(tasks), file=sys.stderr, smoothing=0))
    records = summarise(done, options.kind)
    print(table(records, options.kind))
    if options.json:
        write_json(options.json, options, records, done)


if __name__ == "__main__":
    main()

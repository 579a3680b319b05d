"""Seconds a megapixel and memory of the whole way from an OME-Zarr image to labels, from small to large.

    python benchmarks/large.py --sides 2048 4608 9216 20000 --json large.json

Each image is RGB, generated block by block: dark nuclei on a stained, uneven, noisy ground, alike at any size.
The command line is run on it, in a process of its own, with nothing else going on. Memory is the most that this process
and its workers held together at one time, less what the program takes in each of them once it is imported.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
import zarr
from numpy.typing import NDArray
from quality import environment
from scipy.ndimage import gaussian_filter
from skimage.draw import ellipse

MEGA = 1e6
TILE, CHUNK = 1000, 1000  # pixels; a tile is no multiple of the blocks that images are done in
PER_TILE = 250  # nuclei
LOOK_EVERY = 1.0  # seconds; to look costs 40 ms where gigabytes are held
IMPORTED = "import napari_backprop_segmentation.pipeline.run, time; time.sleep(3)"


@dataclass(frozen=True)
class Row:
    """One size.

    Attributes
    ----------
    side : int
        Pixels of the height and of the width.
    seconds, processor : float
        On the clock, and of all cores.
    megabytes : float
        The most that was held at one time, over that of the imports.
    said : str
        Last line of the command.
    """

    side: int
    seconds: float
    processor: float
    megabytes: float
    said: str


def main() -> None:
    """Measure one size after the other and say what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sides", type=int, nargs="+", default=[2048, 4608, 9216])
    parser.add_argument("--preset", default="nuclei")
    parser.add_argument("--options", type=str.split, default=[], help="further arguments of the command, as one word")
    parser.add_argument("--folder", type=Path, help="where images and labels are made (default: a temporary folder)")
    parser.add_argument("--json", type=Path, help="where the figures are written")
    given = parser.parse_args()
    imports = _most_memory([sys.executable, "-c", IMPORTED])
    print(f"{imports / MEGA:.0f} MB of imports")
    rows = []
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for side in given.sides:
            rows.append(_measured(side, Path(folder), ["--preset", given.preset, *given.options], imports))
            print(_line(rows[-1]), flush=True)
    first = rows[0].seconds / rows[0].side ** 2
    print("seconds a megapixel, against the first:", *(f"{r.seconds / r.side**2 / first:.2f}" for r in rows))
    if given.json:
        found = {"environment": environment(), "preset": given.preset, "rows": [asdict(row) for row in rows]}
        given.json.write_text(json.dumps(found, indent=1))


def _measured(side: int, folder: Path, options: list[str], imports: int) -> Row:
    image, labels = folder / f"image{side}.zarr", folder / f"labels{side}.zarr"
    _write_image(image, side)
    command = ["backprop-segment", "run", str(image), "-o", str(labels), *options]
    start = time.perf_counter()
    with _watched(imports) as seen:
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    for made in (image, labels):
        shutil.rmtree(made, ignore_errors=True)
    said = (ended.stdout + ended.stderr).strip().splitlines()
    return Row(side, seconds, seen["processor"], seen["bytes"] / MEGA, said[-1] if said else "")


def _line(row: Row) -> str:
    size = row.side**2 / MEGA
    return (
        f"{row.side} x {row.side}: {row.seconds:.1f} s, {row.seconds / size:.2f} s and {row.processor / size:.2f} s of "
        f"processors a megapixel, {row.megabytes:.0f} MB; {row.said}"
    )


def _most_memory(command: list[str]) -> int:
    with _watched(0) as seen:
        subprocess.run(command, check=True)
    return int(seen["bytes"])


@contextmanager
def _watched(imports: int) -> Iterator[dict[str, float]]:
    """Look at all processes below this one until the end: the most memory beyond imports, and processor time."""
    seen, done = {"bytes": 0.0, "processor": 0.0}, threading.Event()
    own = psutil.Process()
    before = own.cpu_times()

    def look() -> None:
        while not done.wait(LOOK_EVERY):
            held = 0
            for child in own.children(recursive=True):
                try:
                    held += max(0, child.memory_full_info().uss - imports)
                except psutil.Error:  # it has just ended
                    continue
            seen["bytes"] = max(seen["bytes"], held)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
        after = own.cpu_times()
        seen["processor"] = (after.children_user + after.children_system) - (
            before.children_user + before.children_system
        )


def _write_image(path: Path, side: int) -> None:
    """Write an OME-Zarr image (S, Y, X) of generated tissue."""
    group = zarr.open_group(path, mode="w", zarr_format=2)
    pixels = group.create_array("0", shape=(3, side, side), chunks=(3, CHUNK, CHUNK), dtype=np.uint8)
    axes = [{"name": "c", "type": "channel"}, *({"name": a, "type": "space", "unit": "micrometer"} for a in "yx")]
    scale = [{"type": "scale", "scale": [1.0, 0.5, 0.5]}]
    group.attrs["multiscales"] = [
        {"version": "0.4", "axes": axes, "datasets": [{"path": "0", "coordinateTransformations": scale}]}
    ]
    for y in range(0, side, TILE):
        for x in range(0, side, TILE):
            tile = tissue(y // TILE * 1009 + x // TILE)
            pixels[:, y : y + TILE, x : x + TILE] = tile[:, : side - y, : side - x]


def tissue(seed: int) -> NDArray[np.uint8]:
    """Return a tile (3, TILE, TILE) of dark nuclei on a stained ground."""
    random = np.random.default_rng(seed)
    nuclei = np.zeros((TILE, TILE), np.float32)
    for cy, cx in random.integers(0, TILE, (PER_TILE, 2)):
        radii = random.uniform(7, 14, 2)
        where = ellipse(cy, cx, *radii, shape=nuclei.shape, rotation=random.uniform(0, np.pi))
        nuclei[where] = random.uniform(0.7, 1)
    nuclei = gaussian_filter(nuclei, 1)
    ground = gaussian_filter(random.normal(0, 1, nuclei.shape), 12, mode="wrap") * 4
    stain = np.array([[225.0, 165.0, 205.0], [-105.0, -95.0, -55.0], [-10.0, -25.0, -12.0]])
    tile = stain[0][:, None, None] + nuclei * stain[1][:, None, None] + ground * stain[2][:, None, None]
    return np.clip(tile + random.normal(0, 6, tile.shape), 0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()

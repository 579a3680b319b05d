"""Time and memory: the published demo and this package side by side, then our presets on images of growing size.

python benchmarks/speed.py --reference PATH_TO_demo.py --json speed.json [--iterations 8] [--sizes 512,1024,2048]

The published code is not part of this repository; a temporary copy of it runs on the same pixels, without its window
and its unused torchvision import. Every measurement is a process of its own, so peak memory means what it says.
"""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

STAND_IN_FOR_CV2 = """
import numpy as np
from skimage import io
def imread(path, flag=1):
    return np.ascontiguousarray(io.imread(path)[..., ::-1])
def imwrite(path, image):
    return True
def imshow(*_):
    pass
def waitKey(*_):
    return -1
"""

WORKER = Path(__file__).with_name("speed_worker.py")


def main() -> None:
    """Run the benchmark and print its tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reference", type=Path, action="append", default=[], help="a published demo.py; repeatable")
    parser.add_argument("--iterations", type=int, default=6, help="iterations a turn, side by side")
    parser.add_argument("--turns", type=int, default=3, help="turns each program takes")
    parser.add_argument("--sizes", default="", help="sides of square images for the presets, e.g. 512,1024,2048")
    parser.add_argument("--zarr", type=int, default=0, help="side of an image on disk, segmented block by block")
    parser.add_argument("--presets", default="fast,balanced")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results: dict[str, object] = {"machine": machine()}
    with tempfile.TemporaryDirectory() as folder:
        picture = make_picture(Path(folder))
        for reference in options.reference:
            results[f"published {reference.name}"] = compare(reference, picture, options.iterations, options.turns)
        for preset in options.presets.split(","):
            results[f"{preset} 481x321"] = worker("whole", preset, picture)
            for side in filter(None, options.sizes.split(",")):
                results[f"{preset} {side}x{side}"] = worker("square", preset, side)
            if options.zarr:
                results[f"{preset} zarr {options.zarr}"] = worker("zarr", preset, options.zarr, folder)
    for name, row in results.items():
        print(name, json.dumps(row))
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


def machine() -> dict[str, object]:
    """Return what the figures were measured on."""
    import torch

    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text()) if sys.platform == "linux" else None
    return {
        "processor": model.group(1) if model else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "capability": torch.backends.cpu.get_cpu_capability(),
        "commit": commit.strip(),
        "date": time.strftime("%Y-%m-%d"),
    }


def make_picture(folder: Path) -> Path:
    """Write the photograph both programs work on, 481 x 321 RGB as in BSDS500."""
    from skimage import data, io

    path = folder / "picture.png"
    io.imsave(path, data.astronaut()[:321, :481], check_contrast=False)
    return path


def compare(reference: Path, picture: Path, iterations: int, turns: int) -> dict[str, object]:
    """Let the published demo and ours take turns; return medians of seconds an iteration and their ratio."""
    method = "continuity" if "stepsize_con" in reference.read_text() else "superpixels"
    preset = {"superpixels": "published-2018", "continuity": "published-2020"}[method]
    seconds: dict[str, list[float]] = {"published": [], "float32": [], "auto": []}
    for _ in range(turns):
        seconds["published"] += published_seconds(reference, picture, iterations)
        for precision in ("float32", "auto"):
            seconds[precision] += worker("iterations", preset, picture, precision, iterations)["seconds"]
    medians = {name: statistics.median(values) for name, values in seconds.items()}
    ratios = {f"speed-up {name}": medians["published"] / medians[name] for name in ("float32", "auto")}
    return {"method": method, **{k: round(v, 3) for k, v in (medians | ratios).items()}, "all": seconds}


def published_seconds(reference: Path, picture: Path, iterations: int) -> list[float]:
    """Return the seconds between the lines that the published demo prints, one an iteration, without the first."""
    with tempfile.TemporaryDirectory() as folder:
        text = re.sub(r"^from torchvision.*$", "", reference.read_text(), flags=re.MULTILINE)
        Path(folder, "demo.py").write_text(text)
        Path(folder, "cv2.py").write_text(STAND_IN_FOR_CV2)
        command = [sys.executable, "-u", "-W", "ignore", "demo.py", "--visualize", "0", "--input", str(picture)]
        command += ["--maxIter", str(iterations + 1)]
        stamps = []
        with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                if re.match(rf"\d+ / {iterations + 1} ", line):
                    stamps.append(time.perf_counter())
    return [after - before for before, after in pairwise(stamps)]


def worker(*arguments: object) -> dict[str, list[float]]:
    """Run one measurement in a fresh process and return what it prints."""
    command = [sys.executable, "-W", "ignore", str(WORKER), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()

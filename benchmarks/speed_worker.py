"""One measurement of speed.py, in a process of its own; prints one line of JSON."""

import json
import resource
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
import psutil
from skimage import data, io
from skimage.transform import resize

from napari_backprop_segmentation import Params, run
from napari_backprop_segmentation.network.estimate import GB
from napari_backprop_segmentation.pipeline import machine_speed
from napari_backprop_segmentation.pipeline.estimate import estimate


def peak_gb() -> float:
    """Return the highest resident memory of this process so far, in GB."""
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / (1e9 if sys.platform == "darwin" else 1e6)


def iterations(preset: str, picture: str, precision: str, n: str) -> dict[str, object]:
    """Time single iterations, without the first, which also makes the superpixels."""
    steps = run(io.imread(picture), Params.preset(preset, precision=precision))
    stamps = []
    for step in islice(steps, int(n) + 1):
        assert step.loss  # waits for the device
        stamps.append(time.perf_counter())
    return {"seconds": np.diff(stamps).tolist()}


def finish(image: object, preset: str, axes: str | None = None, out: object = None) -> dict[str, object]:
    """Time a whole run, from pixels to labels."""
    params = Params.preset(preset)
    baseline, started = psutil.Process().memory_info().rss / 1e9, time.perf_counter()
    steps = run(image, params, axes=axes, out=out)
    first = None
    while True:
        try:
            step = next(steps)
            first = first or (time.perf_counter() - started, step.n_labels)
        except StopIteration as done:
            result = done.value
            break
    seconds, peak = time.perf_counter() - started, peak_gb()
    spatial = result.labels.shape
    free = float(psutil.virtual_memory().available)
    said = estimate(params, (3, *spatial), machine_speed.measure(0.0), free)
    estimated = {"estimated seconds": round(said.seconds, 2), "estimated GB": round(said.bytes / GB, 2)}
    return {
        "seconds": round(seconds, 2),
        **({} if out is not None else estimated),  # the estimate is of labels in memory
        "first step": round(first[0], 2) if first else None,
        "GB over start": round(peak - baseline, 2),
        "megapixels": round(np.prod(spatial) / 1e6, 2),
        "iterations": result.record["iterations"],
    }


def whole(preset: str, picture: str) -> dict[str, object]:
    """Segment the photograph."""
    return finish(io.imread(picture), preset)


def photograph(side: int) -> np.ndarray:
    """Return a square RGB photograph of that size, with noise so that no two places are alike."""
    rng, out = np.random.default_rng(0), np.empty((side, side, 3), np.uint8)
    for channel in range(3):  # one by one, so that making the image needs less memory than segmenting it
        small = resize(data.astronaut()[..., channel].astype(np.float32) / 255, (side, side), order=1)
        small += rng.normal(0, 0.02, small.shape).astype(np.float32)
        out[..., channel] = np.clip(small, 0, 1) * 255
    return out


def square(preset: str, side: str) -> dict[str, object]:
    """Segment a square photograph."""
    return finish(photograph(int(side)), preset)


def zarr(preset: str, side: str, folder: str) -> dict[str, object]:
    """Segment an image on disk into labels on disk."""
    import zarr as store

    n, tile = int(side), 1024
    image = store.create_array(str(Path(folder, "image.zarr")), shape=(n, n, 3), chunks=(tile, tile, 3), dtype="u1")
    labels = store.create_array(str(Path(folder, "labels.zarr")), shape=(n, n), chunks=(tile, tile), dtype="u1")
    piece = photograph(tile)
    for y in range(0, n, tile):
        for x in range(0, n, tile):
            image[y : y + tile, x : x + tile] = np.rot90(piece, (x + y) // tile)[: n - y, : n - x]
    return finish(image, preset, axes="YXS", out=labels)


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*sys.argv[2:])))

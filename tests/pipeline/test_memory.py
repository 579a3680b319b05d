"""Peak memory is bounded by the plan, not by the image; measured in processes of their own."""

import json
import subprocess
import sys

import pytest

pytest.importorskip("resource")  # Windows tells peaks in another way

CODE = """
import json, resource, sys
import numpy as np
from napari_backprop_segmentation import Params, run

class Endless:
    # A large picture that exists only where it is looked at.
    dtype, ndim = np.dtype(np.uint8), 2
    def __init__(self, side):
        self.shape = (side, side)
    def __getitem__(self, window):
        y, x = (np.arange(n)[cut] for n, cut in zip(self.shape, window))
        return (np.add.outer(y // 64, x // 64) % 2 * 150 + np.add.outer(y, x) % 50).astype(np.uint8)

class Nowhere:
    # Counts labels instead of keeping them.
    pixels = 0
    def __setitem__(self, window, labels):
        self.pixels += labels.size

def peak(side):
    out = Nowhere()
    params = Params(regions="trained", n_channels=8, iterations=2, precision="float32", crop_pixels=2**14)
    params = params.replace(n_superpixels=100)
    steps = run(Endless(side), params, axes="YX", out=out)
    try:
        while True:
            next(steps)
    except StopIteration:
        pass
    assert out.pixels == side * side
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)

small = peak(1024)
print(json.dumps([small, peak(int(sys.argv[1]))]))
"""
SIDE = 8192
MEGABYTE = 2**20


@pytest.mark.slow
def test_an_image_sixty_times_larger_needs_no_more_memory():
    done = subprocess.run([sys.executable, "-c", CODE, str(SIDE)], capture_output=True, text=True, check=True)
    small, large = json.loads(done.stdout)
    assert large - small < 32 * MEGABYTE  # half a byte a pixel; one label image would take two

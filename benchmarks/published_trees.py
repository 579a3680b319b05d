"""Score the published trees of gPb-owt-ucm on BSDS500 at as many cuts as ours, with our own scores.

    python benchmarks/published_trees.py --dataset BSDS500 --trees BSDS500/ucm2/val --split val

The trees are the `ucm2` files that BIDS/BSDS500 holds: at twice the size of an image, how strong each border is.
"""

import argparse
from pathlib import Path

import numpy as np
from datasets import find_entries
from numpy.typing import NDArray
from partitions import Family
from rivals import Picture, Prediction
from scipy.io import loadmat
from scores import COLUMNS, ROWS, SUMMARIES
from skimage.measure import label as connected_components

CUTS = 51  # as ours is scored at


def family(strengths: NDArray[np.floating]) -> Family:
    """Return the cuts of one tree.

    Parameters
    ----------
    strengths : (2 Y + 1, 2 X + 1) float
        Of the borders, between the pixels of the image.
    """
    leaves = _parts(strengths, 0.0)
    first = np.unique(leaves, return_index=True)[1]
    levels = np.linspace(0, 1, CUTS, endpoint=False)
    return Family(leaves, {f"{level:.3f}": _parts(strengths, level).ravel()[first] for level in levels})


def _parts(strengths: NDArray[np.floating], level: float) -> NDArray[np.integer]:
    parts = connected_components(strengths <= level, connectivity=2)[1::2, 1::2]
    return np.unique(parts, return_inverse=True)[1].reshape(parts.shape)


def main() -> None:
    """Print the scores."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", type=Path, required=True)
    parser.add_argument("--trees", type=Path, required=True)
    parser.add_argument("--split", default="val")
    parser.add_argument("--limit", type=int, default=0)
    args = parser.parse_args()
    rows = []
    for entry in find_entries(args.dataset, args.split, args.limit):
        sample = entry.read()
        strengths = loadmat(args.trees / f"{entry.name}.mat")["ucm2"]
        picture = Picture(sample.image, sample.axes, photograph=True)
        rows.append(ROWS["regions"](sample, picture, Prediction([family(strengths)])))
    scores = SUMMARIES["regions"](rows)
    for name in COLUMNS["regions"]:
        if name in scores:
            print(f"{name}: {scores[name]:.4f}")


if __name__ == "__main__":
    main()

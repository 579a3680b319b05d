"""Segment an image and look at what was found."""

import numpy as np
from skimage import data

from napari_backprop_segmentation import Params, segment

image = data.coins()[::2, ::2]  # (Y, X) uint8
labels = segment(image, Params(n_channels=16), axes="YX")

for label, count in zip(*np.unique(labels, return_counts=True), strict=True):
    print(f"label {label}: {count / labels.size:.0%} of the image, mean intensity {image[labels == label].mean():.0f}")

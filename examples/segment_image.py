"""Segment an image and look at what was found."""

import numpy as np
from skimage import data

from napari_backprop_segmentation import Params, segment

image = data.coins()[::2, ::2]  # (Y, X) uint8
labels = segment(image, Params(n_channels=16, detail=60), axes="YX")

numbers, counts = np.unique(labels, return_counts=True)
print(f"{len(numbers)} regions, the largest are")
for index in np.argsort(counts)[::-1][:5]:
    region = labels == numbers[index]
    print(f"region {numbers[index]}: {region.mean():.0%} of the image, mean intensity {image[region].mean():.0f}")

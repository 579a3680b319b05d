"""Say with a few strokes what belongs together."""

import numpy as np
from skimage import data

from napari_backprop_segmentation import Params, run

image = data.coins()[::2, ::2]  # (Y, X) uint8
scribbles = np.zeros(image.shape, np.int32)  # 0: nothing drawn
scribbles[60:66, 18:30] = 1  # on a coin
scribbles[62:68, 56:66] = 1  # on another
scribbles[45:48, 60:120] = 2  # between the coins

# Trained labels keep the numbers of the scribbles; merged regions are numbered anew.
params = Params(method="continuity", regions="trained", n_channels=16, iterations=40, min_labels=2, scribble_weight=5)
steps = run(image, params, axes="YX", scribbles=scribbles)
while True:
    try:
        next(steps)
    except StopIteration as done:
        labels = done.value.labels
        break

for label in (1, 2):
    drawn = scribbles == label
    print(f"scribble {label}: {np.mean(labels[drawn] == label):.0%} of its pixels carry its label")
    print(f"label {label}: {np.mean(labels == label):.0%} of the image")

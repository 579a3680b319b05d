"""Say with a few strokes what belongs together."""

import numpy as np
from skimage import data

from napari_backprop_segmentation import Params, run

image = data.coins()[::2, ::2]  # (Y, X) uint8
strokes = np.zeros(image.shape, np.int32)  # 0: nothing drawn
strokes[60:66, 18:30] = 1  # on a coin
strokes[62:68, 56:66] = 1  # on another
strokes[45:48, 60:120] = 2  # between the coins

# Trained labels keep the numbers of the strokes; merged regions are numbered anew.
params = Params(method="continuity", regions="trained", n_channels=16, iterations=40, min_labels=2, stroke_weight=5)
steps = run(image, params, axes="YX", strokes=strokes)
while True:
    try:
        next(steps)
    except StopIteration as done:
        labels = done.value.labels
        break

for label in (1, 2):
    drawn = strokes == label
    print(f"stroke {label}: {np.mean(labels[drawn] == label):.0%} of its pixels carry its label")
    print(f"label {label}: {np.mean(labels == label):.0%} of the image")

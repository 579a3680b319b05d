import numpy as np

from napari_backprop_segmentation.network.classical import kmeans_labels
from napari_backprop_segmentation.params.sections import Training


def test_an_image_of_fewer_values_than_clusters_has_fewer_labels():
    image = np.zeros((1, 6, 7), np.float32)
    image[0, 2:4] = 1
    labels = kmeans_labels(image, Training(method="kmeans", n_clusters=6))  # a warning would be an error here
    assert len(np.unique(labels)) == 2
    assert labels[0, 0] != labels[2, 0]

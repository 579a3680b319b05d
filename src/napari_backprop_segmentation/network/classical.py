"""The comparisons of both papers: k-means and graph-based segmentation, without a network."""

import warnings

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.network.superpixels import graph_index
from napari_backprop_segmentation.params.sections import Training


def kmeans_labels(image: NDArray[np.float32], settings: Training) -> NDArray[np.int64]:
    """Cluster the pixel values (C, *spatial) into `settings.n_clusters` labels (*spatial), numbered from 1."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    pixels = image.reshape(image.shape[0], -1).T
    if settings.n_clusters > len(pixels):
        raise ParameterError(
            f"n_clusters must be at most the number of pixels, got {settings.n_clusters} for {len(pixels)}; lower it"
        )
    with warnings.catch_warnings():
        # fewer values than clusters: then there are fewer labels, as where a network has fewer
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(settings.n_clusters, n_init=1, random_state=settings.seed).fit_predict(pixels)
    labels: NDArray[np.int64] = found.reshape(image.shape[1:]).astype(np.int64) + 1
    return labels


def graph_labels(image: NDArray[np.float32], settings: Training) -> NDArray[np.int64]:
    """Return the graph-based regions (*spatial) of Felzenszwalb and Huttenlocher (IJCV 2004), numbered from 1."""
    return graph_index(np.moveaxis(image, 0, -1), settings) + 1


CLASSICAL = {"kmeans": kmeans_labels, "graph": graph_labels}

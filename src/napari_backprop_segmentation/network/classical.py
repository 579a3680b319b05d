"""The comparisons of both papers: k-means and graph-based segmentation, without a network."""

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.network.superpixels import graph_index
from napari_backprop_segmentation.params.params import Params


def kmeans_labels(image: NDArray[np.float32], params: Params) -> NDArray[np.int64]:
    """Cluster the pixel values (C, *spatial) into `params.n_clusters` labels (*spatial), numbered from 1."""
    from sklearn.cluster import KMeans

    pixels = image.reshape(image.shape[0], -1).T
    if params.n_clusters > len(pixels):
        raise ParameterError(
            f"n_clusters must be at most the number of pixels, got {params.n_clusters} for {len(pixels)}; lower it"
        )
    found = KMeans(params.n_clusters, n_init=1, random_state=params.seed).fit_predict(pixels)
    labels: NDArray[np.int64] = found.reshape(image.shape[1:]).astype(np.int64) + 1
    return labels


def graph_labels(image: NDArray[np.float32], params: Params) -> NDArray[np.int64]:
    """Return the graph-based regions (*spatial) of Felzenszwalb and Huttenlocher (IJCV 2004), numbered from 1."""
    return graph_index(np.moveaxis(image, 0, -1), params) + 1


CLASSICAL = {"kmeans": kmeans_labels, "graph": graph_labels}

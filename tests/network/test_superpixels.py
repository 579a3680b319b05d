import numpy as np
import oracle
import pytest
import torch
from skimage import data

from napari_backprop_segmentation.errors import ParameterError
from napari_backprop_segmentation.network.superpixels import majority_vote, superpixel_index
from napari_backprop_segmentation.params.sections import Superpixels


def test_vote_by_hand_ties_go_to_the_lowest_label():
    labels = torch.tensor([[2, 2, 1], [0, 1, 1], [3, 0, 3]])
    index = torch.tensor([[0, 0, 0], [1, 1, 1], [2, 2, 2]])
    expected = [[2, 2, 2], [1, 1, 1], [3, 3, 3]]
    assert majority_vote(labels, index, 3, 4).tolist() == expected
    tie = torch.tensor([5, 2, 5, 2])
    assert majority_vote(tie, torch.zeros(4, dtype=torch.int64), 1, 6).tolist() == [2, 2, 2, 2]


def test_vote_equals_the_loop_over_superpixels():
    rng = np.random.default_rng(0)
    labels, index = rng.integers(0, 9, (40, 50)), rng.integers(0, 70, (40, 50))
    found = majority_vote(torch.from_numpy(labels), torch.from_numpy(index), 70, 9)
    np.testing.assert_array_equal(found, oracle.vote_by_loop(labels, index))


@pytest.mark.parametrize("kind", ["slic", "felzenszwalb"])
@pytest.mark.parametrize("n_channels", [1, 2, 3, 5])
def test_index_has_no_gaps_for_any_number_of_channels(kind, n_channels):
    image = np.stack([data.camera()[100:160, 200:260].astype(np.float32) / 255] * n_channels)
    index = superpixel_index(image, Superpixels(superpixels=kind, n_superpixels=50))
    assert index.shape == (60, 60)
    np.testing.assert_array_equal(np.unique(index), np.arange(index.max() + 1))
    assert index.max() > 3


def test_felzenszwalb_refuses_volumes():
    with pytest.raises(ParameterError, match="superpixels must be slic for volumes, got felzenszwalb"):
        superpixel_index(np.zeros((1, 3, 8, 8), np.float32), Superpixels(superpixels="felzenszwalb"))

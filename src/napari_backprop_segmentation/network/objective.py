"""What a training step makes smaller: the losses of the responses to what it looks at, one crop or several."""

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from napari_backprop_segmentation.network.crops import Crop, Crops
from napari_backprop_segmentation.network.loss_terms import Targets
from napari_backprop_segmentation.network.losses import loss_weights, losses_and_gradient
from napari_backprop_segmentation.network.superpixels import majority_vote


def objective(
    response: Tensor, labels: Tensor, seen: Sequence[Crop], crops: Crops
) -> tuple[Tensor, Tensor, Mapping[str, float]]:
    """Return the losses, the gradient of the responses, and the weights of the losses, see `losses_and_gradient`.

    Of several crops it is the mean: they are of one size, so that is the mean over their pixels.

    Parameters
    ----------
    response : (N, Q, *spatial) tensor
    labels : (N, *spatial) int64
        The strongest responses.
    seen : sequence of Crop
        N of them.
    crops : Crops
        Where they are from.
    """
    weights = loss_weights(crops.training, crops.has_strokes)
    parts = [
        losses_and_gradient(response[i : i + 1], _targets(labels[i], crop, crops), weights)
        for i, crop in enumerate(seen)
    ]
    if len(parts) == 1:
        return *parts[0], weights
    losses, gradients = zip(*parts, strict=True)
    return torch.stack(losses).mean(dim=0), torch.cat(gradients) / len(seen), weights


def _targets(labels: Tensor, crop: Crop, crops: Crops) -> Targets:
    """Return what the responses are pulled towards: the voted labels, or the user's where there are some."""
    if crop.superpixels is not None:
        labels = majority_vote(labels, crop.superpixels, crop.n_superpixels, crops.training.n_channels)
    if crop.strokes is None:
        return Targets(labels, dice=crops.dice)
    stroked = crop.strokes > 0
    return Targets(torch.where(stroked, crop.strokes - 1, labels), stroked, crops.dice)

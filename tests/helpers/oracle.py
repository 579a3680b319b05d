"""The published algorithms, written a second time as plainly as possible: slow, literal, independent of the package."""

from collections import Counter

import numpy as np
import torch
from torch import nn
from torch.nn import functional

DTYPE = torch.float32


class PlainNetwork(nn.Module):
    """Kanezaki 2018, section 2: M x (3x3 conv, ReLU, batch norm), 1x1 conv, batch norm; all p = q channels wide."""

    def __init__(self, in_channels, n_channels, n_layers, ndim=2):
        super().__init__()
        conv, norm = {2: (nn.Conv2d, nn.BatchNorm2d), 3: (nn.Conv3d, nn.BatchNorm3d)}[ndim]
        layers = []
        for before in [in_channels, *[n_channels] * (n_layers - 1)]:
            layers += [conv(before, n_channels, 3, padding=1), nn.ReLU(), norm(n_channels)]
        self.layers = nn.Sequential(*layers, conv(n_channels, n_channels, 1), norm(n_channels))

    def forward(self, image):
        return self.layers(image)


def vote_by_loop(labels, superpixels):
    """Algorithm 1, refinement: one superpixel after the other; of equally frequent labels the lowest."""
    refined = labels.copy()
    for k in np.unique(superpixels):
        counts = Counter(labels[superpixels == k].tolist())
        most = max(counts.values())
        refined[superpixels == k] = min(label for label, count in counts.items() if count == most)
    return refined


def continuity(response):
    """Kim et al. 2020: L1 norm of the differences of neighbouring responses (Q, *spatial), axis means summed."""
    return sum(torch.diff(response, dim=axis).abs().mean() for axis in range(1, response.ndim))


def train(image, params, superpixels=None, strokes=None):
    """Yield (number of labels, loss) of each iteration of the published loop.

    image: (C, *spatial) float32; superpixels: (*spatial) int for the 2018 method, None for that of 2020;
    strokes: (*spatial) int, from 1, 0 where nothing is drawn.
    """
    torch.manual_seed(params.seed)
    network = PlainNetwork(image.shape[0], params.n_channels, params.n_layers, image.ndim - 1).to(DTYPE)
    optimizer = torch.optim.SGD(network.parameters(), lr=params.learning_rate, momentum=params.momentum)
    pixels = torch.from_numpy(image)[None]
    while True:
        optimizer.zero_grad()
        response = network(pixels)[0]
        by_pixel = response.reshape(params.n_channels, -1).T
        labels = by_pixel.argmax(dim=1)
        target = labels
        if superpixels is not None:
            target = torch.from_numpy(vote_by_loop(labels.numpy(), superpixels.ravel()))
        if strokes is None:
            loss = params.similarity_weight * functional.cross_entropy(by_pixel, target)
        else:
            drawn = torch.from_numpy(strokes.ravel() > 0)
            wanted = torch.from_numpy(strokes.ravel().astype(np.int64)) - 1
            loss = params.similarity_weight * functional.cross_entropy(by_pixel[~drawn], target[~drawn])
            loss = loss + params.stroke_weight * functional.cross_entropy(by_pixel[drawn], wanted[drawn])
        if params.method == "continuity":
            loss = loss + params.continuity_weight * continuity(response)
        loss.backward()
        optimizer.step()
        yield len(labels.unique()), loss.item()


def train_on_references(images, params):
    """Yield the loss of each iteration of the published training on reference images.

    images: list of (Y, X, C) uint8. They are resized, and seen so many at once; after all iterations on the first
    ones come the next, with the same optimiser; what is left over in the end is left out.
    """
    torch.manual_seed(params.seed)
    network = PlainNetwork(images[0].shape[2], params.n_channels, params.n_layers).to(DTYPE)
    optimizer = torch.optim.SGD(network.parameters(), lr=params.learning_rate, momentum=params.momentum)
    size, side = params.images_at_once, params.reference_side
    for number in range(len(images) // size):
        batch = []
        for image in images[number * size : (number + 1) * size]:
            pixels = torch.from_numpy(image.transpose(2, 0, 1).astype(np.float64))[None]
            pixels = functional.interpolate(pixels, size=(side, side), mode="bilinear", align_corners=False)
            batch.append(((pixels[0] + 0.5 + 1e-9).floor().float() / 255).to(DTYPE))
        batch = torch.stack(batch)
        for _ in range(params.iterations):
            optimizer.zero_grad()
            response = network(batch)
            down = (response[:, :, 1:] - response[:, :, :-1]).abs().mean()
            right = (response[:, :, :, 1:] - response[:, :, :, :-1]).abs().mean()
            loss = params.similarity_weight * functional.cross_entropy(response, response.argmax(dim=1))
            loss = loss + params.continuity_weight * (down + right)
            loss.backward()
            optimizer.step()
            yield loss.item()

"""The CNN of both papers, in two and three dimensions from one definition."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from napari_backprop_segmentation.image.context import n_inputs
from napari_backprop_segmentation.network.batchnorm import EPSILON, BatchNorm
from napari_backprop_segmentation.network.convolution import convolved
from napari_backprop_segmentation.network.estimate import padded
from napari_backprop_segmentation.params.fields import Padding
from napari_backprop_segmentation.params.sections import Input, Training


class Network(nn.Module):
    """M x (3^n convolution -> ReLU -> batch norm), then a 1^n convolution and batch norm.

    The layers are created in the published order, so a seed means the same weights as in the published code.
    Hidden widths are padded (see `costs.padded`) with channels whose weights are zero. Such a channel is
    zero at every pixel, receives zero gradient and therefore stays zero: the method is unchanged.

    Parameters
    ----------
    in_channels : int
        Channels of the image.
    n_channels : int
        Width of the network and number of responses (p = q in the papers).
    n_layers : int
        Number of 3^n convolutions (M).
    ndim : int
        2 or 3 spatial dimensions.
    padding : {"replicate", "zeros"}
        What each 3^n convolution sees beyond the edge of the image.

    References
    ----------
    Kanezaki, ICASSP 2018, section 2.
    """

    def __init__(
        self, in_channels: int, n_channels: int, n_layers: int, ndim: int = 2, padding: Padding = "zeros"
    ) -> None:
        super().__init__()
        conv = {2: nn.Conv2d, 3: nn.Conv3d}[ndim]
        width = padded(n_channels)
        self.ndim = ndim
        self.halo = n_layers
        self.convs = nn.ModuleList()
        self.norms = nn.ModuleList()
        for before in [in_channels] + [n_channels] * (n_layers - 1):
            self.convs.append(conv(before, n_channels, kernel_size=3, padding=1, padding_mode=padding))
            self.norms.append(ImageNorm(width))
        self.head = conv(n_channels, n_channels, kernel_size=1)
        self.head_norm = ImageNorm(n_channels)
        for layer, inner in enumerate(self.convs):
            _pad_channels(inner, in_channels if layer == 0 else width, width)
        _pad_channels(self.head, width, n_channels)
        self.to(memory_format=torch.channels_last if ndim == 2 else torch.channels_last_3d)  # type: ignore[call-overload]

    def forward(self, image: Tensor) -> Tensor:
        """Return the responses (N, n_channels, *spatial) of images (N, in_channels, *spatial)."""
        x = image
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = norm(convolved(conv, x), relu=True)
        return self.head_norm(self.head(x), relu=False)  # type: ignore[no-any-return]

    @property
    def all_norms(self) -> "list[ImageNorm]":
        """All batch norms, in order."""
        return [m for m in self.modules() if isinstance(m, ImageNorm)]

    def before_norm(self, image: Tensor, layer: int) -> Tensor:
        """Return what the batch norm of a layer normalises (N, C, *spatial); the head comes last."""
        x = image
        for number, (conv, norm) in enumerate(zip(self.convs, self.norms, strict=True)):
            x = conv(x)
            if number == layer:
                return torch.relu_(x)
            x = norm(x, relu=True)
        return self.head(x)  # type: ignore[no-any-return]

    @torch.no_grad()
    def freeze(self, images: Sequence[Tensor]) -> None:
        """Fix the batch-norm statistics to those of the given images and switch to evaluation mode.

        During training each image is normalised by its own statistics, as published; prediction in blocks needs
        statistics that do not depend on the block.
        """
        self.train()
        norms = self.all_norms
        seen = []
        for image in images:
            self(image)
            seen.append([torch.stack([norm.mean, norm.variance]) for norm in norms])
        for norm, statistics in zip(norms, zip(*seen, strict=True), strict=True):
            norm.mean, norm.variance = torch.stack(statistics).mean(dim=0)
        self.eval()


class ImageNorm(nn.Module):
    """Batch norm whose batch is the pixels of the images that are seen at once, optionally of the ReLU of its input.

    In training mode it keeps the statistics of what it saw last; in evaluation mode it uses them as they are.
    """

    mean: Tensor
    variance: Tensor

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(n_channels))
        self.bias = nn.Parameter(torch.zeros(n_channels))
        self.register_buffer("mean", torch.zeros(n_channels))
        self.register_buffer("variance", torch.ones(n_channels))

    def forward(self, x: Tensor, relu: bool) -> Tensor:
        """Return the normalised (N, C, *spatial); the input may be overwritten."""
        if self.training:
            y, self.mean, self.variance = BatchNorm.apply(x, self.weight, self.bias, relu)  # type: ignore[no-untyped-call]
            return y  # type: ignore[no-any-return]
        scale = self.weight * (self.variance + EPSILON).rsqrt()
        shift = self.bias - self.mean * scale
        shape = (1, -1) + (1,) * (x.ndim - 2)
        return torch.addcmul(shift.view(shape), torch.relu_(x) if relu else x, scale.view(shape))


def _pad_channels(conv: Any, n_in: int, n_out: int) -> None:
    """Widen a convolution in place; the new channels are zero."""
    for name, shape in (("weight", (n_out, n_in, *conv.weight.shape[2:])), ("bias", (n_out,))):
        old = getattr(conv, name)
        new = torch.zeros(shape, dtype=old.dtype)
        new[tuple(map(slice, old.shape))] = old.detach()
        setattr(conv, name, nn.Parameter(new))
    conv.in_channels, conv.out_channels = n_in, n_out


def new_network(n_channels: int, ndim: int, training: Training, shown: Input) -> Network:
    """Return an untrained network; the seed fixes its weights and leaves torch's own state alone.

    Parameters
    ----------
    n_channels : int
        Of the image.
    ndim : int
        Its spatial dimensions.
    training : Training
    shown : Input
        How the network sees the image.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(training.seed)
        return Network(n_inputs(n_channels, shown), training.n_channels, training.n_layers, ndim, training.padding)


def empty_network(n_channels: int, ndim: int, training: Training, shown: Input) -> Network:
    """Return a network without memory for its weights, to be given them; arguments as of `new_network`."""
    with torch.device("meta"):
        return Network(n_inputs(n_channels, shown), training.n_channels, training.n_layers, ndim, training.padding)


def network_arrays(network: Network) -> dict[str, NDArray[Any]]:
    """Return the weights and statistics of a network as arrays, by the names of its `state_dict`."""
    return {name: tensor.detach().cpu().numpy() for name, tensor in network.state_dict().items()}


def fill_network(network: Network, arrays: Mapping[str, NDArray[np.float32]]) -> None:
    """Give a network from `empty_network` its weights and statistics, by the names of its `state_dict`."""
    network.load_state_dict({name: torch.from_numpy(array) for name, array in arrays.items()}, assign=True)
    for parameter in network.parameters():
        parameter.requires_grad_(True)


def copied_parameters(network: Network) -> dict[str, Tensor]:
    """Return what a network has learned so far, by the names of its parameters; stays what it is."""
    return {name: parameter.detach().clone() for name, parameter in network.named_parameters()}


@torch.no_grad()
def give_weights(network: Network, weights: Mapping[str, Any]) -> None:
    """Give a network other weights, by the names of its parameters.

    Parameters
    ----------
    network : Network
        Changed in place.
    weights : mapping of str to tensor or float32 array
    """
    for name, parameter in network.named_parameters():
        parameter.copy_(torch.as_tensor(weights[name]))


def strongest(response: Tensor) -> Tensor:
    """Return the strongest channel of each pixel, (N, *spatial) int64, of responses (N, Q, *spatial)."""
    # In bfloat16 with channels last, max takes a third of the time of argmax.
    return response.detach().movedim(1, -1).max(dim=-1).indices

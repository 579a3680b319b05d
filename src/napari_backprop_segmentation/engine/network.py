"""The CNN of both papers, in two and three dimensions from one definition."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

VECTOR_WIDTH = 16  # float32 lanes of AVX-512; convolution kernels run far faster on multiples of it


class Network(nn.Module):
    """M x (3^n convolution -> ReLU -> batch norm), then a 1^n convolution and batch norm.

    The layers are created in the published order, so a seed means the same weights as in the published code.
    Hidden widths are padded to a multiple of `VECTOR_WIDTH` with channels whose weights are zero. Such a channel is
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

    References
    ----------
    Kanezaki, ICASSP 2018, section 2.
    """

    def __init__(self, in_channels: int, n_channels: int, n_layers: int, ndim: int = 2) -> None:
        super().__init__()
        conv = {2: nn.Conv2d, 3: nn.Conv3d}[ndim]
        norm = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}[ndim]
        padded = -(-n_channels // VECTOR_WIDTH) * VECTOR_WIDTH
        self.ndim = ndim
        self.halo = n_layers
        self.convs = nn.ModuleList()
        self.norms = nn.ModuleList()
        for before in [in_channels] + [n_channels] * (n_layers - 1):
            self.convs.append(conv(before, n_channels, kernel_size=3, padding=1))
            self.norms.append(norm(padded, momentum=None))
        self.head = conv(n_channels, n_channels, kernel_size=1)
        self.head_norm = norm(n_channels, momentum=None)
        for layer, inner in enumerate(self.convs):
            _pad_channels(inner, in_channels if layer == 0 else padded, padded)
        _pad_channels(self.head, padded, n_channels)
        self.to(memory_format=torch.channels_last if ndim == 2 else torch.channels_last_3d)  # type: ignore[call-overload]

    def forward(self, image: Tensor) -> Tensor:
        """Return the responses (1, n_channels, *spatial) of an image (1, in_channels, *spatial)."""
        x = image
        for conv, norm in zip(self.convs, self.norms, strict=True):
            x = norm(torch.relu_(conv(x)))
        response: Tensor = self.head_norm(self.head(x))
        return response

    @torch.no_grad()
    def freeze(self, images: Sequence[Tensor]) -> None:
        """Fix the batch-norm statistics to those of the given images and switch to evaluation mode.

        During training each image is normalised by its own statistics, as published; prediction in blocks needs
        statistics that do not depend on the block.
        """
        self.train()
        for norm in (*self.norms, self.head_norm):
            norm.reset_running_stats()
        for image in images:
            self(image)
        self.eval()


def _pad_channels(conv: nn.Conv2d | nn.Conv3d, n_in: int, n_out: int) -> None:
    """Widen a convolution in place; the new channels are zero."""
    for name, shape in (("weight", (n_out, n_in, *conv.kernel_size)), ("bias", (n_out,))):
        old = getattr(conv, name)
        new = torch.zeros(shape, dtype=old.dtype)
        new[tuple(map(slice, old.shape))] = old.detach()
        setattr(conv, name, nn.Parameter(new))
    conv.in_channels, conv.out_channels = n_in, n_out

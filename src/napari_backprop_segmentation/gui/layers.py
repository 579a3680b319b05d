"""What a layer of napari means as an image to segment, and where its labels belong in the world."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from napari.layers import Image
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError

CHANNEL_NAMES = ("c", "ch", "channel", "channels")
FLAT, STACKED = 2, 3  # number of axes of a layer without and with channels; samples of RGB do not count


@dataclass(frozen=True)
class Picture:
    """An image layer at the moment Run is pressed; nothing here refers to the layer any more.

    Attributes
    ----------
    name : str
    array : array-like
        Full resolution; may be lazy.
    axes : str
        One letter an axis of the array.
    placement : dict
        How a label image is laid over the layer: keyword arguments of a Labels layer.
    """

    name: str
    array: Any
    axes: str
    placement: dict[str, Any]

    @property
    def shape(self) -> tuple[int, ...]:
        """Spatial shape, that of the label image."""
        return tuple(n for n, letter in zip(self.array.shape, self.axes, strict=True) if letter in "YX")

    @property
    def n_channels(self) -> int:
        """How many channels the network will see; alpha is not one of them."""
        sizes = dict(zip(self.axes, self.array.shape, strict=True))
        return min(sizes.get("S", 1), len("RGB")) * sizes.get("C", 1)


def picture_of(layer: Image | None, channel_axis: int | None = None) -> Picture:
    """Return a layer as an image to segment.

    Parameters
    ----------
    layer : Image or None
        The layer chosen in the widget.
    channel_axis : int, optional
        Which axis of a layer with three axes holds the channels.

    Raises
    ------
    ImageError
        If there is no layer, or it is a volume, a series or something else that cannot be segmented yet.
    """
    if layer is None:
        raise ImageError("image must be chosen, got none; open an image or a sample (File > Open Sample)")
    array = _pixels(layer)
    shape = " x ".join(map(str, array.shape))
    if 0 in array.shape:
        raise ImageError(f"image must hold pixels, got shape {shape}; choose another image")
    if layer.ndim == FLAT:
        axes = "YXS" if layer.rgb else "YX"
        return Picture(layer.name, array, axes, _placement(layer, [0, 1]))
    if layer.ndim != STACKED or layer.rgb:
        raise ImageError(
            f"image must be a plane with or without channels, got {layer.ndim} axes ({shape}"
            f"{', RGB' if layer.rgb else ''}); volumes and time series cannot be segmented yet: choose one slice"
        )
    if channel_axis is None:
        raise ImageError(
            f"channel axis must be chosen for an image with three axes, got {shape}; choose it above, or one slice "
            "if this is a volume or a time series, which cannot be segmented yet"
        )
    spatial = [axis for axis in range(STACKED) if axis != channel_axis]
    letters = ["Y", "X"]
    letters.insert(channel_axis, "C")
    return Picture(layer.name, array, "".join(letters), _placement(layer, spatial))


def needs_channel_axis(layer: Image | None) -> bool:
    """Return whether the user can say which axis holds the channels."""
    return layer is not None and layer.ndim == STACKED and not layer.rgb


def channel_choices(layer: Image | None) -> list[tuple[str, int | None]]:
    """Return (text, axis) of the axes that could hold the channels; the first means none is chosen."""
    if layer is None or not needs_channel_axis(layer):
        return [("none", None)]
    names = _axis_names(layer)
    sizes = _pixels(layer).shape
    texts = [f"axis {axis}{f' ({name})' if name else ''}: {sizes[axis]}" for axis, name in enumerate(names)]
    return [("choose...", None), *zip(texts, range(STACKED), strict=True)]


def named_channel_axis(layer: Image | None) -> int | None:
    """Return the axis that the layer itself calls channels; sizes are never guessed from."""
    if layer is None or not needs_channel_axis(layer):
        return None
    named = [axis for axis, name in enumerate(_axis_names(layer)) if name.lower() in CHANNEL_NAMES]
    return named[0] if len(named) == 1 else None


def summary(picture: Picture) -> str:
    """Return in one line what will be segmented."""
    dtype = np.dtype(picture.array.dtype)
    depth = {"b": "binary", "f": f"{8 * dtype.itemsize}-bit float", "c": "complex"}.get(
        dtype.kind, f"{8 * dtype.itemsize}-bit"
    )
    size = " x ".join(map(str, picture.shape))
    return f"{size}, {_colours(picture)}, {depth}"


def _colours(picture: Picture) -> str:
    for letter, name in (("S", "RGB"), ("C", "channels")):
        if letter in picture.axes:
            axis = picture.axes.index(letter)
            count = picture.array.shape[axis]
            if letter == "C":
                return f"{count} {name if count > 1 else 'channel'} (axis {axis})"
            return "RGBA (alpha ignored)" if count > len(name) else name
    return "grey"


def _pixels(layer: Image) -> Any:
    """Return the array of a layer; the finest level of a pyramid, where np.asarray would take the coarsest."""
    return layer.data[0] if layer.multiscale else layer.data


def _axis_names(layer: Image) -> list[str]:
    """Return the names the user gave the axes; napari's own are negative numbers."""
    names = [str(name) for name in getattr(layer, "axis_labels", ())]
    names = ["" if name.lstrip("-").isdigit() else name for name in names]
    return names or [""] * layer.ndim


def _placement(layer: Image, axes: list[int]) -> dict[str, Any]:
    """Return the keyword arguments that put an array with these axes of the layer where the layer is."""
    matrix = np.ix_(axes, axes)
    homogeneous = np.ix_([*axes, layer.ndim], [*axes, layer.ndim])
    placement: dict[str, Any] = {
        "scale": layer.scale[axes],
        "translate": layer.translate[axes],
        "rotate": layer.rotate[matrix],
        "shear": _shear_matrix(layer)[matrix],
        "affine": np.asarray(layer.affine)[homogeneous],
    }
    for key in ("units", "axis_labels"):  # not in the oldest napari
        if hasattr(layer, key):
            placement[key] = tuple(getattr(layer, key)[axis] for axis in axes)
    return placement


def _shear_matrix(layer: Image) -> NDArray[np.float64]:
    """Return the shear as a matrix; napari gives an upper triangle as a vector."""
    shear = np.asarray(layer.shear, dtype=np.float64)
    if shear.ndim == FLAT:
        return shear
    matrix = np.eye(layer.ndim)
    matrix[np.triu_indices(layer.ndim, k=1)] = shear
    return matrix

"""Labels in a file of ours as a layer: with their table, their place in the world, and what their kinds are called."""

import csv
import io
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from napari_backprop_segmentation.errors import ImageError, OutputError, SegmentationError
from napari_backprop_segmentation.image.axes import spatial_axes
from napari_backprop_segmentation.io.calibration import Calibration
from napari_backprop_segmentation.io.overwrite import check_table
from napari_backprop_segmentation.io.read import TIFF_SUFFIXES, read_image
from napari_backprop_segmentation.io.record import OTHERS, checksum_of_bytes, read_record
from napari_backprop_segmentation.io.tables import table_bytes, write_bytes
from napari_backprop_segmentation.io.write import write_labels

LAYER = "layer"  # in the record
VECTORS, MATRICES, WORDS = ("scale", "translate"), ("rotate", "shear", "affine"), ("units", "axis_labels")
SIZED = "ZYX"
Table = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class LabelLayer:
    """Labels, and how a layer shows them.

    Attributes
    ----------
    labels : (*spatial) int array
        With the axes of the layer.
    record : dict
        Of the run.
    placement : dict
        Scale, translation and so on: keyword arguments of a layer of napari.
    table : mapping of str to array, optional
        Columns of the measurements, with the label in the column ``label``.
    """

    labels: NDArray[Any]
    record: dict[str, Any]
    placement: dict[str, Any] = field(default_factory=dict)
    table: Table | None = None


def write_layer(path: Path, layer: LabelLayer, axes: str, calibration: Calibration) -> tuple[str, ...]:
    """Write labels as the command line does, so that the layer comes back as it is; the table goes beside them.

    Parameters
    ----------
    path : Path
        Ends in .tif or .tiff.
    layer : LabelLayer
        Its labels may have more axes than `axes`, of length 1.
    axes : str
        One letter an axis of the labels.
    calibration : Calibration

    Returns
    -------
    tuple of str
        What had to be left out, in words.

    Raises
    ------
    ImageError, OutputError
        As of `write_labels`.
    """
    record = {name: value for name, value in layer.record.items() if name != OTHERS}
    record[LAYER] = {"shape": list(layer.labels.shape), **_plain(layer.placement)}
    remarks: tuple[str, ...] = ()
    beside, table = path.with_suffix(".csv"), None
    if layer.table is not None:
        try:
            check_table(beside, path)
            table = table_bytes(layer.table)
            record[OTHERS] = {"table": checksum_of_bytes(table)}
        except OutputError:
            remarks = (f"the table was left out, as {beside.name} is another file",)
    kept = [i for i, n in enumerate(layer.labels.shape) if n != 1]
    shape = layer.labels.shape if layer.labels.ndim == len(axes) else tuple(layer.labels.shape[i] for i in kept)
    remarks += write_labels(path, layer.labels.reshape(shape), record, axes, calibration)
    if table is not None:
        write_bytes(beside, table)
    return remarks


def is_ours(path: str | os.PathLike[str]) -> bool:
    """Return whether a file holds labels that this program wrote; its pixels are not read."""
    if Path(path).suffix.lower() not in TIFF_SUFFIXES or not os.path.isfile(path):
        return False
    try:
        record = read_record(path)
    except SegmentationError:
        return False
    return isinstance(record.get("params"), dict)


def read_layer(path: str | os.PathLike[str]) -> LabelLayer:
    """Return the labels of a file that this program wrote.

    Raises
    ------
    ImageError
        If it is another file, or holds no labels.
    """
    record, image = read_record(path), read_image(path)
    labels = np.asarray(image.pixels)
    if labels.dtype.kind not in "iu":
        raise ImageError(f"labels must be whole numbers, got {labels.dtype} in {str(path)!r}; open the labels instead")
    told = record.get(LAYER)
    shape = _shape(told, labels)
    placement = _placement(told, len(shape))
    if not placement:
        placement = _from_file(image.axes or spatial_axes(str(record.get("axes", ""))), image.calibration, len(shape))
    return LabelLayer(labels.reshape(shape), record, placement, _table(Path(path).with_suffix(".csv"), record))


def _plain(placement: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: np.asarray(placement[name], float).tolist() for name in (*VECTORS, *MATRICES) if name in placement}
    return found | {name: [str(each) for each in placement[name]] for name in WORDS if name in placement}


def _shape(told: Any, labels: NDArray[Any]) -> tuple[int, ...]:
    shape = told.get("shape") if isinstance(told, dict) else None
    good = isinstance(shape, list) and all(isinstance(n, int) and n > 0 for n in shape)
    return tuple(shape) if good and np.prod(shape) == labels.size else labels.shape  # type: ignore[arg-type]


def _placement(told: Any, ndim: int) -> dict[str, Any]:
    """Return what a record says of the place of a layer; nothing where it cannot be so."""
    if not isinstance(told, dict) or not {*VECTORS, *MATRICES} <= set(told):
        return {}
    try:
        found = {name: np.array(told[name], float) for name in (*VECTORS, *MATRICES)}
    except (ValueError, TypeError):
        return {}
    good = all(found[name].shape == (ndim,) for name in VECTORS)
    good = good and all(found[name].shape == (ndim, ndim) for name in ("rotate", "shear"))
    good = good and found["affine"].shape == (ndim + 1, ndim + 1) and all(np.isfinite(v).all() for v in found.values())
    if not good or not found["scale"].all():
        return {}
    words = {name: told[name] for name in WORDS if isinstance(told.get(name), list) and len(told[name]) == ndim}
    return {**found, **{name: tuple(map(str, value)) for name, value in words.items()}}


def _from_file(axes: str, known: Calibration, ndim: int) -> dict[str, Any]:
    """Return the place of labels by what the file itself says, as of those that the command line wrote."""
    if len(axes) != ndim:
        return {}
    sizes = [known.sizes.get(letter, (1.0, "")) if letter in SIZED else (1.0, "") for letter in axes]
    return {
        "scale": [size for size, _ in sizes],
        "units": tuple(unit or "pixel" for _, unit in sizes),
        "axis_labels": tuple(axes.lower()),
    }


def _table(path: Path, record: Mapping[str, Any]) -> Table | None:
    """Return the table that was written with labels, if it is still beside them as it was."""
    others = record.get(OTHERS)
    known = others.get("table") if isinstance(others, dict) else None
    try:
        content = path.read_bytes() if known else b""
    except OSError:
        return None
    if not content or checksum_of_bytes(content) != known:
        return None
    names, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return {name: _column([row[i] for row in rows]) for i, name in enumerate(names)}


def _column(texts: list[str]) -> NDArray[Any]:
    for kind in (int, float):
        try:
            return np.array([kind(text) for text in texts])
        except ValueError:
            continue
    return np.array(texts)

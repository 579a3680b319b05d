"""Tables of features that say what is there: measured in a thread, and again when labels are edited or undone."""

import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

import numpy as np
import pandas as pd
from napari.layers import Labels
from napari.utils.notifications import show_error
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui import background
from napari_backprop_segmentation.gui.input.layers import run_input_of
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.layer_result import result_of
from napari_backprop_segmentation.gui.result.table_columns import ours_in, with_ours, without_ours
from napari_backprop_segmentation.gui.run.worker import Failure
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.words import sentence

if TYPE_CHECKING:
    from napari.viewer import Viewer

EDIT_MS = 400  # after the last edit
Measured = tuple[dict[str, NDArray[Any]], int]  # the table, and a checksum of the labels
Done = Callable[[Labels, RunInput, int], None]


def image_for(layer: Labels, state: State) -> RunInput | None:
    """Return the image in which a layer of labels is measured; None where none has its size.

    That of its own run comes first; then the chosen one, as it would be segmented or all of it; then that of the last
    run.
    """
    own, chosen = result_of(layer), state.input.run_input
    found = [] if own is None else [_sized_as(own.run_input, chosen if own.layers == state.input.layers else None)]
    if chosen is not None:
        found.append(chosen)
    if state.input.whole is not None:
        with suppress(ImageError):  # said elsewhere
            found.append(run_input_of(state.input.whole))
    if state.result is not None:
        found.append(state.result.run_input)
    return next((each for each in found if tuple(layer.data.shape) in (each.layer_shape, each.shape)), None)


def _sized_as(own: RunInput, chosen: RunInput | None) -> RunInput:
    """Return the image of a run with the pixel size that is chosen now for the same pixels."""
    same = ("layers", "axes", "level")
    if chosen is None or any(chosen.origin.get(name) != own.origin.get(name) for name in same):
        return own
    if len(chosen.spacing) != len(own.spacing):
        return own
    return replace(own, spacing=chosen.spacing, unit=chosen.unit)


def why_not(layer: Labels, state: State) -> str:
    """Return in words why a layer of labels cannot be measured."""
    size = " x ".join(map(str, layer.data.shape))
    chosen = state.input.run_input
    if chosen is None:
        reason = sentence(str(state.input.obstacle)) if state.input.layers else "Choose it above."
        return f"Measure needs the image that the labels '{layer.name}' ({size}) belong to. {reason}"
    other = " x ".join(map(str, chosen.layer_shape))
    return (
        f"Measure takes labels of the size of the chosen image '{chosen.name}' ({other}); '{layer.name}' has {size}. "
        "Choose the image they belong to above, or select other labels."
    )


def array_of(layer: Labels) -> Any:
    """Return the labels of a layer, the finest of a pyramid."""
    return layer.data[0] if layer.multiscale else layer.data


def copied(layer: Labels) -> Any:
    """Return the labels of a layer for a thread: the user may paint meanwhile."""
    data = array_of(layer)
    return data.copy() if isinstance(data, np.ndarray) else data


def measured(labels: Any, run_input: RunInput, known: int | None = None) -> "Measured | Failure | None":
    """Measure labels in an image; an error is returned instead of raised, see `worker.outcome`.

    None where the labels have the checksum that is known: they were measured before.
    """
    from napari_backprop_segmentation.objects.measure import measure

    try:
        pixels = np.asarray(labels).reshape(run_input.shape)
        axes, spacing, unit = run_input.axes, run_input.spacing, run_input.unit
        number = checksum(pixels)
        if number == known:
            return None
        return measure(pixels, run_input.array, axes=axes, spacing=spacing, unit=unit), number
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: the user is told, whatever Qt does with errors
        return Failure(error)


def compared(labels: Any, known: int) -> bool:
    """Return whether labels have the checksum that is known; those that cannot be read have not."""
    with suppress(Exception):
        return checksum(labels) == known
    return False


def checksum(labels: Any) -> int:
    """Return a number that tells labels from others."""
    found = 0
    for part in labels:  # the same for every type of number, without a large copy
        found = zlib.crc32(np.ascontiguousarray(part, np.int64).data, found)
    return found


@dataclass(frozen=True, eq=False)
class Measurement:
    """What was measured of a layer: in its own image, and where its brightness was seen."""

    own: RunInput
    run_input: RunInput
    measured: dict[str, NDArray[Any]]
    checksum: int
    columns: tuple[str, ...]

    @property
    def n_frames(self) -> int:
        """Of a series; 1 where there is no time."""
        return int(dict(zip(self.own.axes, self.own.array.shape, strict=True)).get("T", 1))

    def place_of(self, layer: Labels, number: int, frame: int | None = None) -> tuple[int, ...] | None:
        """Return the pixel of a layer in the middle of an object, of a series in a frame; None if it is gone."""
        here = self.measured["label"] == number
        if frame is not None:
            here = here & (self.measured["frame"] == frame)
        if not here.any():
            return None
        row = int(here.argmax())
        middle = [self.measured[name][row] for name in self.measured if name.startswith("centroid ")]
        inner = [] if frame is None else [frame]
        inner += [round(float(i / size)) for i, size in zip(middle, self.own.spacing, strict=True)]
        flat = np.ravel_multi_index(tuple(inner), self.own.shape, mode="clip")
        return tuple(int(i) for i in np.unravel_index(flat, layer.data.shape))


class Tables:
    """The tables of all layers that were measured.

    napari tells of strokes and fills (`paint`) and of other labels (`data`), but not of undoing: that only shows as one
    of many reasons to draw anew (`set_data`). So it is compared whether the labels are still those that were measured.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    parent : QObject
        Timers end with it.
    """

    def __init__(self, viewer: "Viewer", parent: QObject) -> None:
        self._viewer = viewer
        self._tables: WeakKeyDictionary[Labels, Measurement] = WeakKeyDictionary()
        self._followed: WeakSet[Labels] = WeakSet()
        self._touched: WeakSet[Labels] = WeakSet()
        self._wanted: dict[Labels, tuple[RunInput, RunInput, Done | None, int | None]] = {}  # asked for last
        self._compared: WeakSet[Labels] = WeakSet()
        self._measuring = self._closed = False
        self._timer = QTimer(parent)
        self._timer.setSingleShot(True)
        self._timer.setInterval(EDIT_MS)
        self._timer.timeout.connect(self._measure_again)

    def measure(
        self,
        layer: Labels,
        own: RunInput,
        done: Done | None = None,
        *,
        run_input: RunInput | None = None,
        known: int | None = None,
    ) -> None:
        """Fill the table of a layer, in a thread.

        Parameters
        ----------
        layer : Labels
        own : RunInput
            The image it belongs to.
        done : callable, optional
            Called with the layer, the image its brightness was measured in, and the number of labels.
        run_input : RunInput, optional
            Where its brightness is measured, if in another image; see `seen_in`.
        known : int, optional
            Checksum of labels that need not be measured again.
        """
        asked = self._wanted.get(layer)
        told = done or (None if asked is None else asked[2])
        known = known if asked is None else None
        self._wanted[layer] = own, own if run_input is None else run_input, told, known
        self._begin()

    def _begin(self) -> None:
        """Measure what is wanted, one layer at a time: what else is counted in threads must not wait for it."""
        layer = None if self._measuring else next(iter(self._wanted), None)
        if layer is None:
            return
        own, seen, done, known = self._wanted.pop(layer)
        self._measuring = True
        then = partial(self._on_measured, layer, (own, seen), done)
        background.start(measured, copied(layer), seen, known, then=then)

    def of(self, layer: Labels | None) -> "Measurement | None":
        """Return what was measured of a layer, if its table still shows it."""
        return self._tables[layer] if layer is not None and self._ours(layer) else None

    def close(self) -> None:
        """Follow no layer any more, and fill no table."""
        self._closed = True
        self._wanted.clear()
        for layer in self._followed:
            for name, callback in self._callbacks().items():
                getattr(layer.events, name).disconnect(callback)
        self._followed.clear()
        self._tables.clear()

    def _callbacks(self) -> dict[str, Callable[..., None]]:
        return {"paint": self._on_edit, "set_data": self._on_edit, "data": self._on_other_labels}

    def _on_measured(
        self, layer: Labels, images: tuple[RunInput, RunInput], done: Done | None, found: "Measured | Failure | None"
    ) -> None:
        self._measuring = False
        if found is not None:
            self._fill(layer, images, done, found)
        self._begin()

    def _fill(
        self, layer: Labels, images: tuple[RunInput, RunInput], done: Done | None, found: "Measured | Failure"
    ) -> None:
        if self._closed or layer not in self._viewer.layers:
            return
        if isinstance(found, Failure):
            show_error(str(found.error))
            return
        table, number = found
        frame = pd.DataFrame({"index": table["label"], **{k: v for k, v in table.items() if k != "label"}})
        there, before = layer.features, self._columns(layer)
        features = with_ours(there, frame, before)
        self._tables[layer] = Measurement(*images, table, number, ours_in(features, there, before))
        layer.features = features  # whoever hears of it finds the rest
        if layer not in self._followed:
            self._followed.add(layer)
            for name, callback in self._callbacks().items():
                getattr(layer.events, name).connect(callback)
        self._touch(layer)  # for what was edited while it was measured
        if done is not None:
            done(layer, images[1], len(np.unique(table["label"])))

    def _on_other_labels(self, event: Any) -> None:
        """Empty the table: the labels it was made of are gone."""
        layer = event.source
        if (table := self._tables.get(layer)) is not None:
            self._compared.add(layer)
            then = partial(self._on_compared, layer, table)
            background.start(compared, copied(layer), table.checksum, then=then)

    def _on_compared(self, layer: Labels, table: Measurement, same: bool) -> None:
        self._compared.discard(layer)
        if same or self._closed or self._tables.get(layer) is not table:  # of another type of number, perhaps
            return
        if self._ours(layer):
            layer.features = without_ours(layer.features, table.columns)
        self._touched.discard(layer)
        del self._tables[layer]

    def _on_edit(self, event: Any) -> None:
        self._touch(event.source)

    def _touch(self, layer: Labels) -> None:
        if layer in self._tables:
            self._touched.add(layer)
            self._timer.start()

    def _columns(self, layer: Labels) -> tuple[str, ...]:
        """Return the columns of the table of a layer that were measured here."""
        table = self._tables.get(layer)
        return () if table is None else table.columns

    def _ours(self, layer: Labels) -> bool:
        """Return whether the table of a layer still has the columns that were measured here."""
        return layer in self._tables and set(self._columns(layer)) <= set(layer.features.columns)

    def _measure_again(self) -> None:
        if self._compared:
            self._timer.start()
            return
        touched = [layer for layer in self._touched if layer in self._viewer.layers and self._ours(layer)]
        self._touched.clear()
        for layer in touched:
            table = self._tables[layer]
            self.measure(layer, table.own, run_input=table.run_input, known=table.checksum)

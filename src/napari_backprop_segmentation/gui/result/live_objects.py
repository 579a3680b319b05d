"""Objects of a finished run, counted again in a thread while their settings are changed; no other run is needed."""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.qt.threading import create_worker
from napari.utils.notifications import ErrorNotification, notification_manager
from numpy.typing import NDArray
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_backprop_segmentation.errors import SegmentationError, engine_errors
from napari_backprop_segmentation.gui.result.layer_result import LIVE, LayerResult
from napari_backprop_segmentation.gui.result.replacing import replaced
from napari_backprop_segmentation.gui.run import torch_startup
from napari_backprop_segmentation.gui.run.preview import METADATA, show_in
from napari_backprop_segmentation.gui.run.worker import Failure, Listener
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.words import sentence
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.pipeline.messages import count

if TYPE_CHECKING:
    from napari.viewer import Viewer

SOON_MS = 50
SETTINGS = {setting.name: setting for setting in fields(Params) if setting.name in LIVE}
EDITED = "These labels have been edited, so {} leaves them alone. Run again for new ones."


@dataclass(frozen=True, eq=False)
class Counted:
    """What counting again has come to: labels (*spatial), or an error."""

    result: LayerResult
    reading: int
    changes: Mapping[str, Any]
    outcome: "NDArray[Any] | Failure"


def can_count_again(result: LayerResult | None) -> bool:
    """Return whether the objects of a result can be counted again: not those of a series, nor those like examples."""
    return result is not None and result.has_objects and result.reading >= 0 and result.segmentation.recount is not None


def count_again(
    result: LayerResult, reading: int, changes: Mapping[str, Any]
) -> Generator[Counted | None, None, Counted]:
    """Count the objects of a result under changed settings, in a thread: an error is returned, see `worker.outcome`.

    A draft is yielded before where there is one: dividing what touches takes a second, and the slider is still moving.

    Parameters
    ----------
    result : LayerResult
    reading : int
        Which reading of it is shown.
    changes : mapping
        Settings named in `LIVE` that differ from those under which it was counted last.
    """
    yield None
    recount = result.segmentation.recount
    try:
        torch_startup.give_way()
        with engine_errors():
            if recount is None:
                raise ValueError("result must know how to count again, got one that does not; run again")
            params = Params.from_dict({**result.used, **changes})
            draft = getattr(recount, "draft", lambda _: None)(params)
            if draft is not None:
                yield Counted(result, reading, changes, draft)
            return Counted(result, reading, changes, recount(params))
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        return Counted(result, reading, changes, Failure(error))


def show_draft(viewer: "Viewer", counted: Counted) -> None:
    """Show about what will be counted; who asks for the record meanwhile is told how the last count was made."""
    result, draft = counted.result, counted.outcome
    layer = result.layer
    if layer is None or layer not in viewer.layers or result.reading != counted.reading or result.edited:
        return
    if isinstance(draft, Failure):
        return
    labels = result.run_input.laid(draft)
    result.shown = labels
    show_in(viewer, layer, np.array(labels))  # a copy: painting changes the layer's own array


def show_counted(viewer: "Viewer", counted: Counted) -> str | None:
    """Show objects that were counted again; return in words what is shown, or None if nothing is to be said.

    A layer that the user has edited is left alone, so that no edit is lost.
    """
    result, changes = counted.result, counted.changes
    layer = result.layer
    if layer is None or layer not in viewer.layers or result.reading != counted.reading:
        return None
    if isinstance(counted.outcome, Failure):
        error = counted.outcome.error
        return f"The objects could not be counted again: {sentence(str(error) or type(error).__name__)}"
    if result.edited:
        return EDITED.format(in_words(changes, values=False))
    record = layer.metadata[METADATA]
    params, given = {**record["params"], **changes}, sorted({*record.get("given", ()), *changes})
    labels = result.run_input.laid(counted.outcome)
    if not result.reading:
        result.counted = {**result.counted, **changes}
    replaced(viewer, result, labels, result.reading, {**record, "params": params, "given": given})
    number = int(np.count_nonzero(np.bincount(counted.outcome.ravel())[1:]))
    return f"{in_words(changes)}: {count(number, 'object')}."


def in_words(changes: Mapping[str, Any], values: bool = True) -> str:
    """Return which settings have changed.

    Examples
    --------
    >>> in_words({"sensitivity": 70.0, "max_object": 0, "fill_holes": False})
    'Sensitivity 70, largest object no limit, fill holes off'
    """
    parts: list[str] = []
    for name, value in changes.items():
        meta = SETTINGS[name].metadata
        said = "on" if value is True else "off" if value is False else f"{value:g}"
        if "special" in meta and value == meta["minimum"]:
            said = meta["special"]
        title = meta["title"].lower() if parts else meta["title"]
        parts.append(f"{title} {said}" if values else title)
    return ", ".join(parts)


class LiveObjects:
    """Counts again what the target shows whenever one of the settings in `LIVE` is changed.

    One count is under way at a time; what is changed meanwhile is counted next, all of it at once.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    state : State
    parent : QWidget
        The timer ends with it.
    """

    def __init__(self, viewer: "Viewer", state: State, parent: QWidget) -> None:
        self._viewer, self._state = viewer, state
        self._pending: dict[LayerResult, dict[str, Any]] = {}
        self._worker: Any = None
        self._soon = QTimer(parent)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self._begin)
        state.events.changed.connect(self._ask)

    @property
    def waiting(self) -> bool:
        """Whether something is counted, or will be in a moment."""
        return bool(self._pending) or self._worker is not None

    def close(self) -> None:
        """Forget what was asked for."""
        self._soon.stop()
        self._pending.clear()

    def _ask(self, name: str) -> None:
        result = self._state.target_result
        if name not in LIVE or self._state.busy or result is None or not can_count_again(result):
            return
        if result.edited:
            self._state.note(EDITED.format(SETTINGS[name].metadata["title"]))
            return
        self._pending.setdefault(result, {})[name] = self._state.shown(name)
        self._soon.start()

    def _begin(self) -> None:
        if self._worker is not None or not self._pending:
            return
        result = next(iter(self._pending))
        changes = self._pending.pop(result)
        listener = Listener(yielded=self._on_draft, returned=self._on_counted, finished=self._next)
        self._worker = create_worker(count_again, result, result.reading, changes, _connect=listener.slots)

    def _next(self) -> None:
        self._worker = None
        self._begin()

    def _on_draft(self, counted: Counted | None) -> None:
        if counted is not None:
            show_draft(self._viewer, counted)

    def _on_counted(self, counted: Counted) -> None:
        text = show_counted(self._viewer, counted)
        outcome = counted.outcome
        if isinstance(outcome, Failure) and not isinstance(outcome.error, SegmentationError):
            notification_manager.dispatch(ErrorNotification(outcome.error))  # a defect of ours: to report
        if not text or counted.result is not self._state.target_result:
            return
        if isinstance(outcome, Failure) or counted.result.edited:
            self._state.note(text)
            return
        if not counted.reading:
            self._state.hide_readings()  # the first picture shows what was counted before
        self._state.take(counted.result, text)

"""Trained networks as files: saved, loaded, and applied to the chosen image."""

import os
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from magicgui.widgets import PushButton
from napari.qt.threading import create_worker
from qtpy.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from napari_backprop_segmentation.errors import engine_errors
from napari_backprop_segmentation.gui.forms import Folded, side_by_side
from napari_backprop_segmentation.gui.result.layer_result import LayerResult, LoadedModel
from napari_backprop_segmentation.gui.run.preview import METADATA
from napari_backprop_segmentation.gui.run.torch_startup import make_ready_for_torch
from napari_backprop_segmentation.gui.run.worker import Failure, Listener
from napari_backprop_segmentation.gui.state import State
from napari_backprop_segmentation.gui.words import sentence

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.model import Model

SUFFIX = "safetensors"
GO_ON = (
    "Train a copy of the network of '{}' further, on the chosen image and with the settings above.\n"
    "Its number of channels and layers stays. Takes the network that was loaded, trained or selected last."
)
KINDS = f"Trained networks (*.{SUFFIX})"


@dataclass(frozen=True, eq=False)
class Loaded:
    """What loading has come to."""

    path: Path
    outcome: "Model | Failure"


def save(path: Path, result: LayerResult, record: Mapping[str, Any]) -> Generator[None, None, "Path | Failure"]:
    """Write a model with what strokes have taught on its result, in a thread; an error is returned.

    See `worker.outcome`.
    """
    yield
    try:
        with engine_errors():
            from napari_backprop_segmentation.io.result_model import save_model_of

            save_model_of(path, result.segmentation, record, result.model)
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        return Failure(error)
    return path


def load(path: Path) -> Generator[None, None, Loaded]:
    """Read a model, in a thread."""
    yield
    try:
        make_ready_for_torch()
        with engine_errors():
            from napari_backprop_segmentation.io.result_model import load_model

            return Loaded(path, load_model(path))
    except Exception as error:  # noqa: BLE001 - nothing is swallowed: whoever has asked is told
        return Loaded(path, Failure(error))


def ask_where_to_save(parent: QWidget, name: str) -> str:
    """Ask for a file to write, also before one that is there is replaced; empty for none."""
    dialog = QFileDialog(parent, "Save the trained network", "", KINDS)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(SUFFIX)  # of which the dialog knows when it looks whether there is such a file
    dialog.selectFile(f"{name}.{SUFFIX}")
    try:
        return dialog.selectedFiles()[0] if dialog.exec() else ""
    finally:
        dialog.deleteLater()


def ask_what_to_load(parent: QWidget) -> str:
    """Ask for a file to read; empty for none."""
    return str(QFileDialog.getOpenFileName(parent, "Load a trained network", "", KINDS)[0])


class ModelFiles:
    """A row, folded at first, to keep what a run has learned and to use it again.

    Parameters
    ----------
    state : State
    apply : callable
        Labels the chosen image with the model that was loaded.
    go_on : callable
        Trains a copy of the network of the state further, on the chosen image.

    Attributes
    ----------
    folded : Folded
    save_button, load_button, apply_button, go_on_button : PushButton
    """

    def __init__(self, state: State, apply: Callable[[], None], go_on: Callable[[], None]) -> None:
        self._state = state
        self.save_button = PushButton(
            text="Save model...",
            tooltip="Keep what the run has learned, in a file: it labels other images without training.\n"
            "Takes the run of the Labels layer that is selected, else the last one.",
        )
        self.load_button = PushButton(
            text="Load model...", tooltip="Open a trained network that was saved before, here or in the terminal."
        )
        self.apply_button = PushButton(text="Apply model")
        self.go_on_button = PushButton(text="Go on from this network")
        self.save_button.changed.connect(self.save)
        self.load_button.changed.connect(self.load)
        self.apply_button.changed.connect(lambda _: apply())
        self.go_on_button.changed.connect(lambda _: go_on())
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(side_by_side([self.save_button, self.load_button]))
        layout.addWidget(self.apply_button.native)
        layout.addWidget(self.go_on_button.native)
        self.folded = Folded("Trained network", content)
        events = state.events
        for signal in (events.phase, events.result, events.labels, events.model, events.network, events.input):
            signal.connect(self._update)
        self._update()

    def save(self, *_: Any) -> None:
        """Ask where, and save the network of the target, else that of the last run."""
        result = self._result()
        if result is None or result.model is None:
            return
        if path := ask_where_to_save(self.folded, result.run_input.name):
            layer = result.layer
            record = layer.metadata[METADATA] if layer is not None else result.segmentation.record
            create_worker(save, Path(path), result, record, _connect=Listener(returned=self._on_saved).slots)

    def load(self, *_: Any) -> None:
        """Ask for a file, and load it."""
        if path := ask_what_to_load(self.folded):
            self.open(Path(path))

    def open(self, path: Path) -> None:
        """Load a file, and show what can be done with it."""
        self.folded.unfold()
        create_worker(load, path, _connect=Listener(returned=self._on_loaded).slots)

    def _result(self) -> LayerResult | None:
        return self._state.target_result or self._state.result

    def _on_saved(self, outcome: "Path | Failure") -> None:
        if isinstance(outcome, Failure):
            self._state.note(f"The model was not saved. {_reason(outcome)}")
        else:
            self._state.note(f"Saved the model as {outcome.name}. It can be loaded here, and in the terminal.")

    def _on_loaded(self, loaded: Loaded) -> None:
        name = loaded.path.name
        if isinstance(loaded.outcome, Failure):
            self._state.note(f"{name} was not loaded. {_reason(loaded.outcome)}")
        else:
            text = f"Loaded the model {name}. Apply model labels the chosen image with it, without training."
            self._state.load(LoadedModel(loaded.path.stem, loaded.outcome, os.path.abspath(loaded.path)), text)

    def _update(self, _: Any = None) -> None:
        busy, result, loaded = self._state.busy, self._result(), self._state.model
        self.save_button.enabled = not busy and result is not None and result.model is not None
        self.load_button.enabled = not busy
        self.apply_button.enabled = not busy and self._state.input.run_input is not None
        self.apply_button.native.setVisible(loaded is not None)
        if loaded is not None:
            self.apply_button.tooltip = f"Label the chosen image with the network '{loaded.name}', without training."
        network = self._state.network
        self.go_on_button.enabled = not busy and self._state.input.run_input is not None
        self.go_on_button.native.setVisible(network is not None)
        if network is not None:
            self.go_on_button.tooltip = GO_ON.format(network.name)


def _reason(failure: Failure) -> str:
    return sentence(str(failure.error) or type(failure.error).__name__)

"""The widget: choose an image and a preset, run, watch, stop."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, PushButton
from napari.layers import Labels
from napari.utils.notifications import show_error
from napari.utils.theme import get_theme
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QWidget

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.forms import FittingScrollArea, add_row, make_form, text_label
from napari_backprop_segmentation.gui.input.controls import Controls
from napari_backprop_segmentation.gui.input.form import InputForm
from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.result.apply_model import ModelApplication
from napari_backprop_segmentation.gui.result.curation import Curation
from napari_backprop_segmentation.gui.result.detail import DetailSlider
from napari_backprop_segmentation.gui.run.chart import Chart
from napari_backprop_segmentation.gui.run.controller import RunController
from napari_backprop_segmentation.gui.run.estimate import RunEstimate
from napari_backprop_segmentation.gui.run.preview import warm_up
from napari_backprop_segmentation.gui.run.worker import Progress
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import FIRST_PRESET, PRESETS

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

MIN_WIDTH = 300
CHART_STRETCH = 1000  # napari puts an empty stretch below, of 1 more in every widget it docks
WARM_UP_MS = 300  # after the widget is on the screen, before anyone can have pressed Run


class BackpropWidget(Container):  # type: ignore[type-arg]
    """Segments an image without training data, live.

    Parameters
    ----------
    napari_viewer : napari.viewer.Viewer
        The viewer whose images can be chosen.

    Attributes
    ----------
    input_form : InputForm
    preset : ComboBox
    controls : Controls
    run_button, pause_button, stop_button, cancel_button, apply_button : PushButton
    curation : Curation
    chart : Chart
    """

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        self._controller: RunController | None = None
        self._about_image, self._about_preset, self._status = text_label(), text_label(dim=True), text_label()
        self.input_form = InputForm(napari_viewer, self._describe_image)
        self.preset = ComboBox(
            label="Preset",
            choices=[(preset.title, name) for name, preset in PRESETS.items()],
            value=FIRST_PRESET,
            tooltip="Settings that go well together:\n"
            + "\n".join(f"- {preset.title}: {preset.description}" for preset in PRESETS.values()),
        )
        self.controls = Controls(self._describe_preset, Params.preset(FIRST_PRESET))
        self._detail = DetailSlider(napari_viewer, self.controls)
        self.chart = Chart()
        self._run_estimate = RunEstimate(self._describe_image)
        self._apply_model = ModelApplication()
        self.curation = Curation(napari_viewer, self.said)
        self._make_buttons()
        self._lay_out()
        self.preset.changed.connect(self._fill)
        self.input_form.image.changed.connect(self._detail.renew)
        self.controls["detail"].changed.connect(self._change_detail)
        napari_viewer.events.theme.connect(self._retheme)
        self.native.destroyed.connect(self._on_destroyed)
        self.native_parent_changed.connect(self._on_parent_changed)
        self._retheme()
        self._describe_preset()
        self._describe_image()
        self.ended()
        self.said("Ready.")
        self._warm_up = QTimer(self.native)
        self._warm_up.setSingleShot(True)
        self._warm_up.timeout.connect(self._prepare)
        self._warm_up.start(WARM_UP_MS)

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self._controller is not None

    @property
    def status(self) -> str:
        """What the status line says."""
        return str(self._status.text())

    def run(self) -> None:
        """Segment the chosen image; does nothing during a run."""
        if self._controller is not None:
            return
        try:
            run_input, params = self.input_form.run_input(), self._detail.as_asked(self.controls.params())
        except SegmentationError as error:
            self._refuse(error)
            return
        self._apply_model.begin(self.input_form)
        self.chart.clear()
        self._start(RunController(self._viewer, run_input, params, self))

    def apply(self) -> None:
        """Apply the network of the last run, on a part, to all of the image; does nothing during a run."""
        if self._controller is not None or self._apply_model.model is None:
            return
        try:
            run_input, params = self._apply_model.run_input(), self._apply_model.params(self.controls.params())
        except SegmentationError as error:
            self._refuse(error)
            return
        self._start(RunController(self._viewer, run_input, params, self, self._apply_model.model))

    def _refuse(self, error: SegmentationError) -> None:
        self.said(words.sentence(str(error)))
        show_error(str(error))

    def _start(self, controller: RunController) -> None:
        self._controller = controller
        self._lock(True)
        try:
            self._controller.start(self.native)
        except Exception:  # nothing of ours; napari shows it, and the widget must not wait for a run that never began
            self._controller.abandon()
            self.ended()
            self.said("Failed: the labels layer could not be added.")
            raise

    def pause(self) -> None:
        """Pause the run, or resume it."""
        if self._controller is not None:
            self._controller.toggle_pause()
            self._update_buttons()

    def stop(self) -> None:
        """End the run and keep the labels."""
        if self._controller is not None:
            self._controller.stop()
            self._update_buttons()

    def cancel(self) -> None:
        """End the run and remove the labels."""
        if self._controller is not None:
            self._controller.cancel()
            self._update_buttons()

    def progressed(self, message: Progress) -> None:
        """Show the numbers of a run (see `Watcher`)."""
        self.chart.add(message.points)

    def said(self, text: str) -> None:
        """Show what is going on (see `Watcher`)."""
        self._status.setText(text)

    def kept(self, layer: Labels, result: "Segmentation", run_input: RunInput) -> None:
        """Let the Detail slider change this result from now on (see `Watcher`)."""
        self.curation.take(layer, result, run_input)
        self._detail.take(layer, result, run_input)
        self._apply_model.take(result)
        self._run_estimate.compare(result.record, self.native)

    def ended(self) -> None:
        """Be ready for the next run (see `Watcher`)."""
        self._controller = None
        self._lock(False)

    def reset_choices(self, *_: Any) -> None:
        """Take note of layers that came, went or changed their name; napari calls this."""
        self.input_form.refresh()
        self._apply_model.forget(self._viewer.layers)
        self.curation.forget(self._viewer.layers)
        self._detail.update()
        self.said(self._detail.without_borders(self.status))
        self._update_buttons()

    def _change_detail(self, detail: float) -> None:
        if self._controller is None and (text := self._detail.show(detail)):
            self.curation.outdated()
            self.said(text)

    def _make_buttons(self) -> None:
        self.run_button = PushButton(text="Run", tooltip="Segment the image. The labels form in a new layer.")
        self.pause_button = PushButton(text="Pause", tooltip="Let the run rest, and go on when you like.")
        self.stop_button = PushButton(text="Stop", tooltip="End now and keep the labels that are there.")
        self.cancel_button = PushButton(text="Cancel", tooltip="End now and remove the labels of this run.")
        self.apply_button = PushButton(text="Apply to the whole image")
        self.run_button.changed.connect(self.run)
        self.pause_button.changed.connect(self.pause)
        self.stop_button.changed.connect(self.stop)
        self.cancel_button.changed.connect(self.cancel)
        self.apply_button.changed.connect(self.apply)

    def _lay_out(self) -> None:
        settings = QWidget()
        form = make_form()
        settings.setLayout(form)
        self.input_form.add_to(form, self.native)
        add_row(form, self.preset)
        form.addRow(self._about_preset)
        self.controls.add_main(form)
        form.addRow(self.controls.folded)
        buttons = QHBoxLayout()
        for button in (self.run_button, self.pause_button, self.stop_button, self.cancel_button):
            buttons.addWidget(button.native)
        layout = self.native.layout()
        layout.addWidget(FittingScrollArea(settings))
        layout.addWidget(self._about_image)
        layout.addWidget(self._run_estimate.label)
        layout.addLayout(buttons)
        layout.addWidget(self.apply_button.native)
        layout.addWidget(self.curation.row)
        layout.addWidget(self._status)
        layout.addWidget(self.chart, CHART_STRETCH)
        self.native.setMinimumWidth(MIN_WIDTH)

    def _lock(self, locked: bool) -> None:
        self.input_form.lock(locked)
        self.controls.lock(locked)
        self._detail.lock(locked)
        self.preset.enabled = not locked
        self._update_buttons()

    def _update_buttons(self) -> None:
        controller = self._controller
        self.run_button.enabled = self.apply_button.enabled = controller is None
        self.apply_button.native.setVisible(self._apply_model.model is not None)
        self.apply_button.tooltip = (
            "Label all of the image with the network that was trained on a part of it, without training.\n"
            + self._apply_model.describe()
        )
        for button in (self.pause_button, self.stop_button, self.cancel_button):
            button.enabled = controller is not None
        self.pause_button.text = "Resume" if controller is not None and controller.paused else "Pause"

    def _fill(self, name: str) -> None:
        self.controls.fill(Params.preset(name))

    def _describe_preset(self) -> None:
        preset = PRESETS[self.preset.value]
        besides = "detail" if preset.settings.get("automatic") and self._detail.adapted else ""
        changed = self.controls.different(Params.preset(self.preset.value), besides)
        self._about_preset.setText(preset.description + words.changed(changed))
        self._detail.renew()
        self._foresee()

    def _describe_image(self) -> None:
        self._about_image.setText(self.input_form.describe())
        self._foresee()

    def _foresee(self) -> None:
        try:
            self._run_estimate.show(self.input_form.run_input(), self._detail.as_asked(self.controls.params()))
        except SegmentationError:  # said elsewhere
            self._run_estimate.show(None, None)

    def _prepare(self) -> None:
        """Do what would make the first click on Run slow, and measure the machine if that was never done."""
        warm_up()
        self._run_estimate.measure(self.native)

    def _retheme(self, _: Any = None) -> None:
        theme = get_theme(self._viewer.theme)
        self.chart.recolour(theme.background.as_hex(), theme.text.as_hex())

    def _on_parent_changed(self, parent: QWidget | None) -> None:
        """End a run whose widget was closed: napari takes a closed widget out of its window, but does not delete it."""
        if parent is None and self._controller is not None:
            self._controller.abandon()
            self._controller.release()
            self.ended()

    def _on_destroyed(self) -> None:
        """Let go of the run and the viewer: this object outlives its window."""
        self._viewer.events.theme.disconnect(self._retheme)
        self.input_form.disconnect()
        if self._controller is not None:
            self._controller.abandon()
            self._controller = None

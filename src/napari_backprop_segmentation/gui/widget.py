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
from napari_backprop_segmentation.gui.chart import Chart
from napari_backprop_segmentation.gui.choice import ImageChoice
from napari_backprop_segmentation.gui.controls import Controls
from napari_backprop_segmentation.gui.detail import DetailSlider
from napari_backprop_segmentation.gui.foresight import Foresight
from napari_backprop_segmentation.gui.forms import FittingScrollArea, add_row, make_form, text_label
from napari_backprop_segmentation.gui.handwork import Handwork
from napari_backprop_segmentation.gui.picture import Picture
from napari_backprop_segmentation.gui.preview import warm_up
from napari_backprop_segmentation.gui.rest import Rest
from napari_backprop_segmentation.gui.session import Session
from napari_backprop_segmentation.gui.worker import Progress
from napari_backprop_segmentation.params import FIRST_PRESET, PRESETS, Params

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.segment import Result

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
    choice : ImageChoice
    preset : ComboBox
    controls : Controls
    run_button, pause_button, stop_button, cancel_button, apply_button : PushButton
    handwork : Handwork
    chart : Chart
    """

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        self._session: Session | None = None
        self._about_image, self._about_preset, self._status = text_label(), text_label(dim=True), text_label()
        self.choice = ImageChoice(napari_viewer, self._describe_image)
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
        self._foresight = Foresight(self._describe_image)
        self._rest = Rest()
        self.handwork = Handwork(napari_viewer, self.said)
        self._make_buttons()
        self._lay_out()
        self.preset.changed.connect(self._fill)
        self.choice.image.changed.connect(self._detail.renew)
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
        return self._session is not None

    @property
    def status(self) -> str:
        """What the status line says."""
        return str(self._status.text())

    def run(self) -> None:
        """Segment the chosen image; does nothing during a run."""
        if self._session is not None:
            return
        try:
            picture, params = self.choice.picture(), self._detail.as_asked(self.controls.params())
        except SegmentationError as error:
            self._refuse(error)
            return
        self._rest.begin(self.choice)
        self.chart.clear()
        self._start(Session(self._viewer, picture, params, self))

    def apply(self) -> None:
        """Apply the network of the last run, on a part, to all of the image; does nothing during a run."""
        if self._session is not None or self._rest.model is None:
            return
        try:
            picture, params = self._rest.picture(), self._rest.params(self.controls.params())
        except SegmentationError as error:
            self._refuse(error)
            return
        self._start(Session(self._viewer, picture, params, self, self._rest.model))

    def _refuse(self, error: SegmentationError) -> None:
        self.said(words.sentence(str(error)))
        show_error(str(error))

    def _start(self, session: Session) -> None:
        self._session = session
        self._lock(True)
        try:
            self._session.start(self.native)
        except Exception:  # nothing of ours; napari shows it, and the widget must not wait for a run that never began
            self._session.abandon()
            self.ended()
            self.said("Failed: the labels layer could not be added.")
            raise

    def pause(self) -> None:
        """Pause the run, or resume it."""
        if self._session is not None:
            self._session.toggle_pause()
            self._update_buttons()

    def stop(self) -> None:
        """End the run and keep the labels."""
        if self._session is not None:
            self._session.stop()
            self._update_buttons()

    def cancel(self) -> None:
        """End the run and remove the labels."""
        if self._session is not None:
            self._session.cancel()
            self._update_buttons()

    def progressed(self, message: Progress) -> None:
        """Show the numbers of a run (see `Watcher`)."""
        self.chart.add(message.points)

    def said(self, text: str) -> None:
        """Show what is going on (see `Watcher`)."""
        self._status.setText(text)

    def kept(self, layer: Labels, result: "Result", picture: Picture) -> None:
        """Let the Detail slider change this result from now on (see `Watcher`)."""
        self.handwork.take(layer, result, picture)
        self._detail.take(layer, result, picture)
        self._rest.take(result)
        self._foresight.compare(result.record, self.native)

    def ended(self) -> None:
        """Be ready for the next run (see `Watcher`)."""
        self._session = None
        self._lock(False)

    def reset_choices(self, *_: Any) -> None:
        """Take note of layers that came, went or changed their name; napari calls this."""
        self.choice.refresh()
        self._rest.forget(self._viewer.layers)
        self.handwork.forget(self._viewer.layers)
        self._detail.update()
        self.said(self._detail.without_borders(self.status))
        self._update_buttons()

    def _change_detail(self, detail: float) -> None:
        if self._session is None and (text := self._detail.show(detail)):
            self.handwork.outdated()
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
        self.choice.add_to(form, self.native)
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
        layout.addWidget(self._foresight.label)
        layout.addLayout(buttons)
        layout.addWidget(self.apply_button.native)
        layout.addWidget(self.handwork.row)
        layout.addWidget(self._status)
        layout.addWidget(self.chart, CHART_STRETCH)
        self.native.setMinimumWidth(MIN_WIDTH)

    def _lock(self, locked: bool) -> None:
        self.choice.lock(locked)
        self.controls.lock(locked)
        self._detail.lock(locked)
        self.preset.enabled = not locked
        self._update_buttons()

    def _update_buttons(self) -> None:
        session = self._session
        self.run_button.enabled = self.apply_button.enabled = session is None
        self.apply_button.native.setVisible(self._rest.model is not None)
        self.apply_button.tooltip = (
            "Label all of the image with the network that was trained on a part of it, without training.\n"
            + self._rest.describe()
        )
        for button in (self.pause_button, self.stop_button, self.cancel_button):
            button.enabled = session is not None
        self.pause_button.text = "Resume" if session is not None and session.paused else "Pause"

    def _fill(self, name: str) -> None:
        self.controls.fill(Params.preset(name))

    def _describe_preset(self) -> None:
        preset = PRESETS[self.preset.value]
        besides = "detail" if preset.settings.get("adapt") and self._detail.adapted else ""
        changed = self.controls.different(Params.preset(self.preset.value), besides)
        self._about_preset.setText(preset.description + words.changed(changed))
        self._detail.renew()
        self._foresee()

    def _describe_image(self) -> None:
        self._about_image.setText(self.choice.describe())
        self._foresee()

    def _foresee(self) -> None:
        try:
            self._foresight.show(self.choice.picture(), self._detail.as_asked(self.controls.params()))
        except SegmentationError:  # said elsewhere
            self._foresight.show(None, None)

    def _prepare(self) -> None:
        """Do what would make the first click on Run slow, and measure the machine if that was never done."""
        warm_up()
        self._foresight.measure(self.native)

    def _retheme(self, _: Any = None) -> None:
        theme = get_theme(self._viewer.theme)
        self.chart.recolour(theme.background.as_hex(), theme.text.as_hex())

    def _on_parent_changed(self, parent: QWidget | None) -> None:
        """End a run whose widget was closed: napari takes a closed widget out of its window, but does not delete it."""
        if parent is None and self._session is not None:
            self._session.abandon()
            self._session.release()
            self.ended()

    def _on_destroyed(self) -> None:
        """Let go of the run and the viewer: this object outlives its window."""
        self._viewer.events.theme.disconnect(self._retheme)
        self.choice.disconnect()
        if self._session is not None:
            self._session.abandon()
            self._session = None

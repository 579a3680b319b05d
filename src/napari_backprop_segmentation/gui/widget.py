"""The widget: choose an image and a preset, run, watch, stop."""

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, PushButton
from napari.layers import Labels
from napari.utils.theme import get_theme
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.batch.dialog import BatchDialog
from napari_backprop_segmentation.gui.batch.source import Source
from napari_backprop_segmentation.gui.colours import dimmed
from napari_backprop_segmentation.gui.forms import (
    LINK,
    Folded,
    add_row,
    dim_style,
    make_form,
    make_room_for_numbers,
    text_label,
)
from napari_backprop_segmentation.gui.help import TITLE, show_help
from napari_backprop_segmentation.gui.input.controls import Controls, differing
from napari_backprop_segmentation.gui.input.form import InputForm
from napari_backprop_segmentation.gui.input.layers import is_helper, run_input_of, unwrapped
from napari_backprop_segmentation.gui.input.more_settings import MoreSettings
from napari_backprop_segmentation.gui.input.remembered import Remembered, taken_up
from napari_backprop_segmentation.gui.input.wanted import OPEN
from napari_backprop_segmentation.gui.input.wanted_panel import WantedPanel
from napari_backprop_segmentation.gui.result.apply_model import applicable, described, suited
from napari_backprop_segmentation.gui.result.curation import Curation
from napari_backprop_segmentation.gui.result.detail import DetailSlider
from napari_backprop_segmentation.gui.result.history_layer import HistoryLayer
from napari_backprop_segmentation.gui.result.history_panel import HistoryPanel
from napari_backprop_segmentation.gui.result.layer_result import LayerResult, results_in
from napari_backprop_segmentation.gui.result.live_objects import LiveObjects
from napari_backprop_segmentation.gui.result.model_files import ModelFiles
from napari_backprop_segmentation.gui.result.readings_panel import ReadingsPanel
from napari_backprop_segmentation.gui.result.this_result import ThisResult
from napari_backprop_segmentation.gui.run.chart import Chart
from napari_backprop_segmentation.gui.run.cluster import session
from napari_backprop_segmentation.gui.run.compute_on import TITLE as COMPUTE_ON
from napari_backprop_segmentation.gui.run.compute_on import TOOLTIP as COMPUTE_TOOLTIP
from napari_backprop_segmentation.gui.run.compute_on import ComputeOn
from napari_backprop_segmentation.gui.run.ending import settled
from napari_backprop_segmentation.gui.run.estimate import RunEstimate
from napari_backprop_segmentation.gui.run.job import Job
from napari_backprop_segmentation.gui.run.preview import Preview, warm_up
from napari_backprop_segmentation.gui.run.runs import Runs
from napari_backprop_segmentation.gui.scroll_area import ScrollArea
from napari_backprop_segmentation.gui.state import Phase, State
from napari_backprop_segmentation.gui.teach.edits import KeepEdits
from napari_backprop_segmentation.gui.teach.panel import ExamplesPanel
from napari_backprop_segmentation.gui.teach.strokes_layer import ground_of
from napari_backprop_segmentation.gui.teach.strokes_panel import StrokesPanel
from napari_backprop_segmentation.params.flags import nearest_preset
from napari_backprop_segmentation.params.params import Params
from napari_backprop_segmentation.params.presets import FIRST_PRESET, PRESETS

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.network.model import Model, Start
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

RUN = "Segment the image. The labels form in a layer above it, and you can watch."
STRETCH = 1000  # napari puts an empty stretch below, of 1 more in every widget it docks
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
    wanted : WantedPanel
    more : MoreSettings
    run_button, pause_button, stop_button, cancel_button, apply_button : PushButton
    batch_button, compute_button, help_button : PushButton
    batch : BatchDialog, optional
        Once it was asked for.
    compute : ComputeOn, optional
        Once it was asked for.
    curation : Curation
    examples : ExamplesPanel
    strokes : StrokesPanel
    keep_edits : KeepEdits
    readings : ReadingsPanel
    model_files : ModelFiles
    this_result : ThisResult
    chart : Chart
    plot : Folded
        The chart, unfolded during a run.
    history : HistoryPanel
    state : State
        All that is shown here, and all that the user does.
    """

    def __init__(self, napari_viewer: "Viewer") -> None:
        super().__init__(labels=False)
        self._viewer = napari_viewer
        last = taken_up()
        self.state = state = State(last.params())
        state.compute_on(session())
        self.batch: BatchDialog | None = None
        self.compute: ComputeOn | None = None
        self._about_image, self._about_preset, self._status = text_label(), text_label(dim=True), text_label()
        self.input_form = InputForm(napari_viewer, state)
        self.preset = ComboBox(
            label="Preset",
            choices=[(preset.title, name) for name, preset in PRESETS.items()],
            value=last.preset,
            tooltip="Settings that go well together:\n"
            + "\n".join(f"- {preset.title}: {preset.description}" for preset in PRESETS.values()),
        )
        self.controls = Controls(state)
        self.wanted = WantedPanel(state, self.controls, self._leave_open)
        self.more = MoreSettings(self.controls, self.reset)
        self._remembered = Remembered(state, self._preset_name, self.native)
        self.chart = Chart()
        self.plot = Folded("Training", self.chart)
        self._run_estimate = RunEstimate(state)
        self.curation = Curation(napari_viewer, state)
        self.examples = ExamplesPanel(napari_viewer, state)
        self.strokes = StrokesPanel(napari_viewer, state)
        self.keep_edits = KeepEdits(state)
        self._runs = Runs(napari_viewer, state, self.keep_edits.fixed, self.native)
        self.readings = ReadingsPanel(napari_viewer, state)
        self.this_result = ThisResult(napari_viewer, state, self.use)
        self.model_files = ModelFiles(state, self.apply_model, self.go_on)
        self.history = HistoryPanel(state, self.use_moment, self.continue_from_moment)
        self._history_layer = HistoryLayer(napari_viewer, state)
        self._make_buttons()
        self._lay_out()
        make_room_for_numbers(self.native)
        detail, n_regions = self.controls["detail"], self.controls["n_regions"]
        self._detail = DetailSlider(napari_viewer, state, detail, self.controls.titles["detail"], n_regions)
        self._live_objects = LiveObjects(napari_viewer, state, self.native)
        self._connect()
        self._retheme()
        self.reset_choices()
        self._take_up()
        self._warm_up = QTimer(self.native)
        self._warm_up.setSingleShot(True)
        self._warm_up.timeout.connect(self._prepare)
        self._warm_up.start(WARM_UP_MS)

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        return self.state.busy

    @property
    def status(self) -> str:
        """What is going on, in words: the status line, and the reason beside Run where there can be no run."""
        return self.state.status

    def run(self) -> None:
        """Segment the chosen image; does nothing during a run."""
        self._run(self.state.settings)

    def apply_model(self) -> None:
        """Label the chosen image with the network that was loaded; does nothing during a run."""
        if (loaded := self.state.model) is not None:
            self._run(suited(self.state.settings, loaded.model), loaded.model, loaded.path)

    def go_on(self) -> None:
        """Train the network that was loaded, trained or selected last further, on the chosen image."""
        if (network := self.state.network) is not None:
            self._run(self.state.settings, start=network.model)

    def use_moment(self) -> None:
        """Make a result of the iteration that is looked back at, with the settings of its run; not during a run."""
        self._runs.use_moment()

    def continue_from_moment(self) -> None:
        """Run again on the same image, from the iteration that is looked back at; not during a run."""
        self._runs.continue_from_moment()

    def apply(self) -> None:
        """Apply the network of a run on a part to all of the image; does nothing during a run."""
        result = self._applicable()
        if self.state.busy or result is None or result.whole is None or result.model is None:
            return
        try:
            run_input = run_input_of(result.whole)
        except SegmentationError as error:
            self._runs.refuse(str(error))
            return
        params = suited(self.state.settings, result.model)
        self._runs.begin(Job(run_input, params, result.layers, result.whole, result.model))

    def show_result(self, segmentation: "Segmentation") -> None:
        """Show what was found in all of the chosen image as the result of a run; does nothing during a run.

        Parameters
        ----------
        segmentation : Segmentation
        """
        chosen = self.state.input
        if self.state.busy or chosen.run_input is None:
            return
        params = Params.from_dict(segmentation.record["params"])
        job = Job(chosen.run_input, params, chosen.layers, chosen.whole)
        self.state.begin(job.run_input.name, job.layers)
        preview = Preview(self._viewer, job.run_input)
        self.state.form_in(preview.layer)
        self.state.end(*settled(self._viewer, job, preview, segmentation, segmentation.record["seconds"]))

    def use(self, params: Params) -> None:
        """Show settings in the controls, as what differs from the preset that is nearest; nothing during a run."""
        if self.state.busy:
            return
        name = nearest_preset(params)
        with self.preset.changed.blocked():
            self.preset.value = name
        self.state.fill(params.marked(params.differing(Params.preset(name))))
        self._show_preset()

    def reset(self) -> None:
        """Go back to the settings that the widget has for someone who opens it for the first time."""
        if self.state.busy:
            return
        with self.preset.changed.blocked():
            self.preset.value = FIRST_PRESET
        self._fill(FIRST_PRESET)
        self._remembered.reset()
        self.state.note("The settings are those of the beginning again.")

    def open_batch(self, *_: Any) -> None:
        """Open the window in which many images are segmented."""
        if self.batch is None:
            source = Source(self._viewer, self.input_form.each_selected, self.curation.tables)
            self.batch = BatchDialog(self.native.window() or self.native, self.state, source)
        self.batch.show()
        self.batch.raise_()

    def compute_on(self, *_: Any) -> None:
        """Open the window in which a dask cluster is connected to."""
        if self.compute is None:
            self.compute = ComputeOn(self.native.window() or self.native, self.state)
        self.compute.show()
        self.compute.raise_()

    def pause(self) -> None:
        """Pause the run, or resume it."""
        self._runs.pause()

    def stop(self) -> None:
        """End training and label every pixel with what was learned."""
        self._runs.stop()

    def cancel(self) -> None:
        """End the run and remove the labels."""
        self._runs.cancel()

    def reset_choices(self, *_: Any) -> None:
        """Take note of layers that came, went or changed their name; napari calls this."""
        if not self.state.busy:
            self.input_form.refresh()
        self.state.keep(self._viewer.layers)
        self._show_apply()

    def _run(
        self, params: Params, model: "Model | None" = None, model_file: str = "", start: "Start | None" = None
    ) -> None:
        if not self.state.busy:
            self.input_form.update()
            self._runs.begin_chosen(params, model, model_file, start)

    def _take_up(self) -> None:
        """Take up the newest result of a widget that was closed, and what is selected."""
        if results := results_in(self._viewer.layers):
            self.state.found(results[-1])
        self._select()

    def _follow_image(self, _: Any = None) -> None:
        """Work on the newest result of the image that is chosen, where it has one."""
        state = self.state
        if state.busy or (state.result is not None and state.result.layers == state.input.layers):
            return
        own = [result for result in results_in(self._viewer.layers) if result.layers == state.input.layers]
        if own:
            state.found(own[-1])

    def _select(self, _: Any = None) -> None:
        selected = [unwrapped(layer) for layer in self._viewer.layers.selection if isinstance(layer, Labels)]
        if len(selected) == 1 and (ground_of(selected[0]) is not None or is_helper(selected[0])):
            return  # nothing to work on: what is worked on stays the same
        self.state.select(selected[0] if len(selected) == 1 else None)

    def _forget(self, _: Any = None) -> None:
        self.state.forget(self._viewer.layers)
        self._runs.forget()

    def _applicable(self) -> LayerResult | None:
        result = self.state.target_result or self.state.result
        return result if applicable(result, self._viewer.layers) else None

    def _connect(self) -> None:
        events = self.state.events
        self.preset.changed.connect(self._fill)
        for signal in (
            events.phase,
            events.run,
            events.result,
            events.notice,
            events.refusal,
            events.input,
            events.cluster,
        ):
            signal.connect(self._show_status)
        for signal in (events.run, events.input):
            signal.connect(self._show_points)
        for signal in (events.phase, events.result, events.labels):
            signal.connect(self._show_buttons)
        for signal in (events.params, events.detail):
            signal.connect(self._show_preset)
        for signal in (events.phase, events.run, events.input):
            signal.connect(self._show_plot)
        events.phase.connect(self._fold_plot)
        for signal in (events.input, events.phase):
            signal.connect(self._show_image)
        events.input.connect(self._follow_image)
        self._viewer.layers.selection.events.changed.connect(self._select)
        self._viewer.layers.events.removed.connect(self._forget)
        self._viewer.events.theme.connect(self._retheme)
        self.native.destroyed.connect(self._on_destroyed)
        self.native_parent_changed.connect(self._on_parent_changed)
        self._show_status()
        self._show_preset()
        self._show_buttons()
        self._show_plot()

    def _make_buttons(self) -> None:
        self.run_button = PushButton(text="Run", tooltip=RUN)
        self.pause_button = PushButton(text="Pause", tooltip="Let the run rest, and go on when you like.")
        self.stop_button = PushButton(text="Stop", tooltip="End training now, and label every pixel with it.")
        self.cancel_button = PushButton(text="Cancel", tooltip="End now and remove the labels of this run.")
        self.apply_button = PushButton(text="Apply to the whole image")
        self.batch_button = PushButton(
            text="Batch...", tooltip="Segment all selected layers, or the files of a folder, with the same settings."
        )
        self.batch_button.native.setStyleSheet(LINK)
        self.batch_button.changed.connect(self.open_batch)
        self.compute_button = PushButton(text=COMPUTE_ON, tooltip=COMPUTE_TOOLTIP)
        self.compute_button.native.setStyleSheet(LINK)
        self.compute_button.changed.connect(self.compute_on)
        self.help_button = PushButton(
            text=TITLE, tooltip="From the first run to a table, on one screen, with the keys."
        )
        self.help_button.native.setStyleSheet(LINK)
        self.help_button.changed.connect(lambda _: show_help(self.native))
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
        self.wanted.add_to(form)
        add_row(form, self.preset)
        form.addRow(self._about_preset)
        form.addRow(self.more.folded)
        form.addRow(self.model_files.folded)
        buttons = QHBoxLayout()
        for button in (self.run_button, self.pause_button, self.stop_button, self.cancel_button):
            buttons.addWidget(button.native)
        links = QHBoxLayout()
        links.addWidget(self.batch_button.native)
        links.addWidget(self.compute_button.native)
        links.addStretch()
        links.addWidget(self.help_button.native)
        layout = self.native.layout()
        layout.addLayout(links)
        layout.addLayout(buttons)  # on top, where nothing that comes or goes moves them
        layout.addWidget(self._about_image)
        layout.addWidget(self._run_estimate.label)
        layout.addWidget(self._status)
        layout.addWidget(self._scrolled(settings), STRETCH)

    def _scrolled(self, settings: QWidget) -> ScrollArea:
        """Return what comes and goes below the settings, in one that is scrolled with them."""
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(0, 0, 0, 0)
        self.curation.add(self.examples.button, self.this_result.button)
        for each in (
            settings,
            self.apply_button.native,
            self.readings.box,  # first: what to do where the image was read wrongly
            self.strokes.row,
            self.strokes.box,
            self.curation.row,
            self.curation.tools.row,
            self.curation.counts.folded,
            self.keep_edits.tick.native,
            self.examples.box,
            self.history.folded,
        ):
            layout.addWidget(each)
        layout.addWidget(self.plot, STRETCH)
        layout.addStretch(1)
        area = ScrollArea(content)
        area.reveal(self.readings.pictures, self.strokes.box, self.examples.box, self.chart)
        area.reveal(self.history.folded.content, last=self.chart)
        return area

    def _show_status(self, _: Any = None) -> None:
        text = self.state.status
        if self.state.input.run_input is None:
            text = text.removeprefix(self._about_image.text()).strip()  # the reason stands beside Run already
        self._status.setText(text)
        self._status.setVisible(bool(text))

    def _show_points(self, _: Any = None) -> None:
        points = self.state.points
        if points is not self.chart.points:
            self.chart.show_points(points)

    def _show_image(self, _: Any = None) -> None:
        chosen = self.state.input
        about = words.described(chosen.run_input, chosen.obstacle)
        self._about_image.setText(about)
        self.run_button.enabled = not self.state.busy and chosen.run_input is not None
        self.run_button.tooltip = RUN if chosen.run_input is not None else f"{RUN}\n{about}"
        self._show_status()

    def _show_preset(self, _: Any = None) -> None:
        name = self._preset_name()
        titles = differing(self.state.settings, Params.preset(name))
        self._about_preset.setText(PRESETS[name].description + words.changed(titles))

    def _preset_name(self) -> str:
        """Return the preset that is chosen; of a list that a program has emptied, the nearest."""
        return str(self.preset.value or nearest_preset(self.state.params))

    def _show_buttons(self, _: Any = None) -> None:
        busy, phase = self.state.busy, self.state.phase
        self.preset.enabled = self.apply_button.enabled = not busy
        for button in (self.pause_button, self.stop_button, self.cancel_button):
            button.enabled = busy
        self.pause_button.text = "Resume" if phase in (Phase.PAUSING, Phase.PAUSED) else "Pause"
        self._show_apply()

    def _show_apply(self) -> None:
        result = self._applicable()
        self.apply_button.native.setVisible(result is not None)
        if result is not None:
            self.apply_button.tooltip = (
                "Label all of the image with the network that was trained on a part of it, without training.\n"
                + described(result)
            )

    def _fill(self, name: str) -> None:
        self.state.fill(Params.preset(name))
        self._show_preset()

    def _leave_open(self) -> None:
        """Let the image decide what is wanted; what else was given stays."""
        params = self.state.params
        given = {name: getattr(params, name) for name in params.given - OPEN - {"automatic"}}
        with self.preset.changed.blocked():
            self.preset.value = FIRST_PRESET
        self.state.fill(Params.preset(FIRST_PRESET, **given))
        self._show_preset()

    def _fold_plot(self, phase: Phase) -> None:
        """Show the plot while there is something to watch."""
        if phase in (Phase.RUNNING, Phase.DONE, Phase.IDLE, Phase.FAILED):
            self.plot.unfold(phase is Phase.RUNNING)

    def _show_plot(self, _: Any = None) -> None:
        self.plot.setVisible(self.state.busy or bool(self.state.points))

    def _prepare(self) -> None:
        """Do what would make the first click on Run slow, and measure the machine if that was never done."""
        if not self.state.busy:  # then it is too late
            warm_up()
        self._run_estimate.measure()

    def _retheme(self, _: Any = None) -> None:
        theme = get_theme(self._viewer.theme)
        for plots in (self.chart, self.curation.counts.plot):
            plots.recolour(theme.background.as_hex(), theme.text.as_hex())
        dim = dimmed(theme.text.as_rgb_tuple()[:3], theme.background.as_rgb_tuple()[:3])
        self.native.setStyleSheet(dim_style(dim))

    def _on_parent_changed(self, parent: QWidget | None) -> None:
        """End a run whose widget was closed: napari takes a closed widget out of its window, but does not delete it."""
        if parent is not None:
            return
        self._remembered.close()
        self._close_windows()
        self.curation.disconnect()
        self.examples.close()
        self.strokes.close()
        self._live_objects.close()
        self.state.look_back(None)
        self.state.hide_readings()
        self._runs.abandon(release=True)

    def _close_windows(self) -> None:
        batch, compute, self.batch, self.compute = self.batch, self.compute, None, None
        if batch is not None:
            batch.abandon()
        if compute is not None:
            compute.abandon()

    def _on_destroyed(self) -> None:
        """Let go of the run and the viewer: this object outlives its window."""
        self._remembered.stop()
        self._viewer.events.theme.disconnect(self._retheme)
        self._viewer.layers.selection.events.changed.disconnect(self._select)
        self._viewer.layers.events.removed.disconnect(self._forget)
        self.input_form.disconnect()
        self.curation.close()
        self.examples.disconnect()
        self.strokes.disconnect()
        self._close_windows()
        self._history_layer.disconnect()
        self.state.close()
        self._runs.abandon()
        self._runs.forget()

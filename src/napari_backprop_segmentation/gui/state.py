"""What is going on, as one object that says what changes: everybody else shows it or changes it.

Several attributes that change together are all changed before anybody is told, so no order of calls matters.
"""

from collections.abc import Container, Sequence
from dataclasses import dataclass, fields, replace
from enum import Enum
from typing import TYPE_CHECKING, Any

from napari.layers import Image, Labels
from psygnal import Signal, SignalGroup

from napari_backprop_segmentation.errors import ImageError
from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.input.run_input import LayerSelection, RunInput
from napari_backprop_segmentation.gui.result.layer_result import LayerResult, LoadedModel, result_of
from napari_backprop_segmentation.gui.result.readings import Choice, Readings
from napari_backprop_segmentation.gui.run.run_state import Cluster, History, Moment, Run
from napari_backprop_segmentation.gui.run.worker import Point
from napari_backprop_segmentation.gui.teach.state import Teaching
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation


class Phase(Enum):
    """Where a run is."""

    IDLE = "idle"  # none yet, or the last one left nothing
    RUNNING = "running"
    PAUSING = "pausing"  # this iteration is still being computed
    PAUSED = "paused"
    STOPPING = "stopping"  # training has ended, every pixel is being labelled
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"


ADVICE = "backprop_segmentation_advice"  # in the metadata of a layer
ENDED = (Phase.IDLE, Phase.DONE, Phase.FAILED)


@dataclass(frozen=True, eq=False)
class Input:
    """What is chosen.

    Attributes
    ----------
    layers : tuple of Image
        Several are the channels of one image.
    run_input : RunInput, optional
        What would be segmented.
    obstacle : ImageError, optional
        Why nothing would be.
    whole : LayerSelection, optional
        All of the image, where only a part is chosen.
    """

    layers: tuple[Image, ...] = ()
    run_input: RunInput | None = None
    obstacle: ImageError | None = None
    whole: LayerSelection | None = None


class StateEvents(SignalGroup):
    """One signal for each attribute of `State`, and three more for what the user has done.

    Attributes
    ----------
    detail_asked : Signal
        The user has moved the slider.
    changed : Signal
        The user has changed the setting of this name.
    taken : Signal
        Other labels have become the result.
    """

    input = Signal(object)
    params = Signal(object)
    detail = Signal(float)
    detail_asked = Signal(float)
    changed = Signal(str)
    phase = Signal(object)
    run = Signal(object)
    result = Signal(object)
    labels = Signal(object)
    notice = Signal(str)
    refusal = Signal(str)
    readings = Signal(object)
    model = Signal(object)
    network = Signal(object)
    moment = Signal(object)
    cluster = Signal(object)
    taken = Signal(object)


class State:
    """The state of one widget.

    Attributes
    ----------
    events : StateEvents
    input : Input
    params : Params
        The settings that are asked for; `given` holds what differs from what was filled in.
    detail : float
        Where the Detail slider stands: as asked, or where the automatic preset found it best for the last image.
    phase : Phase
    run : Run
    result : LayerResult, optional
        The last one that was found, or the newest of the image that was chosen since, as long as its layer is there.
    labels : Labels, optional
        The layer of labels that is selected.
    notice : str
        What the last action on a result has done.
    refusal : str
        Why Run was refused.
    readings : Readings, optional
        Other ways to see objects in the image of the target, while they are looked for or shown.
    preferred : dict
        Name of the reading that the user took last, for each kind of image, see `readings.like`.
    model : LoadedModel, optional
        What was loaded last.
    network : LoadedModel, optional
        What training can go on from: the network that was loaded, trained or selected last.
    moment : Moment, optional
        The iteration that is looked back at, of the `history`; None while the result or the run itself is shown.
    cluster : Cluster, optional
        Whose workers do the blocks of large images and the files of batches; None for this computer alone.
    teaching : Teaching
        What the user points at in the image of a result.
    drawing : Drawing
        What the user draws on an image.
    """

    def __init__(self, params: Params) -> None:
        self.events = StateEvents(self)
        self.input = Input()
        self.params = self._filled = params
        self.detail = params.detail
        self.phase = Phase.IDLE
        self.run = Run()
        self.result: LayerResult | None = None
        self.labels: Labels | None = None
        self.notice = self.refusal = ""
        self.readings: Readings | None = None
        self.preferred: dict[Any, str] = {}
        self.model: LoadedModel | None = None
        self.network: LoadedModel | None = None
        self.moment: Moment | None = None
        self.cluster: Cluster | None = None
        self.teaching = Teaching()
        self.drawing = self.teaching.drawing

    # What follows from it

    @property
    def busy(self) -> bool:
        """Whether a run is under way."""
        return self.phase not in ENDED

    @property
    def target(self) -> Labels | None:
        """The layer that Detail, Measure and clicks work on: the one that is selected, else the last result's."""
        if self.labels is not None and not (self.busy and self.labels is self.run.layer):
            return self.labels
        return None if self.result is None else self.result.layer

    @property
    def target_result(self) -> LayerResult | None:
        """The result that the target shows, if it shows one."""
        return result_of(self.target)

    @property
    def settings(self) -> Params:
        """The settings for the next run: a detail that was found to suit one image need not suit the next."""
        if self.params.automatic or self.detail == self.params.detail:
            return self.params
        return self.params.replace(detail=self.detail)

    @property
    def looked_at(self) -> LayerResult | None:
        """The target's result, unless it is of another image than the chosen one and nobody has selected it."""
        result = self.target_result
        chosen = result is not None and (self.labels is not None or result.layers == self.input.layers)
        return result if chosen else None

    def shown(self, name: str) -> Any:
        """Return what the control of a setting shows: where it is left to the image, what was used for the labels."""
        result, asked = self.looked_at, getattr(self.params, name)
        if name == "detail":
            return self.detail
        if name == "objects" and self.read_as:
            return "off"  # whatever was asked for: see `read_as`
        if result is not None and self.params.automatic and name not in self.params.given:
            asked = result.used.get(name, asked)
        return result.n_regions if name == "n_regions" and result is not None and not asked else asked

    @property
    def read_as(self) -> str:
        """What objects are shown where none of the settings says it, as the image or the user has decided it."""
        result = self.looked_at
        decided = result is not None and self.params.automatic and "objects" not in self.params.given
        return result.read_as if result is not None and decided else ""

    @property
    def points(self) -> tuple[Point, ...]:
        """The iterations to plot: those of a run on the chosen image."""
        return self.run.points if self.busy or self._of_chosen_image else ()

    @property
    def history(self) -> History | None:
        """What can be looked back at: iterations of the run under way, else of the one whose labels are worked on."""
        if self.busy:
            return self.run.history
        return None if self.looked_at is None else self.looked_at.history

    @property
    def status(self) -> str:
        """What is going on, in words."""
        if text := self.refusal or self.notice:
            return text
        if self.phase in (Phase.RUNNING, Phase.STOPPING):
            return self.run.told or words.PHASES[self.phase.value]
        if self.busy:
            return words.PHASES[self.phase.value]
        said = " ".join(filter(None, (self._obstacle or self._advice, self._ended))) or words.READY
        return said if self.cluster is None else f"{said} {words.computed_on(self.cluster.in_words())}"

    @property
    def _obstacle(self) -> str:
        """Why there can be no run now."""
        return "" if self.input.obstacle is None else words.sentence(str(self.input.obstacle))

    @property
    def _advice(self) -> str:
        """What to do with the chosen image, where it says so, as sample images do, and nobody has run it yet."""
        if not self.input.layers or (self.run.ending and self._of_chosen_image):
            return ""
        return str(self.input.layers[0].metadata.get(ADVICE, ""))

    @property
    def _ended(self) -> str:
        """How the last run has ended."""
        ending = self.run.ending
        if not ending:
            return ""
        if self.run.agreement is not None:
            ending = f"{ending} {words.agreement(self.run.agreement.n_runs)}"
        return ending if self._of_chosen_image else words.earlier(self.run.name, ending)

    @property
    def _of_chosen_image(self) -> bool:
        return self.run.layers == self.input.layers

    def _shows(self, segmentation: "Segmentation") -> bool:
        result = self.target_result
        return not self.busy and result is not None and result.segmentation is segmentation

    # What happens to it

    def choose(self, chosen: Input) -> None:
        """Take note of what would be segmented; what was said of another image is gone."""
        kept = self.busy or chosen.layers == self.input.layers
        readings = self.readings if kept else None
        self._set(input=chosen, refusal="", notice=self.notice if kept else "", readings=readings)

    def fill(self, params: Params) -> None:
        """Take other settings, of which only those marked as such count as given."""
        moved = params.detail != self.detail
        self._filled = params
        self._set(params=params, detail=params.detail, refusal="")
        if moved:
            self.events.detail_asked.emit(params.detail)

    def change(self, name: str, value: Any) -> None:
        """Change one setting; what differs from what was filled in counts as given by the user."""
        changed = self.params.replace(**{name: value})
        if name == "detail" and changed.n_regions:
            changed = changed.replace(n_regions=0)
        if self.params.automatic and self.looked_at is not None:  # the image has decided so far: now the user has
            self._filled = self._filled.replace(**{name: value})
        differs = {f.name for f in fields(self.params) if getattr(changed, f.name) != getattr(self._filled, f.name)}
        detail = value if name == "detail" else self.detail
        self._set(params=changed.marked(self._filled.given | differs), detail=detail, refusal="")
        if name == "detail":
            self.hide_readings()  # their first picture shows another detail
            self.events.detail_asked.emit(detail)
        self.events.changed.emit(name)

    def want(self, **settings: Any) -> None:
        """Change settings that count as given, also where they are what was filled in."""
        self._filled = self._filled.replace(**settings)
        self._set(params=self.params.replace(**settings), refusal="")

    def suggest(self, name: str, value: Any) -> None:
        """Take what suits the result, as if it had been filled in; what the user has given stays."""
        if name in self.params.given:
            return
        self._filled = self._filled.replace(**{name: value}).marked(self._filled.given)
        self._set(params=self.params.replace(**{name: value}).marked(self.params.given), refusal="")

    def begin(
        self, name: str, layers: tuple[Image, ...], points: Sequence[Point] = (), history: History | None = None
    ) -> None:
        """Begin a run; points are those of an earlier one that it goes on from, and its history will grow."""
        run = Run(name, layers, points=tuple(points), history=history)
        self._set(phase=Phase.RUNNING, run=run, moment=None, notice="", refusal="")

    def form_in(self, layer: Labels) -> None:
        """Take note of the layer in which the labels of the run form."""
        self._set(run=replace(self.run, layer=layer))

    def tell(self, text: str | None = None, points: Sequence[Point] = ()) -> None:
        """Take note of the progress of the run."""
        told = self.run.told if text is None else text
        self._set(run=replace(self.run, told=told, points=(*self.run.points, *points)), notice="")

    def enter(self, phase: Phase) -> None:
        """Go on to another phase of the run that is under way."""
        if self.busy and phase is not self.phase:
            told = "" if phase is Phase.STOPPING else self.run.told
            self._set(phase=phase, run=replace(self.run, told=told), notice="")

    def end(self, phase: Phase, ending: str, result: LayerResult | None = None) -> None:
        """End the run, with its result if it has one."""
        agreement = None if result is None else result.agreement
        run = replace(self.run, layer=None, ending=ending, agreement=agreement)
        changes: dict[str, Any] = {"phase": phase, "run": run, "moment": None, "notice": ""}
        if result is not None:
            changes |= {"result": result, "detail": result.detail, "network": self._network_of(result)}
        self._set(**changes)

    def note(self, text: str) -> None:
        """Say what an action on a result has done."""
        self._set(notice=text, refusal="")

    def refuse(self, text: str) -> None:
        """Say why there is no run."""
        self._set(refusal=text)

    def select(self, labels: Labels | None) -> None:
        """Take note of the labels that are selected; where the detail is found, the slider shows theirs."""
        found = result_of(labels)
        self._set(labels=labels, detail=self._detail_of(found), network=self._network_of(found))

    def found(self, result: LayerResult) -> None:
        """Take up a result of before."""
        self._set(result=result, detail=self._detail_of(result), network=self._network_of(result))

    def _detail_of(self, result: LayerResult | None) -> float:
        follows = result is not None and self.params.automatic and "detail" not in self.params.given
        return result.detail if result is not None and follows else self.detail

    def forget(self, layers: Container[Any]) -> None:
        """Let go of what the last run has used and found, where none of its layers is left; its points stay."""
        if not self.busy and not any(layer in layers for layer in self.run.layers):
            self._set(run=replace(self.run, layers=()))
        result = self.result
        if result is not None and not any(layer in layers for layer in (*result.layers, result.layer)):
            self._set(result=None)

    def look(self) -> LayerResult | None:
        """Begin to look for other readings of the target; return whose they are, None if there is nothing to do."""
        result = self.target_result
        if self.busy or self.readings is not None or result is None:
            return None
        self._set(readings=Readings(result.segmentation), notice="", refusal="")
        return result

    def offer(self, segmentation: "Segmentation", choices: tuple[Choice, ...], text: str) -> None:
        """Show what looking has found, if it is still wanted; nothing if that is nothing, which is then said."""
        if self.readings is not None and self.readings.segmentation is segmentation:
            self._set(readings=Readings(segmentation, choices) if choices else None, notice=text)

    def take(self, result: LayerResult, text: str) -> None:
        """Take note that other labels have become the result."""
        self._set(result=result, notice=text, refusal="")
        self.events.taken.emit(result)

    def load(self, model: LoadedModel, text: str) -> None:
        """Take up a trained network from a file."""
        self._set(model=model, network=model, notice=text, refusal="")

    def compute_on(self, cluster: Cluster | None) -> None:
        """Take other workers, or none."""
        self._set(cluster=cluster)

    def look_back(self, moment: Moment | None) -> None:
        """Look back at an iteration, or at the result or the run itself again."""
        self._set(moment=moment)

    def _network_of(self, result: LayerResult | None) -> LoadedModel | None:
        """Return what training can go on from, once a result was found or selected."""
        if result is None or result.model is None:
            return self.network
        if self.network is not None and self.network.model is result.model:
            return self.network
        return LoadedModel(result.run_input.name, result.model)

    def hide_readings(self) -> None:
        """Show no other readings any more."""
        self._set(readings=None)

    def keep(self, layers: Container[Any]) -> None:
        """Let go of what belongs to layers that are not among these any more."""
        for found in (self.result, self.target_result):
            if found is not None and found.agreement is not None and not found.agreement.among(layers):
                found.agreement = None
        run = self.run
        if run.agreement is not None and not run.agreement.among(layers):
            run = replace(run, agreement=None)
        result = self.result if self.result is not None and self.result.layer in layers else None
        notice = self.notice if result is self.result else ""
        labels = self.labels if self.labels in layers else None
        self._set(run=run, result=result, labels=labels, notice=notice)

    def close(self) -> None:
        """Tell nobody any more."""
        for name in self.events:
            self.events[name].disconnect()
        self.teaching.close()

    def _set(self, **changes: Any) -> None:
        """Change attributes, and then tell of those that are not what they were."""
        changed = {name: value for name, value in changes.items() if not _same(getattr(self, name), value)}
        for name, value in changed.items():
            setattr(self, name, value)
        if self.readings is not None and not self._shows(self.readings.segmentation):
            self.readings = changed["readings"] = None
        if self.moment is not None and self.moment.history is not self.history:
            self.moment = changed["moment"] = None
        for name in changed:
            self.events[name].emit(getattr(self, name))


def _same(one: Any, other: Any) -> bool:
    return one is other or (isinstance(one, (str, float)) and one == other)

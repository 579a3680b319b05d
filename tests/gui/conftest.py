import gc
import os
import threading
from copy import copy, deepcopy
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from napari_backprop_segmentation.network.estimate import Costs

os.environ["NAPARI_STRICT_QT"] = "raise"


@dataclass
class FakeStep:
    """What the widget needs of a Step."""

    iteration: int
    shape: tuple[int, ...]
    n_labels: int = 5
    losses: dict = field(default_factory=lambda: {"similarity": 0.5, "strokes": 0.0, "continuity": 0.0})
    place: tuple[int, ...] = ()
    run: tuple[int, int] = (1, 1)
    weights: dict | None = None

    @property
    def labels(self):
        return np.full(self.shape, self.iteration, np.uint8)


class FakeEngine:
    """Stands for the loop: takes a step only when the test allows it, and fails when told to.

    Labels of step i are all i; those of the result are 200 + the number of steps taken.
    """

    def __init__(self):
        self.gate = threading.Semaphore(0)
        self.runs = []
        self.fail_with = None  # raised instead of the next step
        self.heard = []  # what was said after each step
        self.closed = threading.Event()  # the last run has ended, in whatever way

    def __call__(
        self, run_input, params, control=None, trained=None, strokes=None, *, fixed=None, start=None, go_on=True
    ):
        asked = {"run_input": run_input, "params": params, "trained": trained, "control": control, "strokes": strokes}
        self.runs.append(SimpleNamespace(**asked, fixed=fixed, start=start, go_on=go_on))
        self.closed.clear()
        return self._steps(run_input.shape, params, trained)

    def allow(self, steps=1):
        """Let so many steps happen."""
        for _ in range(steps):
            self.gate.release()

    def _steps(self, shape, params, trained):
        reason, iteration = "all done", 0
        model = SimpleNamespace(network=SimpleNamespace(ndim=len(shape))) if trained is None else trained
        try:
            for iteration in range(1, params.iterations + 1) if trained is None else ():
                assert self.gate.acquire(timeout=20), "the test never allowed the next step"
                if self.fail_with is not None:
                    raise self.fail_with
                self.heard.append((yield FakeStep(iteration, shape)))
                if self.heard[-1] == "stop":
                    reason = "stopped by you"
                    break
            record = {"params": params.to_dict(), "stopped_by": reason, "iterations": iteration}
            record |= {"image_shape": [1, *shape], "axes": "TZYX"[-len(shape) :], "seconds": 0.1}
            labels = np.full(shape, 200 + iteration, np.uint8)
            found = {"labels": labels, "record": record, "stopped_by": reason, "model": model}
            nothing = dict.fromkeys(("hierarchy", "agreement", "look", "find", "teach", "recount"))
            return SimpleNamespace(**found, **nothing)
        finally:
            self.closed.set()


COSTS = Costs(
    device="cpu",
    precision="float32",
    start=1.0,
    step_channel=1e-9,
    step_mac=1e-11,
    predict_channel=1e-9,
    predict_mac=1e-11,
    tree_pixel=1e-7,
    tree_channel=1e-9,
    superpixel=1e-7,
)


@pytest.fixture(autouse=True, scope="session")
def manifests_are_read_once():
    """Every viewer reads the manifests of all plugins again, which takes a quarter of the time to make one."""
    from npe2.manifest import _bases

    name, known = "_load_yaml_no_duplicates", {}
    read = getattr(_bases, name, None)  # private, and not there in older versions

    def once(stream):
        if stream.name not in known:
            known[stream.name] = read(stream)
        return deepcopy(known[stream.name])

    with pytest.MonkeyPatch.context() as patch:
        if read is not None:
            patch.setattr(_bases, name, once)
        yield


@pytest.fixture(autouse=True, scope="session")
def widgets_are_checked_once():
    """Each of the hundred parts of a form is compared with what magicgui wants of its class, a fifth of the time."""
    from magicgui.widgets import protocols

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocols, "assert_protocol", cache(protocols.assert_protocol))
        yield


@pytest.fixture(scope="session")
def mouse_away(qapp):
    """Put the cursor of the screen, which tests that run beside this one share, where no window comes up.

    Qt tells a window that comes up under the cursor that the mouse is there, whatever events a test sends.
    """
    from qtpy.QtGui import QCursor, QGuiApplication

    QCursor.setPos(QGuiApplication.primaryScreen().geometry().bottomRight())


@pytest.fixture(scope="module")
def shared_window(mouse_away):
    """One window for the tests of a module, each of which finds it like new."""
    from shared_window import SharedWindow

    window = SharedWindow()
    yield window
    window.close()


@pytest.fixture(autouse=True)
def frozen(request):
    """Keep the collections that end a test with a window of its own to what it has made: looking at all takes long."""
    if "make_napari_viewer" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("shared_window").close()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def thawed():
    """For tests of what a run itself keeps collections from looking at."""


@pytest.fixture(autouse=True)
def costs(monkeypatch, tmp_path):
    """The speed of some machine: nothing is measured, and nothing written where users keep theirs."""
    path = tmp_path / "costs.json"
    monkeypatch.setattr("napari_backprop_segmentation.network.estimate.cache_path", lambda: path)
    COSTS.save()
    return path


@pytest.fixture(autouse=True)
def kept(monkeypatch, tmp_path):
    """Where strokes are kept: nothing is written where users keep theirs."""
    path = tmp_path / "strokes"
    monkeypatch.setattr("napari_backprop_segmentation.io.kept_strokes.folder", lambda: path)
    return path


@pytest.fixture(autouse=True)
def settings_file(monkeypatch, tmp_path):
    """Where settings are remembered: neither read nor written where users keep theirs, nor napari its preferences."""
    path = tmp_path / "config" / "settings.json"
    monkeypatch.setattr("napari_backprop_segmentation.io.kept_settings.path", lambda: path)
    monkeypatch.setattr("napari_backprop_segmentation.gui.input.remembered.wanted", lambda: True)
    return path


class MergeHere:
    """Stands for the process that merges regions, which takes seconds to start: the same work in this one."""

    def __enter__(self):
        from napari_backprop_segmentation.hierarchy.merge import merge_regions

        return merge_regions

    def __exit__(self, *_):
        pass


@pytest.fixture(autouse=True)
def quick_runs(monkeypatch):
    """Real runs without a process of their own, without waits, and without giving way to what else the machine does."""
    monkeypatch.setattr("napari_backprop_segmentation.hierarchy.merge.MergeProcess", MergeHere)
    monkeypatch.setattr("napari_backprop_segmentation.gui.run.torch_startup.give_way", lambda: None)
    monkeypatch.setattr("napari_backprop_segmentation.gui.run.controller.FIRST_PAINT_MS", 1)
    monkeypatch.setattr("napari_backprop_segmentation.gui.teach.live.SOON_MS", 10)
    # a run that takes longer than the made-up costs say has the machine measured, for half a minute of both processors
    monkeypatch.setattr("napari_backprop_segmentation.gui.run.estimate.PROBE", "abc")


@pytest.fixture
def engine(monkeypatch):
    from napari_backprop_segmentation.gui.run import worker

    fake = FakeEngine()
    monkeypatch.setattr(worker, "start_steps", fake)
    monkeypatch.setattr(worker, "MESSAGE_SECONDS", 0.0)
    yield fake
    fake.allow(1000)  # lets a forgotten thread end


@pytest.fixture
def open_viewer(shared_window, qtbot, request, monkeypatch):
    """Open the window of the module, on the screen or not; only one at a time."""
    from napari.utils._proxies import PublicOnlyProxy

    def opened(*, show=False, proxy=True):
        monkeypatch.setenv("NAPARI_ENSURE_PLUGIN_MAIN_THREAD", str(proxy))
        asked = request.fixturenames
        viewer = shared_window.open(show, styled="styled" in asked, freeze="thawed" not in asked)
        if show:
            with qtbot.waitExposed(viewer.window._qt_window):
                pass
        return PublicOnlyProxy(viewer) if proxy else viewer

    yield opened
    called = getattr(request.node, "rep_call", None)  # none where another fixture failed
    shared_window.clear(failed=called is None or called.failed)


@pytest.fixture
def styled():
    """For tests of sizes and colours in a window that is not on the screen."""


@pytest.fixture
def viewer(open_viewer):
    return open_viewer()


@pytest.fixture
def image():
    return cells()


def cells():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 60, (24, 32)).astype(np.uint8)
    image[6:18, 8:24] += 150
    return image


def nuclei():
    """Three discs of 8 pixels around `CENTRES`."""
    from skimage.draw import disk

    mask = np.zeros((64, 64), bool)
    for centre in CENTRES:
        mask[disk(centre, 8)] = True
    return (np.where(mask, 200, 20) + np.random.default_rng(0).integers(0, 20, mask.shape)).astype(np.uint8)


CENTRES = ((20, 20), (44, 44), (20, 46))
SMALL = {"n_channels": 8, "iterations": 3, "n_superpixels": 50, "min_labels": 0, "min_region": 1}


def segmented(image, **settings):
    from napari_backprop_segmentation.params.params import Params
    from napari_backprop_segmentation.pipeline.run import finish, run

    return finish(run(image, Params(**SMALL | settings)))


@pytest.fixture(scope="session")
def regions():
    """What a run finds in the image of cells: regions and their tree."""
    return segmented(cells())


@pytest.fixture(scope="session")
def objects():
    """What a run finds in the image of nuclei: three objects."""
    return segmented(nuclei(), n_superpixels=100, objects="bright")


@pytest.fixture
def model():
    """A viewer without a window."""
    from napari.components import ViewerModel

    return ViewerModel()


@pytest.fixture
def state():
    from napari_backprop_segmentation.gui.state import State
    from napari_backprop_segmentation.params.params import Params

    return State(Params())


@pytest.fixture
def chosen(model, state):
    """Add an image to the viewer without a window, and choose it."""
    from napari_backprop_segmentation.gui.input.layers import run_input_of
    from napari_backprop_segmentation.gui.input.run_input import LayerSelection
    from napari_backprop_segmentation.gui.state import Input

    def choose(image, axes="YX", **settings):
        layer = model.add_image(image, **settings)
        state.choose(Input((layer,), run_input_of(LayerSelection((layer,), axes))))
        return layer

    return choose


@pytest.fixture
def shown(model, state):
    """Show a segmentation of the chosen image as the end of a run does; return its layer."""
    from napari_backprop_segmentation.gui.run.ending import settled
    from napari_backprop_segmentation.gui.run.job import Job
    from napari_backprop_segmentation.gui.run.preview import Preview

    def show(segmentation, seconds=1.0):
        # a copy: edits of a layer change the array it was given
        segmentation = copy(segmentation)
        vars(segmentation)["labels"] = segmentation.labels.copy()
        run_input, layers = state.input.run_input, state.input.layers
        state.begin(run_input.name, layers)
        preview = Preview(model, run_input)
        state.form_in(preview.layer)
        state.end(*settled(model, Job(run_input, state.settings, layers), preview, segmentation, seconds))
        state.select(preview.layer)
        return preview.layer

    return show


@pytest.fixture
def widget(viewer, image):
    from napari_backprop_segmentation.gui.widget import BackpropWidget

    viewer.add_image(image, name="cells")
    widget = BackpropWidget(viewer)
    viewer.window.add_dock_widget(widget, name="Backprop Segmentation")
    return widget


@pytest.fixture
def notes():
    """The notifications of napari since the test began, as (severity, message)."""
    from napari.utils.notifications import notification_manager

    found = []

    def listen(notification):
        found.append((str(notification.severity), notification.message))

    notification_manager.notification_ready.connect(listen)
    yield found
    notification_manager.notification_ready.disconnect(listen)

"""One file, driven in a terminal."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

from napari_backprop_segmentation.batch.opened import Opened
from napari_backprop_segmentation.batch.running import steps_of
from napari_backprop_segmentation.batch.summary import understood
from napari_backprop_segmentation.cli.progress import FilesBar, Tally, watch
from napari_backprop_segmentation.cli.signals import Interruption
from napari_backprop_segmentation.pipeline.iteration import total_steps
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


@dataclass(frozen=True)
class Terminal:
    """Whom a run talks to, and who may stop it."""

    quiet: bool
    say: Callable[[str], None]
    interruption: Interruption
    files: FilesBar | None = None
    client: Any = None

    def segment(self, opened: Opened) -> Generator[None, None, Segmentation]:
        """Drive the run of a file; there are no steps to pass on."""
        yield from ()
        job, wanted = opened.job, opened.wanted
        tally = Tally()
        steps = steps_of(opened, progress=tally, client=self.client)  # reads what is drawn, before anything is said
        if self.files is not None:
            self.files.clear()
        self.say(f"{job.image}: {understood(opened.image, opened.axes, opened.spacing, opened.channels)}")
        total = 0 if wanted.model else total_steps(wanted.params, opened.axes, opened.image.pixels.shape)
        told = {"name": job.image.name, "log": job.log, "quiet": self.quiet, "files": self.files}
        return watch(steps, total, self.interruption, **told, tally=tally, kept=opened.unfinished)  # type: ignore[arg-type]


def segment_alone(opened: Opened) -> Generator[None, None, Segmentation]:
    """Drive the run of a file where nobody looks, such as on a worker."""
    return Terminal(True, lambda _: None, Interruption()).segment(opened)

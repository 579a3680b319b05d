"""The run of one file, as it is understood."""

from collections.abc import Generator
from typing import Any

from napari_backprop_segmentation.batch.opened import Opened
from napari_backprop_segmentation.io.files import read_marks, read_strokes
from napari_backprop_segmentation.network.step import Command, Step
from napari_backprop_segmentation.pipeline.run import finish, run
from napari_backprop_segmentation.pipeline.segmentation import Segmentation


def steps_of(opened: Opened, **others: Any) -> Generator[Step, Command | None, Segmentation]:
    """Return the steps of a run; `others` are further arguments of `pipeline.run.run`."""
    job, wanted = opened.job, opened.wanted
    return run(
        opened.image.pixels,
        wanted.params,
        axes=opened.axes,
        spacing=opened.spacing,
        strokes=read_strokes(job.strokes) if job.strokes else None,
        channels=opened.channels,
        model=wanted.model,
        start=wanted.start,
        examples=read_marks(job.examples) if job.examples else None,
        counter_examples=read_marks(job.counter_examples, "counter-examples") if job.counter_examples else None,
        resume=opened.unfinished,
        **others,
    )


def segment_unwatched(opened: Opened) -> Generator[None, None, Segmentation]:
    """Segment a file where nobody looks, such as on a worker; there are no steps to pass on."""
    yield from ()
    return finish(steps_of(opened))

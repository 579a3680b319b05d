"""One file: read, segmented, written."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from napari_backprop_segmentation.cli.jobs import Job, check_room
from napari_backprop_segmentation.cli.progress import Tally, watch
from napari_backprop_segmentation.cli.results import Measured, write_results
from napari_backprop_segmentation.cli.signals import Interruption
from napari_backprop_segmentation.cli.summary import summary, understood, written
from napari_backprop_segmentation.cli.wanted import Wanted
from napari_backprop_segmentation.image.axes import check_axes
from napari_backprop_segmentation.io.files import check_labels_fit, open_image, read_marks, read_strokes
from napari_backprop_segmentation.pipeline.iteration import total_steps
from napari_backprop_segmentation.pipeline.run import run


@dataclass(frozen=True)
class Terminal:
    """Whom a run talks to, and who may stop it."""

    quiet: bool
    say: Callable[[str], None]
    interruption: Interruption


def run_file(job: Job, wanted: Wanted, terminal: Terminal) -> str:
    """Segment a file, and return in a line what was found and written."""
    params, reading = wanted.params, wanted.reading
    image = open_image(job.image, level=reading.level, most_pixels=wanted.most_pixels)
    axes = check_axes(reading.axes or image.axes, image.pixels.shape)
    spacing = reading.spacing or image.calibration.spacing(axes)
    channels = image.channel_numbers(reading.channels)
    check_labels_fit(job.labels, image, axes)
    strokes = read_strokes(job.strokes) if job.strokes else None
    check_room(job, math.prod(image.pixels.shape))
    terminal.say(f"{job.image}: {understood(image, axes, spacing, channels)}")
    tally = Tally()
    steps = run(
        image.pixels,
        params,
        axes=axes,
        spacing=spacing,
        strokes=strokes,
        channels=channels,
        model=wanted.model,
        start=wanted.start,
        progress=tally,
        examples=read_marks(job.examples) if job.examples else None,
        counter_examples=read_marks(job.counter_examples, "counter-examples") if job.counter_examples else None,
    )
    total = 0 if wanted.model else total_steps(params, axes, image.pixels.shape)
    result = watch(
        steps, total, terminal.interruption, name=job.image.name, log=job.log, quiet=terminal.quiet, tally=tally
    )
    image.check_unchanged()
    unit = image.calibration.unit(axes) if reading.spacing is None else ""
    remarks = write_results(job, result, image, Measured(axes, spacing, unit))
    return "; ".join((f"{job.image} -> {written(job, result)}: {summary(result)}", *remarks))

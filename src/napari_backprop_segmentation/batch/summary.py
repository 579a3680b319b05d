"""What is said of a run in the terminal: how a file is understood, what was written, what was found."""

from collections.abc import Sequence

import numpy as np

from napari_backprop_segmentation.batch.jobs import Job
from napari_backprop_segmentation.image.axes import in_words
from napari_backprop_segmentation.image.labels import numbers_in
from napari_backprop_segmentation.io.read import ImageFile
from napari_backprop_segmentation.pipeline.messages import found, other_readings, remarks
from napari_backprop_segmentation.pipeline.segmentation import Segmentation

MOST_REMARKS = 2


def written(job: Job, result: Segmentation) -> str:
    """Return which files were written."""
    names = [str(job.labels), *([str(job.table)] if job.table else [])]
    if job.agreement:
        names.append(str(job.agreement) if result.agreement else "no agreement, as only one run was completed")
    if job.model:
        names.append(str(job.model) if result.model else "no model, as nothing was trained")
    return " and ".join(names)


def understood(image: ImageFile, axes: str, spacing: Sequence[float] | None, channels: Sequence[int] | None) -> str:
    """Return how a file is read, so that a wrong guess is seen before the run and not after it."""
    names = f": {', '.join(image.channels)}" if image.channels else ""
    words = f"{in_words(axes, image.pixels.shape)}{names} (axes {axes})"
    if image.remarks:
        words += f", read with a warning: {'; '.join(image.remarks[:MOST_REMARKS])}"
    if image.n_levels > 1:
        words += f", level {image.level} of a pyramid of {image.n_levels}"
    if channels is not None:
        words += f", of these channels {', '.join(map(str, channels))}"
    if "Z" in axes:
        words += (
            f", pixels of {' x '.join(f'{s:.4g}' for s in spacing)}"
            if spacing
            else ", pixel size unknown: as deep as wide"
        )
    return words


def said(result: Segmentation) -> tuple[str, ...]:
    """Return what else should be known of a result, in clauses."""
    return remarks(int(np.count_nonzero(numbers_in(result.labels))), result.record)


def summary(result: Segmentation) -> str:
    """Return what a run found, in a line."""
    number, record = int(np.count_nonzero(numbers_in(result.labels))), result.record
    facts = (
        f"{found(number, record)}, {record['iterations']} iterations, {record['seconds']:.1f} s, {result.stopped_by}"
    )
    others = other_readings(record)
    return "; ".join((facts, *remarks(number, record), *([f"other readings: {others}"] if others else ())))

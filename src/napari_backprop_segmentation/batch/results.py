"""What is written of a run: labels first, then what is known of them."""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from napari_backprop_segmentation.batch.jobs import Job, forget_unfinished
from napari_backprop_segmentation.image.axes import spatial_axes
from napari_backprop_segmentation.io.files import write_labels
from napari_backprop_segmentation.io.read import ImageFile
from napari_backprop_segmentation.io.record import OTHERS, SOURCE, WITHOUT, checksum_of_bytes
from napari_backprop_segmentation.io.result_model import save_model_of
from napari_backprop_segmentation.io.tables import table_bytes, write_bytes
from napari_backprop_segmentation.io.write import write_agreement
from napari_backprop_segmentation.objects.measure import measure
from napari_backprop_segmentation.pipeline.segmentation import Segmentation

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measured:
    """How a file was understood.

    Attributes
    ----------
    axes : str
    spacing : sequence of float, optional
    unit : str
        Of `spacing`.
    """

    axes: str
    spacing: Sequence[float] | None
    unit: str


def write_results(
    job: Job, result: Segmentation, image: ImageFile, measured: Measured, facts: Mapping[str, Any]
) -> tuple[str, ...]:
    """Write labels, agreement and table of a run.

    Parameters
    ----------
    job : Job
    result : Segmentation
    image : ImageFile
    measured : Measured
    facts : mapping
        What else the record says, in plain values.

    Returns
    -------
    tuple of str
        What had to be left out of the files, in words.

    Raises
    ------
    OutputError
        If the labels, the agreement or the network cannot be written. They are then kept elsewhere; the message says
        where.
    Exception
        Whatever kept the table from being made or written. The labels are there.
    """
    drawn = str(job.strokes) if job.strokes else None
    record: dict[str, Any] = {**result.record, "input": str(job.image), "strokes": drawn}
    for name, path in (("examples", job.examples), ("counter_examples", job.counter_examples)):
        record[f"{name}_file"] = str(path) if path else None
    record["image"] = {"files": [os.path.abspath(job.image)], "level": image.level}
    if job.applied:
        record["model_file"] = os.path.abspath(job.applied)
    table, failure = _table(job, result, image, measured)
    if table is not None:
        record[OTHERS] = {"table": checksum_of_bytes(table)}
    record |= {SOURCE: str(job.image.absolute()), **facts}
    there = {"agreement": result.agreement, "model": result.model}
    record[WITHOUT] = [kind for kind in job.beside if kind in there and there[kind] is None]
    axes = spatial_axes(measured.axes)
    remarks = write_labels(job.labels, result.labels, record, image, axes)
    if job.agreement and result.agreement:
        stable = result.agreement.map(result.record["params"]["detail"])
        write_agreement(job.agreement, stable, record, axes, image.calibration)
    if job.model and result.model:
        save_model_of(job.model, result, record)
    if failure is None and job.table and table is not None:
        write_bytes(job.table, table)
    forget_unfinished(job)
    if failure is not None:
        raise failure
    return remarks


def _table(
    job: Job, result: Segmentation, image: ImageFile, measured: Measured
) -> tuple[bytes | None, Exception | None]:
    """Return the table of the labels, or why there is none: the labels are written all the same."""
    if not job.table:
        return None, None
    try:
        table = measure(result.labels, image.pixels, axes=measured.axes, spacing=measured.spacing, unit=measured.unit)
        return table_bytes(table), None
    except Exception as error:
        logger.debug("no table of %s", job.image, exc_info=True)
        return None, error

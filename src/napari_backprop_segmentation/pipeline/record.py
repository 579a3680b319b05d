"""What is written down of a run: everything needed to repeat it, in plain values."""

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

from napari_backprop_segmentation.image.checksum import pixel_checksum
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.planning import processor
from napari_backprop_segmentation.pipeline.job import Job

PACKAGE = "napari-backprop-segmentation"
RECORDED = (PACKAGE, "torch", "numpy", "scipy", "scikit-image", "higra")


def record_of(job: Job, image: Any) -> dict[str, Any]:
    """Return the record of a run on an image that has ended; how it ended stands in its `Segmentation` already."""
    source, params, plan = job.source, job.recorded, job.less.plan or job.plan
    scaling = source.normaliser
    return {
        "params": params.to_dict(),
        "given": sorted(params.given),
        "kind": job.kind,
        "axes": source.axes,
        "image_shape": list(job.image_shape),
        "image_checksum": pixel_checksum(image),
        "channels": None if source.preparation.channels is None else list(source.preparation.channels),
        "spacing": list(source.spacing),
        "normalisation": {
            "offsets": list(scaling.offsets),
            "spans": list(scaling.spans),
            "bases": list(scaling.bases),
        },
        "binning": source.preparation.binning,
        **_beginning(job),
        "ridges": None if job.ridges is None else job.ridges.record(),
        "crop": None if plan.crop is None else list(plan.crop),
        "device": str(plan.device) if job.learns else "cpu",
        "precision": plan.precision if job.learns else "float32",
        **processor(plan.device),
        "notes": [*job.plan.notes, *job.notes, *job.less.notes],
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in RECORDED} | {"python": platform.python_version()},
    }


def _beginning(job: Job) -> dict[str, Any]:
    """Return what training went on from, if it did: how long that network had been trained."""
    if job.start is None or not job.go_on:
        return {}
    return {"start": job.start.iterations if isinstance(job.start, Model) else job.start.iteration}

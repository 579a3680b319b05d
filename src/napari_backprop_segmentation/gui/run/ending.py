"""How a run ends: with a result in its layer, without one, or with an error; in layers and in words."""

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.notifications import ErrorNotification, notification_manager, show_error

from napari_backprop_segmentation.errors import SegmentationError
from napari_backprop_segmentation.gui import words
from napari_backprop_segmentation.gui.result.consensus import AgreementLayer
from napari_backprop_segmentation.gui.result.layer_result import LayerResult
from napari_backprop_segmentation.gui.run.job import Job
from napari_backprop_segmentation.gui.run.preview import Preview
from napari_backprop_segmentation.gui.state import Phase

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

Ending = tuple[Phase, str, LayerResult | None]


def settled(
    viewer: "Viewer", job: Job, preview: Preview, outcome: "Segmentation | Exception | None", seconds: float
) -> Ending:
    """Settle the preview layer; return how the run ended.

    Parameters
    ----------
    viewer : napari.viewer.Viewer
    job : Job
    preview : Preview
    outcome : Segmentation or Exception, optional
        None after a cancel.
    seconds : float
        How long it took.
    """
    if isinstance(outcome, Exception):
        return Phase.FAILED, _fail(preview, outcome), None
    if preview.lost:
        return Phase.IDLE, words.DELETED, None
    if outcome is None:
        preview.remove()
        return Phase.IDLE, words.CANCELLED, None
    preview.finish(outcome.labels, {**outcome.record, **_seen(job)})
    n_labels = np.count_nonzero(np.bincount(outcome.labels.ravel())[1:])  # much faster than sorting all pixels
    ending = words.done(int(n_labels), seconds, outcome.record)
    ending = f"{ending} {words.hint(int(n_labels), outcome.record, outcome.look is not None)}".rstrip()
    return Phase.DONE, ending, _result(viewer, job, preview, outcome)


def _seen(job: Job) -> dict[str, Any]:
    """Return what is recorded of where pixels and network came from."""
    applied = {} if job.model is None else {"model_file": job.model_file}
    return {"input": job.run_input.name, "image": job.run_input.origin, **applied}


def _result(viewer: "Viewer", job: Job, preview: Preview, outcome: "Segmentation") -> LayerResult:
    agreement = None
    if outcome.agreement is not None and outcome.agreement.in_memory:
        detail = outcome.record["params"]["detail"]
        agreement = AgreementLayer(viewer, job.run_input, outcome.agreement, detail)
    model = outcome.model if job.model is None else job.model
    result = LayerResult(job.run_input, outcome, job.layers, job.params, job.whole, model, agreement)
    result.show_in(preview.layer)
    result.named = preview.named  # whoever has renamed it meanwhile has made it theirs
    return result


def _fail(preview: Preview, error: Exception) -> str:
    """Tell the user of an error; labels that have formed are kept."""
    text = str(error) or type(error).__name__
    if preview.formed and not preview.lost:
        preview.release()
        text += f". The labels formed so far are kept in '{preview.layer.name}'"
    else:
        preview.remove()
    if isinstance(error, SegmentationError):
        show_error(text)
    else:  # a defect of ours: the notification offers the traceback to report
        notification_manager.dispatch(ErrorNotification(error))
    return f"Failed: {text}."

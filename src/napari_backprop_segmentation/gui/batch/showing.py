"""The result of a layer in a Labels layer of its own, as that of a single run. No Qt here."""

from typing import TYPE_CHECKING

from napari.layers import Labels

from napari_backprop_segmentation.batch.entry import Entry
from napari_backprop_segmentation.gui.result.former import Former
from napari_backprop_segmentation.gui.run.ending import settled
from napari_backprop_segmentation.gui.run.job import Job
from napari_backprop_segmentation.gui.run.preview import Preview

if TYPE_CHECKING:
    from napari.viewer import Viewer


def shown(viewer: "Viewer", job: Job, entry: Entry) -> Labels | None:
    """Show the result of an entry, and return its layer; what is selected stays so.

    It takes the place of a former result that nobody has edited, renamed or kept.
    """
    selected = set(viewer.layers.selection)
    former = Former(viewer, job)
    preview = Preview(viewer, job.run_input)
    result = settled(viewer, job, preview, entry.result, entry.seconds or 0.0)[2]
    former.settle(result)
    viewer.layers.selection = {each for each in selected if each in viewer.layers}
    return None if result is None else result.layer

"""Objects of any reading, in an image that does not fit the memory: each window is read by itself."""

from dataclasses import replace

from napari_backprop_segmentation.hierarchy.resized import windowed
from napari_backprop_segmentation.hierarchy.tree import Hierarchy
from napari_backprop_segmentation.image.windows import Windows
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.params.sections import Objects
from napari_backprop_segmentation.pipeline.in_windows import objects_in_windows
from napari_backprop_segmentation.pipeline.job import Job
from napari_backprop_segmentation.pipeline.read_window import Read, read_window
from napari_backprop_segmentation.pipeline.segmentation import Segmentation
from napari_backprop_segmentation.pipeline.written import seen_by


def read_in_windows(job: Job, model: Model, tree: Hierarchy) -> Segmentation:
    """Return the objects of the reading that was taken, numbered from 1, written where they are to go."""
    windows = Windows(job.part.shape[1:])
    rules = Objects.of(job.params)
    inside = replace(rules, drop_border=False)  # the edge of a window cuts off nothing
    common = Read(job if job.work.each is None else job.elsewhere(), seen_by(job, model), windows, inside)
    anywhere = replace(rules, min_object=1)  # sizes were looked at by then

    def item(number: int) -> tuple[int, Hierarchy]:
        return number, windowed(tree, windows.outer[number])

    labels = objects_in_windows(job, windows, anywhere, read_window, common, item=item)
    record = {"regions": "merged", "params": {"reading": job.params.reading}}
    return Segmentation(labels, model, record=record)

"""The real loop in the worker thread: torch is imported here, and nowhere before. No Qt here."""

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from napari_backprop_segmentation.gui.input.run_input import RunInput
from napari_backprop_segmentation.gui.run.process_guards import no_collection, pass_over_new_objects
from napari_backprop_segmentation.gui.run.torch_startup import make_ready_for_torch
from napari_backprop_segmentation.params.params import Params

if TYPE_CHECKING:
    from napari_backprop_segmentation.network.step import Command, Step
    from napari_backprop_segmentation.pipeline.segmentation import Segmentation

Steps = Generator["Step", "Command | None", "Segmentation"]


def real_steps(
    array: Any, run_input: RunInput, params: Params, progress: Callable[[int, int], None], **others: Any
) -> Steps:
    """Run the loop; torch is imported in the thread that asks for the first step.

    Parameters
    ----------
    array : array-like
        What stands for that of `run_input`.
    run_input : RunInput
    params : Params
    progress : callable
    **others
        Further arguments of `run`.
    """
    make_ready_for_torch()
    with no_collection():
        from napari_backprop_segmentation.hierarchy.merge import MergeProcess
        from napari_backprop_segmentation.pipeline.run import run

    pass_over_new_objects()  # torch's
    with MergeProcess() as merge:
        steps = run(
            array,
            params,
            axes=run_input.axes,
            spacing=run_input.spacing,
            channels=run_input.channels,
            merge=merge,
            progress=progress,
            **others,
        )
        return (yield from steps)

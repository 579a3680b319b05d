"""A network as it was at an iteration of its training, made anew: as if training had ended there."""

from collections.abc import Sequence

from napari_backprop_segmentation.image.source import Source
from napari_backprop_segmentation.network.crops import Crops
from napari_backprop_segmentation.network.history import Kept
from napari_backprop_segmentation.network.model import Model
from napari_backprop_segmentation.network.network import give_weights, new_network
from napari_backprop_segmentation.network.planning import Plan
from napari_backprop_segmentation.params.sections import Input, Training


def restored(
    sources: Sequence[Source], training: Training, shown: Input, plan: Plan, kept: Kept, *, taught: bool = False
) -> Model:
    """Return the model that training would have ended with after an iteration that was kept.

    Parameters
    ----------
    sources, training, shown, plan
        Those of the training, see `network.loop.train`.
    kept : Kept
        With its weights.
    taught : bool
        Whether strokes had a part in it.
    """
    first, seen = sources[0], Crops(sources, training, shown, plan, [None] * len(sources)).seen_in(kept.iteration)
    network = new_network(first.shape[0], len(first.shape) - 1, training, shown)
    give_weights(network, kept.weights)
    network.to(plan.device).freeze(seen)
    reason = f"iteration {kept.iteration} of the history"
    return Model(network, training, shown, first.preparation, reason, kept.iteration, taught)

"""What a run does where memory runs out: it lets go of what it holds and goes on with less, once, and says so."""

import logging
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field

from napari_backprop_segmentation.errors import of_memory
from napari_backprop_segmentation.network.allocator import release_cached
from napari_backprop_segmentation.network.planning import Fallback, Plan, smaller_plan
from napari_backprop_segmentation.params.sections import Training

__all__ = ["Less", "Plan"]

logger = logging.getLogger(__name__)


@dataclass
class Less:
    """What was changed during a run because memory had run out.

    Attributes
    ----------
    plan : Plan, optional
        The one under which training goes on; None as long as memory suffices.
    notes : list of str
        What was changed, each a clause without a full stop.
    """

    plan: Plan | None = None
    notes: list[str] = field(default_factory=list)

    def fallback(self, training: Training, spatial: Sequence[int]) -> Fallback:
        """Return what training on an image of some shape asks."""

        def smaller(plan: Plan, error: Exception, iteration: int) -> Plan:
            if self.plan is not None or not of_memory(error):
                raise error
            traceback.clear_frames(error.__traceback__)  # they hold what the failed iteration has computed
            release_cached(plan.device)
            found = smaller_plan(plan, training, spatial)
            if found is None:
                raise error
            self.plan, change = found
            self.note(f"{change} from iteration {iteration} on, as memory ran out", error)
            return self.plan

        return smaller

    def note(self, change: str, error: Exception) -> None:
        """Take note of what is done instead, and say so; raises the error unless it is one of memory."""
        if not of_memory(error):
            raise error
        traceback.clear_frames(error.__traceback__)
        self.notes.append(change)
        logger.warning("this run %s", change)

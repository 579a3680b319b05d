"""How a batch has gone, in words. No Qt here."""

from collections.abc import Sequence

from napari_backprop_segmentation.batch.entry import DONE_BEFORE, Entry, State
from napari_backprop_segmentation.gui.words import sentence


def why(error: BaseException) -> str:
    """Return why a batch cannot be, or has ended."""
    return sentence(str(error) or type(error).__name__)


def in_words(entries: Sequence[Entry], cancelled: bool = False) -> str:
    """Return how a batch has ended.

    Examples
    --------
    >>> in_words([Entry("a", State.DONE), Entry("b", State.FAILED), Entry("c", State.DONE, message=DONE_BEFORE)])
    '2 of 3 images done, of these 1 before; 1 failed, the table says why.'
    >>> in_words([Entry("a", State.DONE), Entry("b")], cancelled=True)
    'Cancelled. 1 of 2 images done; Start goes on from there.'
    """
    done = sum(entry.state is State.DONE for entry in entries)
    before = sum(entry.message == DONE_BEFORE for entry in entries)
    failed = sum(entry.state is State.FAILED for entry in entries)
    if not entries:
        return "Cancelled." if cancelled else ""
    text = f"{done} of {len(entries)} images done"
    text += f", of these {before} before" if before else ""
    text += f"; {failed} failed, the table says why" if failed else ""
    return f"Cancelled. {text}; Start goes on from there." if cancelled else f"{text}."

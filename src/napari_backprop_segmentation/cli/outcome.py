"""How a job ended."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """How one job ended.

    Attributes
    ----------
    message : str
        One line for the user.
    error : bool
        Whether it failed; the others go on.
    signal : int
        The number of the signal that stopped it, 0 if none did; its partial result is kept and no other follows.
    """

    message: str
    error: bool = False
    signal: int = 0

"""How the threads of the numerical libraries behave; must be settled before torch is first imported."""

import os


def share_the_processor() -> None:
    """Let waiting OpenMP threads sleep instead of spin, unless the user has chosen otherwise.

    On an idle machine this costs nothing. Beside any other busy program, a window that draws included, spinning threads
    were measured to make an iteration four to ten times slower. Only the programs (command line, widget) call this;
    importing the package changes nothing.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

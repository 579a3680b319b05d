"""higra, imported in one place: what is not compiled yet raises warnings, which users see from Python 3.12 on.

It takes most of a second, so it is imported where it is needed.
"""

import warnings

with warnings.catch_warnings():
    for kind in (SyntaxWarning, DeprecationWarning):  # the latter before Python 3.12
        warnings.simplefilter("ignore", kind)
    import higra as hg

__all__ = ["hg"]

"""Many images in their turn: which file goes where, what is done already, how each ended; for `cli` and `gui`.

Nothing of a terminal and nothing of Qt may enter, and no torch by itself.
"""

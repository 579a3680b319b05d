"""The command `backprop-segment`.

Nothing of Qt may enter; napari is only opened, in `demo`.
"""

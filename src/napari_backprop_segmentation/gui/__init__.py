"""The only room that knows napari and Qt.

Nothing that computes may enter: that is called.
"""

"""What the user teaches in the window: examples and counter-examples, pointed at in the image.

How they are understood belongs to `teaching`; no training may enter.
"""

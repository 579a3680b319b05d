"""A run seen from the window: worker, controls, progress, preview.

Nothing of finished results may enter.
"""

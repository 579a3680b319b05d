"""What is asked for: settings, their limits and words, presets.

Nothing of arrays, torch or windows may enter.
"""

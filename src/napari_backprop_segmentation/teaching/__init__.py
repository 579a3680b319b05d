"""What the user has shown: examples and counter-examples.

Nothing of windows or files may enter.
"""

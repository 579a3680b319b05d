"""What will be segmented: from layers, axes, regions of interest to a `RunInput`.

Nothing of a run or a result may enter.
"""

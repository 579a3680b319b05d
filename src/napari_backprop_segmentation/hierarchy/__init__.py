"""From small regions to a merge tree, its cuts, classes, consensus and linking through time and depth.

Nothing of objects or files may enter.
"""

"""What is counted: objects among the nodes of trees, split, measured.

Nothing that trains, reads files or shows may enter.
"""

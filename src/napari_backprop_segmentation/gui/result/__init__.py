"""Work on finished results: detail, corrections, tables, applying a model.

Nothing that trains may enter.
"""

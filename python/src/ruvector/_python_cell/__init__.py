"""Python side of `%%python` cells of the TypeScript notebook kernel.

Needs the standard library only; pyarrow, numpy, pandas, polars and matplotlib are used when a cell
uses them. The kernel starts it by its path: it runs in any Python, with or without `ruvector`.
"""

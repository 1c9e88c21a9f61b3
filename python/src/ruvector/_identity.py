"""Who this package is. Read as text by others, before anything is imported: keep it to plain assignments.

On PyPI "ruvector" is another project with the same import name.
"""

DISTRIBUTION = "ruvector-memopt"
VERSION = "0.1.0"

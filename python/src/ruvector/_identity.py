"""Who this package is. Others read it as text, without importing: plain assignments only.

On PyPI "ruvector" is another project with the same import name.
"""

DISTRIBUTION = "ruvector-memopt"
VERSION = "0.1.0"

"""Python side of ruvector-memopt."""

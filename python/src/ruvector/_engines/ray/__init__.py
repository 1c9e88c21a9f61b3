"""``engine="ray"``: a fit on the workers of a Ray cluster, a search over its processors.

Ray Data streams the files, Ray Train runs the workers and starts them again, Ray Tune the trials.
No door: workers import the little that each of them needs.
"""
